/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One attachment in an argument, a list of them in an annotation. */
#include "spec/attach_arg.h"
#include "cnm/base/addr.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "spec/grammar.h"
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

static int set_once(char **slot, const char *value, struct cnm_error *err)
{
	if (*slot)
		return cnm_fail(err, CNM_E_INVALID, "given twice");
	*slot = strdup(value);
	return *slot ? 0 : cnm_fail_nomem(err);
}

static int set_address(struct cnm_attach_arg *arg, const char *value, int family, struct cnm_error *err)
{
	struct cnm_addr addr, other;
	char text[CNM_ADDR_TEXT_MAX];

	if (cnm_addr_parse(&addr, value, err) < 0)
		return -1;
	if (addr.family != family) {
		return cnm_fail(err, CNM_E_INVALID, "%s is not an IPv%c address", value,
		                family == AF_INET ? '4' : '6');
	}
	for (size_t i = 0; i < arg->addresses.count; i++) {
		if (cnm_addr_parse(&other, arg->addresses.items[i], err) < 0)
			return -1;
		if (other.family == family)
			return cnm_fail(err, CNM_E_INVALID, "given twice");
	}
	return cnm_strings_add(&arg->addresses, cnm_addr_format(&addr, text), err);
}

static int set_ip(struct cnm_attach_arg *arg, const char *value, struct cnm_error *err)
{
	return set_address(arg, value, AF_INET, err);
}

static int set_ip6(struct cnm_attach_arg *arg, const char *value, struct cnm_error *err)
{
	return set_address(arg, value, AF_INET6, err);
}

static int set_mac(struct cnm_attach_arg *arg, const char *value, struct cnm_error *err)
{
	struct cnm_mac mac;
	char text[CNM_MAC_TEXT_MAX];

	if (cnm_mac_parse(&mac, value, err) < 0)
		return -1;
	return set_once(&arg->mac, cnm_mac_format(&mac, text), err);
}

static int set_ifname(struct cnm_attach_arg *arg, const char *value, struct cnm_error *err)
{
	if (!cnm_grammar_is_ifname(value))
		return cnm_fail(err, CNM_E_INVALID, "\"%s\" is not an interface name", value);
	return set_once(&arg->ifname, value, err);
}

static int add_alias(struct cnm_attach_arg *arg, const char *value, struct cnm_error *err)
{
	if (!cnm_grammar_is_hostname(value))
		return cnm_fail(err, CNM_E_INVALID, "\"%s\" is not a host name", value);
	if (cnm_strings_contain(&arg->aliases, value))
		return cnm_fail(err, CNM_E_INVALID, "%s is given twice", value);
	return cnm_strings_add(&arg->aliases, value, err);
}

static int set_priority(struct cnm_attach_arg *arg, const char *value, struct cnm_error *err)
{
	const char *digits = *value == '-' ? value + 1 : value;
	long number;

	errno = 0;
	number = strtol(value, NULL, 10);
	if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0' || errno != 0 ||
	    number < INT_MIN || number > INT_MAX)
		return cnm_fail(err, CNM_E_INVALID, "\"%s\" is not an integer", value);
	if (arg->gateway_priority_given)
		return cnm_fail(err, CNM_E_INVALID, "given twice");
	arg->gateway_priority_given = true;
	arg->gateway_priority = (int)number;
	return 0;
}

static const struct {
	const char *key;
	int (*set)(struct cnm_attach_arg *arg, const char *value, struct cnm_error *err);
} options[] = {
        {"ip", set_ip},         {"ip6", set_ip6},     {"mac", set_mac},
        {"ifname", set_ifname}, {"alias", add_alias}, {"gw-priority", set_priority},
};

static int apply_option(struct cnm_attach_arg *arg, const char *text, struct cnm_error *err)
{
	const char *equals = strchrnul(text, '=');
	int key_len = (int)(equals - text);

	if (*text == '\0')
		return cnm_fail(err, CNM_E_INVALID, "empty option");
	for (size_t i = 0; i < CNM_ARRAY_SIZE(options); i++) {
		if (strlen(options[i].key) != (size_t)key_len || memcmp(options[i].key, text, key_len) != 0)
			continue;
		if (*equals == '\0' || equals[1] == '\0')
			return cnm_fail(err, CNM_E_INVALID, "option %s: no value", options[i].key);
		if (options[i].set(arg, equals + 1, err) < 0)
			return cnm_wrap(err, "option %s", options[i].key);
		return 0;
	}
	return cnm_fail(err, CNM_E_INVALID,
	                "unknown option \"%.*s\" (there are ip, ip6, mac, ifname, alias, gw-priority)",
	                key_len, text);
}

static int begin_attachment(struct cnm_attach_list *list, const char *name, struct cnm_error *err)
{
	struct cnm_attach_arg *items;
	char *copy;

	if (*name == '\0')
		return cnm_fail(err, CNM_E_INVALID, "no network name");
	if (!cnm_grammar_is_name(name))
		return cnm_fail(err, CNM_E_INVALID, "\"%s\" is not a network name", name);
	copy = strdup(name);
	if (!copy)
		return cnm_fail_nomem(err);
	items = reallocarray(list->items, list->count + 1, sizeof(*items));
	if (!items) {
		free(copy);
		return cnm_fail_nomem(err);
	}
	list->items = items;
	items[list->count++] = (struct cnm_attach_arg){.network = copy};
	return 0;
}

/* One item between commas; `first` is the list's length before its text began. It is cut up in place. */
static int add_item(struct cnm_attach_list *list, size_t first, char *item, struct cnm_error *err)
{
	char *mark = strpbrk(item, ":=");

	if (mark && *mark == '=') {
		if (list->count == first)
			return cnm_fail(err, CNM_E_INVALID, "no network name");
		return apply_option(&list->items[list->count - 1], item, err);
	}
	if (mark)
		*mark = '\0';
	if (begin_attachment(list, item, err) < 0)
		return -1;
	return mark ? apply_option(&list->items[list->count - 1], mark + 1, err) : 0;
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	text[len] = '\0';
	return text;
}

static void free_arg(struct cnm_attach_arg *arg)
{
	free(arg->network);
	free(arg->mac);
	free(arg->ifname);
	cnm_strings_free(&arg->addresses);
	cnm_strings_free(&arg->aliases);
}

static int add_items(struct cnm_attach_list *list, const char *text, bool many, struct cnm_error *err)
{
	_cleanup_free_ char *copy = strdup(text);
	size_t first = list->count;
	int result = 0;
	char *next = copy;

	if (!copy)
		return cnm_fail_nomem(err);
	while (result == 0 && next) {
		char *item = strsep(&next, ",");

		result = add_item(list, first, many ? trim(item) : item, err);
		if (result == 0 && !many && list->count > first + 1) {
			result = cnm_fail(err, CNM_E_INVALID, "unknown option \"%s\"",
			                  list->items[first + 1].network);
		}
	}
	if (result == 0)
		return 0;
	while (list->count > first)
		free_arg(&list->items[--list->count]);
	return cnm_wrap(err, "\"%.200s\"", text);
}

int cnm_attach_list_add(struct cnm_attach_list *list, const char *text, struct cnm_error *err)
{
	return add_items(list, text, false, err);
}

int cnm_attach_list_parse(struct cnm_attach_list *list, const char *text, struct cnm_error *err)
{
	return add_items(list, text, true, err);
}

void cnm_attach_list_free(struct cnm_attach_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++)
		free_arg(&list->items[i]);
	free(list->items);
	*list = (struct cnm_attach_list){0};
}
