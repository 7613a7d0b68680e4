/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reference's `tuning`: sysctls of the container's network namespace, and properties of its interface. What was there before is
 * written down first; a failed ADD and the DEL put it back.
 */
#include "hook/cni_tuning.h"
#include "cnm/base/cleanup.h"
#include "cnm/sandbox_net.h"
#include "cnm/sys/sysctl.h"
#include "spec/cni_plugin.h"
#include <stdio.h>
#include <string.h>

#define VALUE_MAX 1024

/* The work of one verb inside the namespace. */
struct work {
	const struct cnm_cni_call *call;
	struct cnm_cni_settings want;   /* what the configuration asks for */
	struct cnm_cni_settings before; /* of what it changes */
	struct cnm_cni_backup backup;
	bool keep_shared; /* sysctls of the whole namespace stay */
};

static void work_free(struct work *work)
{
	cnm_kvs_free(&work->want.sysctl);
	cnm_kvs_free(&work->before.sysctl);
	cnm_cni_backup_close(&work->backup);
}

static void work_init(struct work *work, const struct cnm_cni_call *call)
{
	struct cnm_link_tuning none = CNM_LINK_TUNING_NONE;

	*work = (struct work){.call = call, .backup = CNM_CNI_BACKUP_INIT};
	work->want.link = work->before.link = none;
}

/* sysctl(8)'s other spelling, in which slashes part and dots belong to names: the first of both says which one a key has. A dot in a name could not
 * be told from a separator afterwards. */
static int unslash(struct cnm_kvs *sysctls, struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < sysctls->count; i++) {
		char *at = sysctls->items[i].key + strcspn(sysctls->items[i].key, "./");

		if (*at != '/')
			continue;
		if (strchr(at, '.'))
			return cnm_fail(err, CNM_E_INVALID,
			                "sysctl \"%s\": a name with a dot in it is written IFNAME",
			                sysctls->items[i].key);
		for (; *at; at++)
			if (*at == '/')
				*at = '.';
	}
	return 0;
}

static int fill_want(struct work *work, struct cnm_cni_tuning *tuning, struct cnm_error *err)
{
	const char *mac = cnm_cni_requested_mac(work->call->config, &work->call->env->args);
	struct cnm_link_tuning *link = &work->want.link;
	char path[256];
	size_t i;

	if (!mac)
		mac = tuning->mac;
	if (mac && cnm_mac_parse(&link->mac, mac, err) < 0)
		return -1;
	link->mtu = (unsigned)tuning->mtu;
	link->promisc = tuning->promisc;
	link->allmulti = tuning->allmulti;
	link->txqlen = tuning->txqlen;
	if (unslash(&tuning->sysctl, err) < 0)
		return -1;
	for (i = 0; i < tuning->sysctl.count; i++)
		if (cnm_sysctl_path(tuning->sysctl.items[i].key, work->call->env->ifname, path, sizeof(path),
		                    err) < 0)
			return -1;
	work->want.sysctl = tuning->sysctl;
	tuning->sysctl = (struct cnm_kvs){0};
	return 0;
}

static int read_want(struct work *work, struct cnm_cni_error *err)
{
	_cleanup_cni_tuning_ struct cnm_cni_tuning tuning = {0};
	struct cnm_error plain = CNM_ERROR_INIT;

	if (cnm_cni_tuning_parse(&tuning, work->call->config, err) < 0)
		return -1;
	if (fill_want(work, &tuning, &plain) == 0)
		return 0;
	cnm_wrap(&plain, "network %s", work->call->config->name);
	return cnm_cni_fail_from(err, CNM_CNI_E_CONFIG, &plain);
}

static bool tunes_link(const struct cnm_link_tuning *link)
{
	return cnm_mac_is_set(&link->mac) || link->mtu || link->promisc >= 0 || link->allmulti >= 0 ||
	       link->txqlen >= 0;
}

static bool is_empty(const struct cnm_cni_settings *settings)
{
	return !tunes_link(&settings->link) && settings->sysctl.count == 0;
}

static int read_sysctl(const struct work *work, const char *key, char *value, struct cnm_error *err)
{
	char path[256];

	if (cnm_sysctl_path(key, work->call->env->ifname, path, sizeof(path), err) < 0)
		return -1;
	return cnm_sysctl_read(path, value, VALUE_MAX, err);
}

static int write_sysctls(const struct work *work, const struct cnm_kvs *sysctls, struct cnm_error *err)
{
	char path[256];
	size_t i;

	for (i = 0; i < sysctls->count; i++)
		if (cnm_sysctl_path(sysctls->items[i].key, work->call->env->ifname, path, sizeof(path), err) <
		            0 ||
		    cnm_sysctl_write(path, sysctls->items[i].value, err) < 0)
			return -1;
	return 0;
}

static int tune(struct cnm_rtnl *inside, const struct work *work, const struct cnm_link_tuning *tuning,
                struct cnm_error *err)
{
	struct cnm_rtnl_batch batch;
	struct cnm_link link;

