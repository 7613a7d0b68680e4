/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of spec/ share: JSON out of literals and out of files of the tree, and input that ends too
 * early. */
#ifndef CNM_TESTS_SPEC_SUPPORT_H
#define CNM_TESTS_SPEC_SUPPORT_H

#include <json-c/json.h>
#include <stddef.h>

struct cnm_error;

/* Each fails the test when the text is not JSON. The caller owns what is returned. */
json_object *cnm_test_json(const char *text);
/* `path` counts from the root of the source tree. */
json_object *cnm_test_json_file(const char *path);
/* The object of each line, as an array. */
json_object *cnm_test_json_lines(const char *path);

/* Fails the test unless both mean the same; the order of members does not count. */
void cnm_test_json_equal(json_object *got, json_object *want, const char *where);
void cnm_test_json_equal_text(json_object *got, const char *want, const char *where);

/* A configuration of network "web" in the newest version, whose further members are `members` ("\"mtu\":5";
 * "": none). */
struct cnm_cni_config;
void cnm_test_cni_config(struct cnm_cni_config *ret, const char *members);

/* One line that is not empty. */
void cnm_test_error_line(const char *text, const char *where);

/* A parser that frees what it made; -1 with its text in *err, or 0. */
typedef int (*cnm_test_parser)(const char *text, size_t len, struct cnm_error *err);

/* Gives the parser each proper prefix of the text, in memory that ends where it ends, then the whole: only
 * that is accepted. The text ends with '}' or the like, so that no prefix means the same. */
void cnm_test_truncate(cnm_test_parser parse, const char *text);
/* Replaces each byte in turn by each of a few that hurt. Whatever the parser says is right, but an error has
 * a line of text. */
void cnm_test_mutate(cnm_test_parser parse, const char *text);

#endif
