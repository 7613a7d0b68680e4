/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What suites share: namespaces of their own, roots of their own, and running a program to its end.
 *
 * Every test is a process of its own, so what a test enters it need not leave; what it makes in the
 * file system it removes in its .fini. A failing helper fails the test.
 */
#ifndef CNM_TESTS_SUPPORT_H
#define CNM_TESTS_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>

/* A new network namespace with its loopback up. /sys/class/net still shows the old one (sysfs is bound when it is mounted). */
void cnm_test_netns_enter(void);
/* A new mount namespace whose mounts reach nobody else, with an empty /run. */
void cnm_test_mounts_enter(void);

struct cnm_test_roots {
	char base[64]; /* holds both, and whatever else the test wants removed */
	char root[80];
	char state[80];
};

/* Makes base (mode 0700, under /tmp); root and state are names in it that do not exist yet. */
void cnm_test_roots_make(struct cnm_test_roots *roots);
/* Removes base with all that is in it, after detaching what is mounted below it. Harmless when nothing was made. */
void cnm_test_roots_remove(struct cnm_test_roots *roots);
/* Removes a tree without following links. */
void cnm_test_tree_remove(const char *path);

/* The executable of this build: $CNM, else `cnm` beside the folder of the test program. */
const char *cnm_test_program(void);
/* The source tree this test was compiled from. */
const char *cnm_test_source(void);

struct cnm_test_output {
	int status; /* exit status; 128 + signal when killed */
	char *out;  /* standard output, ends in NUL */
	size_t out_len;
	char *err; /* standard error */
	size_t err_len;
};

/* Runs argv[0] (searched in PATH) with `input` (NULL: nothing) on its standard input, until it ends. */
void cnm_test_run(char *const argv[], const char *input, struct cnm_test_output *ret);
/* The same with a formatted line for /bin/sh. Returns the exit status; ret may be NULL. */
int cnm_test_shell(struct cnm_test_output *ret, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
void cnm_test_output_free(struct cnm_test_output *output);

/* The whole file as text, freed by the caller; NULL when it cannot be read. */
char *cnm_test_file_read(const char *path);
/* True when `path` exists (a link counts as itself). */
bool cnm_test_path_exists(const char *path);

#endif