	if (!tunes_link(tuning))
		return 0;
	if (cnm_link_get(inside, work->call->env->ifname, 0, &link, err) < 0)
		return -1;
	cnm_rtnl_batch_init(&batch);
	cnm_link_tune(&batch, link.ifindex, tuning);
	return cnm_rtnl_batch_send(inside, &batch, err);
}

/* Of the interface only what is asked for. */
static int remember_link(struct cnm_rtnl *inside, struct work *work, struct cnm_error *err)
{
	const struct cnm_link_tuning *want = &work->want.link;
	struct cnm_link_tuning now, *before = &work->before.link;
	struct cnm_link link;

	if (!tunes_link(want))
		return 0;
	if (cnm_link_get(inside, work->call->env->ifname, 0, &link, err) < 0 ||
	    cnm_link_tuning_get(inside, link.ifindex, &now, err) < 0)
		return -1;
	if (cnm_mac_is_set(&want->mac))
		before->mac = now.mac;
	if (want->mtu)
		before->mtu = now.mtu;
	if (want->promisc >= 0)
		before->promisc = now.promisc;
	if (want->allmulti >= 0)
		before->allmulti = now.allmulti;
	if (want->txqlen >= 0)
		before->txqlen = now.txqlen;
	return 0;
}

static int remember(struct cnm_rtnl *inside, struct work *work, struct cnm_error *err)
{
	char value[VALUE_MAX];
	size_t i;

	if (remember_link(inside, work, err) < 0)
		return -1;
	for (i = 0; i < work->want.sysctl.count; i++)
		if (read_sysctl(work, work->want.sysctl.items[i].key, value, err) < 0 ||
		    cnm_kvs_set(&work->before.sysctl, work->want.sysctl.items[i].key, value, err) < 0)
			return -1;
	return 0;
}

static bool is_of_interface(const struct work *work, const char *key)
{
	char path[256], part[32];
	struct cnm_error ignored = CNM_ERROR_INIT;

	snprintf(part, sizeof(part), "/%s/", work->call->env->ifname);
	return cnm_sysctl_path(key, work->call->env->ifname, path, sizeof(path), &ignored) == 0 &&
	       strstr(path, part);
}

/* Each by itself: what the kernel refuses now, or what is gone, does not keep the rest. */
static int restore(struct cnm_rtnl *inside, void *arg, struct cnm_error *err)
{
	struct work *work = arg;
	size_t i;

	tune(inside, work, &work->before.link, err);
	for (i = 0; i < work->before.sysctl.count; i++) {
		struct cnm_kvs one = {&work->before.sysctl.items[i], 1};

		if (!work->keep_shared || is_of_interface(work, one.items[0].key))
			write_sysctls(work, &one, err);
	}
	return 0;
}

static int apply(struct cnm_rtnl *inside, void *arg, struct cnm_error *err)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	struct work *work = arg;

	if (remember(inside, work, err) < 0 || cnm_cni_backup_save(&work->backup, &work->before, err) < 0)
		return -1;
	if (write_sysctls(work, &work->want.sysctl, err) == 0 &&
	    tune(inside, work, &work->want.link, err) == 0)
		return 0;
	restore(inside, work, &ignored);
	return -1;
}

static int change(struct work *work, struct cnm_error *err)
{
	struct cnm_error ignored = CNM_ERROR_INIT;

	if (cnm_cni_sysctls_allowed(&work->want.sysctl, err) < 0)
		return -1;
	if (cnm_cni_backup_open(&work->backup, work->call, true, err) == 0 &&
	    cnm_cni_run_inside(work->call, apply, work, err) == 0)
		return 0;
	if (work->backup.dir_fd >= 0)
		cnm_cni_backup_delete(&work->backup, work->call, &ignored);
	return -1;
}

static int build_result(const struct work *work, json_object **ret, struct cnm_cni_error *err)
{
	const struct cnm_cni_call *call = work->call;
	const struct cnm_link_tuning *link = &work->want.link;
	struct cnm_error plain = CNM_ERROR_INIT;
	json_object *result = NULL;
	char mac[CNM_MAC_TEXT_MAX];

	if (cnm_cni_pass(call, NULL, &result, err) < 0)
		return -1;
	if (cnm_cni_result_update_interface(
	            result, call->config->version, call->env->ifname, call->env->netns,
	            cnm_mac_is_set(&link->mac) ? cnm_mac_format(&link->mac, mac) : NULL, link->mtu,
	            &plain) < 0) {
		json_object_put(result);
		return cnm_cni_fail_model(err, call, &plain);
	}
	*ret = result;
	return 0;
}

