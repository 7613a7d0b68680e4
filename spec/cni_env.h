/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CNI_* environment of a plugin call, checked as the specification says (1.1.0, section 2,
 * "Parameters"). The strings come from the caller: nothing here reads the environment.
 */
#ifndef CNM_SPEC_CNI_ENV_H
#define CNM_SPEC_CNI_ENV_H

#include "cnm/base/list.h"
#include "spec/cni_error.h"
#include "spec/cni_version.h"
#include "spec/strings.h"
#include <stdbool.h>

/* As getenv gives them; NULL and "" are both "not set". */
struct cnm_cni_env_strings {
	const char *command;        /* CNI_COMMAND */
	const char *container;      /* CNI_CONTAINERID */
	const char *netns;          /* CNI_NETNS */
	const char *ifname;         /* CNI_IFNAME */
	const char *args;           /* CNI_ARGS */
	const char *path;           /* CNI_PATH */
	const char *netns_override; /* CNI_NETNS_OVERRIDE */
};

/* CNI_ARGS. A value that args.cni or runtimeConfig gives too goes before these (CONVENTIONS.md). */
struct cnm_cni_args {
	struct cnm_strings ips; /* IP: addresses, each with or without prefix; a comma separates several */
	struct cnm_strings gateways; /* GATEWAY: addresses */
	char *mac;                   /* MAC; NULL: not given */
	struct cnm_kvs k8s;          /* K8S_*: keys as they came */
};

struct cnm_cni_env {
	enum cnm_cni_command command;
	/* Borrowed from the strings; NULL when not set or (VERSION, STATUS, GC) without a meaning. */
	const char *container;
	const char *netns;
	const char *ifname;
	const char *path;
	bool netns_override;      /* the plugin's own namespace is allowed */
	struct cnm_cni_args args; /* parsed for ADD and CHECK only: bad arguments must not fail a DEL */
};

/* Errors are code 4 and name the variable. Required: ADD and CHECK container, netns, ifname; DEL container
 * and ifname; GC path. Without a command: code 4 (the caller prints the banner before it asks). On failure
 * nothing is to be freed. */
int cnm_cni_env_parse(struct cnm_cni_env *ret, const struct cnm_cni_env_strings *strings,
                      struct cnm_cni_error *err);
void cnm_cni_env_free(struct cnm_cni_env *env);
#define _cleanup_cni_env_ __attribute__((cleanup(cnm_cni_env_free)))

/* "K=V;K=V": keys with their case; the last of a repeated key counts; an unknown key is an error unless
 * IgnoreUnknown is 1 or true; an empty IP, GATEWAY or MAC is as if absent. NULL or "": no arguments. */
int cnm_cni_args_parse(struct cnm_cni_args *ret, const char *text, struct cnm_cni_error *err);
void cnm_cni_args_free(struct cnm_cni_args *args);

#endif
