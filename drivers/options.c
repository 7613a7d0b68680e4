/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Driver options: spellings, types and defaults as a table. */
#include "drivers/options.h"
#include "cnm/base/addr.h"
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/names.h"
#include <errno.h>
#include <string.h>
#include <strings.h>

static const struct cnm_option_rule *find_rule(const struct cnm_option_rule *rules, size_t count,
                                               const char *key)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(rules[i].name, key) == 0 || (rules[i].alias && strcmp(rules[i].alias, key) == 0))
			return &rules[i];
	return NULL;
}

static int fail_unknown(const struct cnm_option_rule *rules, size_t count, const char *key,
                        struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf known = CNM_BUF_INIT(2048);
	size_t i;

	for (i = 0; i < count; i++)
		cnm_buf_printf(&known, "%s%s", i ? ", " : "",
		               rules[i].alias ? rules[i].alias : rules[i].name);
	return cnm_fail(err, CNM_E_INVALID, "unknown option \"%s\" (there are: %s)", key,
	                cnm_buf_text(&known));
}

/* strconv.ParseBool's words, which Docker's options follow. */
static const char *parse_bool(const char *value)
{
	static const char *const yes[] = {"1", "t", "true", "yes", "on"};
	static const char *const no[] = {"0", "f", "false", "no", "off"};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(yes); i++) {
		if (strcasecmp(value, yes[i]) == 0)
			return "true";
		if (strcasecmp(value, no[i]) == 0)
			return "false";
	}
	return NULL;
}

static int check_uint(const struct cnm_option_rule *rule, const char *value, struct cnm_error *err)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end || errno || number < rule->min || number > rule->max)
		return cnm_fail(err, CNM_E_INVALID, "option %s: \"%s\" is not a number from %lu to %lu",
		                rule->name, value, rule->min, rule->max);
	return 0;
}

static bool is_word(const char *words, const char *word, size_t len)
{
	const char *at = words;

	while (*at) {
		size_t n = strcspn(at, " ");

		if (n == len && strncmp(at, word, n) == 0)
			return true;
		at += n + strspn(at + n, " ");
	}
	return false;
}

static int check_words(const struct cnm_option_rule *rule, const char *value, struct cnm_error *err)
{
	const char *at = value;

	for (;;) {
		size_t n = strcspn(at, ",");

		if (!is_word(rule->words, at, n))
			return cnm_fail(err, CNM_E_INVALID, "option %s: \"%.*s\" is not one of: %s",
			                rule->name, (int)n, at, rule->words);
		if (!at[n])
			return 0;
		at += n + 1;
	}
}

static int check_value(const struct cnm_option_rule *rule, const char **value, struct cnm_error *err)
{
	const char *text = *value;
	struct cnm_addr addr;

	switch (rule->type) {
	case CNM_OPTION_BOOL:
		*value = parse_bool(text);
		return *value ? 0
		              : cnm_fail(err, CNM_E_INVALID, "option %s: \"%s\" is neither true nor false",
		                         rule->name, text);
	case CNM_OPTION_UINT:
		return check_uint(rule, text, err);
	case CNM_OPTION_IFNAME:
		return cnm_ifname_check(text, err) < 0 ? cnm_wrap(err, "option %s", rule->name) : 0;
	case CNM_OPTION_WORDS:
		return check_words(rule, text, err);
	case CNM_OPTION_WORD:
		if (is_word(rule->words, text, strlen(text)))
			return 0;
		return cnm_fail(err, CNM_E_INVALID, "option %s: \"%s\" is not one of: %s", rule->name, text,
		                rule->words);
	case CNM_OPTION_ADDRESS:
		return cnm_addr_parse(&addr, text, err) < 0 ? cnm_wrap(err, "option %s", rule->name) : 0;
	}
	return 0;
}

int cnm_options_normalise(struct cnm_kvs *options, const struct cnm_option_rule *rules, size_t rule_count,
                          struct cnm_error *err)
{
	_cleanup_kvs_ struct cnm_kvs done = {0};
	struct cnm_kvs old;
	size_t i;

	for (i = 0; i < options->count; i++) {
		const char *key = options->items[i].key, *value = options->items[i].value;
		const struct cnm_option_rule *rule = find_rule(rules, rule_count, key);

		if (!rule)
			return fail_unknown(rules, rule_count, key, err);
		if (check_value(rule, &value, err) < 0)
			return -1;
		if (cnm_kvs_get(&done, rule->name))
			return cnm_fail(err, CNM_E_INVALID, "option %s is given twice", rule->name);
		if (cnm_kvs_set(&done, rule->name, value, err) < 0)
			return -1;
	}
	old = *options;
	*options = done;
	done = old;
	return 0;
}

bool cnm_options_bool(const struct cnm_kvs *options, const char *name, bool fallback)
{
	const char *value = cnm_kvs_get(options, name);

	return value ? strcmp(value, "true") == 0 : fallback;
}

unsigned long cnm_options_uint(const struct cnm_kvs *options, const char *name, unsigned long fallback)
{
	const char *value = cnm_kvs_get(options, name);

	return value ? strtoul(value, NULL, 10) : fallback;
}