static int add(const struct cnm_cni_call *call, json_object **ret, struct cnm_cni_error *err)
{
	_cleanup_cni_result_ struct cnm_cni_result prev = {0};
	_cleanup_(work_free) struct work work;
	struct cnm_error plain = CNM_ERROR_INIT;

	work_init(&work, call);
	if (read_want(&work, err) < 0 || cnm_cni_prev_result(call, &prev, err) < 0 ||
	    build_result(&work, ret, err) < 0)
		return -1;
	if (is_empty(&work.want) || change(&work, &plain) == 0)
		return 0;
	json_object_put(*ret);
	*ret = NULL;
	cnm_wrap(&plain, "network %s, container %s", call->config->name, call->env->container);
	return cnm_cni_fail_model(err, call, &plain);
}

/* A backup that cannot be read is of no use; it goes all the same. */
static int del(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	_cleanup_(work_free) struct work work;
	struct cnm_error plain = CNM_ERROR_INIT, ignored = CNM_ERROR_INIT;

	work_init(&work, call);
	if (cnm_cni_backup_open(&work.backup, call, false, &plain) < 0)
		return plain.code == CNM_E_NOT_FOUND ? 0 : cnm_cni_fail_model(err, call, &plain);
	if (cnm_cni_backup_load(&work.backup, &work.before, &ignored) == 0 && call->env->netns &&
	    *call->env->netns) {
		/* Another interface's configuration may count on a setting of the whole namespace. */
		work.keep_shared = cnm_cni_backup_has_others(&work.backup, call);
		cnm_cni_run_inside(call, restore, &work, &ignored);
	}
	if (cnm_cni_backup_delete(&work.backup, call, &plain) < 0)
		return cnm_cni_fail_model(err, call, &plain);
	return 0;
}

/* The kernel separates several values by tabs, people do by blanks. */
static bool same_value(const char *a, const char *b)
{
	for (;; a++, b++) {
		bool blank = *a == ' ' || *a == '\t';

		if (blank != (*b == ' ' || *b == '\t') || (!blank && *a != *b))
			return false;
		if (!*a)
			return true;
	}
}

static int compare_link(const struct cnm_link_tuning *want, const struct cnm_link_tuning *now,
                        struct cnm_error *err)
{
	char mac[CNM_MAC_TEXT_MAX], other[CNM_MAC_TEXT_MAX];

	if (cnm_mac_is_set(&want->mac) && memcmp(&want->mac, &now->mac, sizeof(want->mac)) != 0)
		return cnm_fail(err, CNM_E_CONFLICT, "its MAC is %s instead of %s",
		                cnm_mac_format(&now->mac, mac), cnm_mac_format(&want->mac, other));
	if (want->mtu && want->mtu != now->mtu)
		return cnm_fail(err, CNM_E_CONFLICT, "its MTU is %u instead of %u", now->mtu, want->mtu);
	if (want->promisc >= 0 && want->promisc != now->promisc)
		return cnm_fail(err, CNM_E_CONFLICT, "promisc is %d", now->promisc);
	if (want->allmulti >= 0 && want->allmulti != now->allmulti)
		return cnm_fail(err, CNM_E_CONFLICT, "allmulti is %d", now->allmulti);
	if (want->txqlen >= 0 && want->txqlen != now->txqlen)
		return cnm_fail(err, CNM_E_CONFLICT, "txQLen is %lld instead of %lld", (long long)now->txqlen,
		                (long long)want->txqlen);
	return 0;
}

static int compare(struct cnm_rtnl *inside, void *arg, struct cnm_error *err)
{
	struct work *work = arg;
	char value[VALUE_MAX];
	struct cnm_link_tuning now;
	struct cnm_link link;
	size_t i;

	for (i = 0; i < work->want.sysctl.count; i++) {
		const struct cnm_kv *kv = &work->want.sysctl.items[i];

		if (read_sysctl(work, kv->key, value, err) < 0)
			return -1;
		if (!same_value(value, kv->value))
			return cnm_fail(err, CNM_E_CONFLICT, "sysctl %s is \"%s\" instead of \"%s\"", kv->key,
			                value, kv->value);
	}
	if (!tunes_link(&work->want.link))
		return 0;
	if (cnm_link_get(inside, work->call->env->ifname, 0, &link, err) < 0 ||
	    cnm_link_tuning_get(inside, link.ifindex, &now, err) < 0)
		return -1;
	if (compare_link(&work->want.link, &now, err) < 0)
		return cnm_wrap(err, "interface %s", work->call->env->ifname);
	return 0;
}

static int check(const struct cnm_cni_call *call, struct cnm_cni_error *err)
{
	_cleanup_(work_free) struct work work;
	struct cnm_error plain = CNM_ERROR_INIT;

	work_init(&work, call);
	if (read_want(&work, err) < 0)
		return -1;
	if (is_empty(&work.want) || cnm_cni_run_inside(call, compare, &work, &plain) == 0)
		return 0;
	cnm_wrap(&plain, "container %s", call->env->container);
	return cnm_cni_fail_model(err, call, &plain);
}

const struct cnm_cni_plugin cnm_cni_plugin_tuning = {
        .name = "tuning",
        .add = add,
        .del = del,
        .check = check,
};
