/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recursive-descent reader of RFC 8259 that keeps nothing but the keys of the objects it is inside
 * of. Invariant: `pos` is the first byte not yet accepted, so a failure there is where the fault is.
 *
 * Stricter than the RFC where json-c would change the meaning silently: integers past 64 bits (it
 * clamps them), halves of surrogate pairs (it replaces them), U+0000 in a key (it cuts the key).
 */
#include "cnm/base/json_scan.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/base/json.h"
#include "cnm/base/utf8.h"

struct key {
	const char *text; /* unescaped, in scan.arena */
	size_t len;
	size_t pos; /* of its opening quote */
};

struct scan {
	const char *text;
	size_t len;
	size_t pos;
	unsigned depth;
	char *arena; /* as long as the input: unescaping never lengthens */
	size_t arena_used;
	struct key *keys; /* of all open objects, outermost first */
	size_t key_count;
	size_t key_cap;
	struct cnm_error *err;
};

static int scan_value(struct scan *s);

static int wrap_at(const struct scan *s, size_t pos)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < pos; i++) {
		if (s->text[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)s->text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	return cnm_wrap(s->err, "line %zu, column %zu", line, column);
}

static int fail_here(const struct scan *s, const char *reason)
{
	if (s->pos >= s->len)
		reason = "unexpected end of the text";
	cnm_fail(s->err, CNM_E_PARSE, "%s", reason);
	return wrap_at(s, s->pos);
}

static bool at(const struct scan *s, char c)
{
	return s->pos < s->len && s->text[s->pos] == c;
}

static bool accept(struct scan *s, char c)
{
	if (!at(s, c))
		return false;
	s->pos++;
	return true;
}

static void skip_blanks(struct scan *s)
{
	while (at(s, ' ') || at(s, '\t') || at(s, '\n') || at(s, '\r'))
		s->pos++;
}

/* Reads "\uXXXX" at pos into *ret. */
static int scan_unit(struct scan *s, uint32_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t unit = 0;

	if (!accept(s, '\\') || !accept(s, 'u'))
		return fail_here(s, "half of a surrogate pair");
	for (int i = 0; i < 4; i++) {
		char c = s->pos < s->len ? s->text[s->pos] : '\0';
		const char *digit = memchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c, 16);

		if (!digit)
			return fail_here(s, "malformed escape");
		unit = unit << 4 | (uint32_t)(digit - digits);
		s->pos++;
	}
	*ret = unit;
	return 0;
}

static size_t put_utf8(char *out, uint32_t c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = n; i > 1; i--) {
		out[i - 1] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	out[0] = (char)(lead[n] | c);
	return n;
}

/* An escape, at its backslash. The character goes to out (room for 4); *ret is its length. */
static int scan_escape(struct scan *s, char *out, size_t *ret)
{
	static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	char c = s->pos + 1 < s->len ? s->text[s->pos + 1] : '\0';
	const char *name = memchr(names, c, sizeof(names) - 1);
	uint32_t unit = 0, low = 0;

	if (name) {
		s->pos += 2;
		*out = meant[name - names];
		*ret = 1;
		return 0;
	}
	if (c != 'u') {
		s->pos++;
		return fail_here(s, "malformed escape");
	}
	if (scan_unit(s, &unit) < 0)
		return -1;
	if (unit >= 0xdc00 && unit <= 0xdfff)
		return fail_here(s, "half of a surrogate pair");
	if (unit >= 0xd800 && unit <= 0xdbff) {
		if (scan_unit(s, &low) < 0)
			return -1;
		if (low < 0xdc00 || low > 0xdfff)
			return fail_here(s, "half of a surrogate pair");
		unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	}
	*ret = put_utf8(out, unit);
	return 0;
}

/* A string; with `key` set, its unescaped text is kept in the arena. */
static int scan_string(struct scan *s, struct key *key)
{
	size_t start = s->pos, used = s->arena_used;

	if (!accept(s, '"'))
		return fail_here(s, "expected a string in double quotes");
	while (!accept(s, '"')) {
		size_t n = cnm_utf8_length(s->text + s->pos, s->len - s->pos);
		char c[4];

		if (n == 0)
			return fail_here(s, "malformed UTF-8");
		if ((unsigned char)s->text[s->pos] < 0x20)
			return fail_here(s, "control character in a string");
		if (at(s, '\\')) {
			if (scan_escape(s, c, &n) < 0)
				return -1;
		} else {
			memcpy(c, s->text + s->pos, n);
			s->pos += n;
		}
		if (!key)
			continue;
		if (c[0] == '\0')
			return fail_here(s, "NUL in a key");
		memcpy(s->arena + used, c, n);
		used += n;
	}
	if (key) {
		*key = (struct key){s->arena + s->arena_used, used - s->arena_used, start};
		s->arena_used = used;
	}
	return 0;
}

static size_t skip_digits(struct scan *s)
{
	size_t start = s->pos;

	while (s->pos < s->len && s->text[s->pos] >= '0' && s->text[s->pos] <= '9')
		s->pos++;
	return s->pos - start;
}

static bool fits_64_bits(const char *text, size_t len)
{
	char digits[24]; /* "-9223372036854775808", "18446744073709551615" */

	if (len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	errno = 0;
	if (digits[0] == '-')
		strtoll(digits, NULL, 10);
	else
		strtoull(digits, NULL, 10);
	return errno == 0;
}

static int scan_number(struct scan *s)
{
	size_t start = s->pos;
	bool integer = true;

	accept(s, '-');
	if (!accept(s, '0') && skip_digits(s) == 0)
		return fail_here(s, start == s->pos ? "expected a value" : "malformed number");
	if (accept(s, '.')) {
		integer = false;
		if (skip_digits(s) == 0)
			return fail_here(s, "malformed number");
	}
	if (accept(s, 'e') || accept(s, 'E')) {
		integer = false;
		if (!accept(s, '+'))
			accept(s, '-');
		if (skip_digits(s) == 0)
			return fail_here(s, "malformed number");
	}
	if (integer && !fits_64_bits(s->text + start, s->pos - start)) {
		cnm_fail(s->err, CNM_E_PARSE, "the integer does not fit 64 bits");
		return wrap_at(s, start);
	}
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	size_t common = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->text, y->text, common);

	if (order == 0)
		order = (x->len > y->len) - (x->len < y->len);
	return order ? order : (x->pos > y->pos) - (x->pos < y->pos);
}

/* The keys from `base` up are those of one object: reports the first that repeats another. Sorting,
 * because an object of 200,000 keys fits the size limit. */
static int check_duplicates(struct scan *s, size_t base)
{
	const struct key *found = NULL;

	qsort(s->keys + base, s->key_count - base, sizeof(*s->keys), compare_keys);
	for (size_t i = base + 1; i < s->key_count; i++) {
		const struct key *a = &s->keys[i - 1], *b = &s->keys[i];
		bool same = a->len == b->len && memcmp(a->text, b->text, a->len) == 0;

		if (same && (!found || b->pos < found->pos))
			found = b;
	}
	if (!found)
		return 0;
	cnm_fail(s->err, CNM_E_PARSE, "duplicate key \"%.*s\"", (int)found->len, found->text);
	return wrap_at(s, found->pos);
}

static int scan_key(struct scan *s)
{
	if (s->key_count == s->key_cap) {
		size_t cap = s->key_cap ? s->key_cap * 2 : 64;
		struct key *keys = reallocarray(s->keys, cap, sizeof(*keys));

		if (!keys)
			return cnm_fail_nomem(s->err);
		s->keys = keys;
		s->key_cap = cap;
	}
	if (!at(s, '"'))
		return fail_here(s, "expected a key in double quotes");
	if (scan_string(s, &s->keys[s->key_count]) < 0)
		return -1;
	s->key_count++;
	return 0;
}

static int scan_object(struct scan *s)
{
	size_t base = s->key_count, arena_used = s->arena_used;

	skip_blanks(s);
	if (accept(s, '}'))
		return 0;
	do {
		skip_blanks(s);
		if (scan_key(s) < 0)
			return -1;
		skip_blanks(s);
		if (!accept(s, ':'))
			return fail_here(s, "expected ':'");
		if (scan_value(s) < 0)
			return -1;
	} while (accept(s, ','));
	if (!accept(s, '}'))
		return fail_here(s, "expected ',' or '}'");
	if (check_duplicates(s, base) < 0)
		return -1;
	s->key_count = base;
	s->arena_used = arena_used;
	return 0;
}

static int scan_array(struct scan *s)
{
	skip_blanks(s);
	if (accept(s, ']'))
		return 0;
	do {
		if (scan_value(s) < 0)
			return -1;
	} while (accept(s, ','));
	return accept(s, ']') ? 0 : fail_here(s, "expected ',' or ']'");
}

static int scan_nested(struct scan *s)
{
	bool object = at(s, '{');
	int result;

	if (s->depth == CNM_JSON_DEPTH)
		return fail_here(s, "nested too deep");
	s->depth++;
	s->pos++;
	result = object ? scan_object(s) : scan_array(s);
	s->depth--;
	return result;
}

static int scan_word(struct scan *s)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < CNM_ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i]);

		if (s->len - s->pos >= n && memcmp(s->text + s->pos, words[i], n) == 0) {
			s->pos += n;
			return 0;
		}
	}
	return scan_number(s);
}

/* A value and the blanks around it. */
static int scan_value(struct scan *s)
{
	int result;

	skip_blanks(s);
	if (at(s, '{') || at(s, '['))
		result = scan_nested(s);
	else if (at(s, '"'))
		result = scan_string(s, NULL);
	else
		result = scan_word(s);
	skip_blanks(s);
	return result;
}

int cnm_json_scan(const char *text, size_t len, struct cnm_error *err)
{
	_cleanup_free_ char *arena = malloc(len + 1);
	struct scan s = {.text = text, .len = len, .arena = arena, .err = err};
	int result;

	if (!arena)
		return cnm_fail_nomem(err);
	result = scan_value(&s);
	if (result == 0 && s.pos < len)
		result = fail_here(&s, "unexpected text behind the value");
	free(s.keys);
	return result;
}
