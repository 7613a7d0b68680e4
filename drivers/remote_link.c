/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The link that a plugin made on the host: moved into the sandbox under the interface's name, and handed back under its old name. It keeps the
 * number that it was given inside, whatever the container calls it.
 */
#include "cnm/base/cleanup.h"
#include "cnm/sys/rtnl_link.h"
#include "drivers/remote.h"
#include <stdio.h>
#include <string.h>

static void set_mark(struct cnm_rtnl_batch *batch, int ifindex, const char *mark)
{
	const struct cnm_link_change change = {.ifindex = ifindex, .alias = mark};

	cnm_link_set(batch, &change);
}

/* Says whose the link is until its number stands in the record. */
static const char *mark_of(const struct cnm_endpoint *endpoint, char ret[CNM_LINK_ALIAS_MAX])
{
	snprintf(ret, CNM_LINK_ALIAS_MAX, "cnm:%s", endpoint->id);
	return ret;
}

static int explain(const struct cnm_network *network, const struct cnm_endpoint *endpoint, const char *src,
                   struct cnm_error *err)
{
	if (err->code == CNM_E_EXISTS)
		cnm_fail(err, CNM_E_EXISTS, "%s exists already in the sandbox", endpoint->ifname);
	return cnm_wrap(err, "interface %s, which plugin %s made", src, network->driver);
}

int cnm_remote_link_join(struct cnm_controller *controller, const struct cnm_network *network,
                         const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_join_info *ret,
                         struct cnm_error *err)
{
	const char *src = cnm_kvs_get(&endpoint->driver_state, CNM_REMOTE_SRC);
	struct cnm_rtnl *host = cnm_controller_rtnl(controller, err);
	struct cnm_link_change move = {
	        .new_name = endpoint->ifname, .netns_fd = netns_fd, .mac = endpoint->mac};
	_cleanup_rtnl_ struct cnm_rtnl *inside = NULL;
	struct cnm_rtnl_batch batch;
	char mark[CNM_LINK_ALIAS_MAX];
	struct cnm_link link;

	if (!src)
		return host ? 0 : -1; /* a plugin may bring no interface */
	if (!host || cnm_link_get(host, src, 0, &link, err) < 0)
		return cnm_wrap(err, "plugin %s: the interface of its NetworkDriver.Join", network->driver);
	/* Of one message the kernel does the move first, and leaves the link there where it cannot do the rest (net/core/rtnetlink.c, do_setlink):
	 * so the mark comes before, and a leave finds it. */
	move.ifindex = link.ifindex;
	cnm_rtnl_batch_init(&batch);
	set_mark(&batch, link.ifindex, mark_of(endpoint, mark));
	cnm_link_set(&batch, &move);
	if (cnm_rtnl_batch_send(host, &batch, err) < 0 || cnm_rtnl_open_in(&inside, netns_fd, err) < 0 ||
	    cnm_link_get(inside, endpoint->ifname, 0, &link, err) < 0)
		return explain(network, endpoint, src, err);
	ret->ifindex = link.ifindex;
	ret->mac = link.mac;
	return 0;
}

/* A link that was never moved: the mark is ours, the rest the plugin's. */
static void unmark(struct cnm_controller *controller, const struct cnm_endpoint *endpoint, const char *src)
{
	struct cnm_error ignored = CNM_ERROR_INIT;
	struct cnm_rtnl *host = cnm_controller_rtnl(controller, &ignored);
	struct cnm_rtnl_batch batch;
	char mark[CNM_LINK_ALIAS_MAX];
	struct cnm_link link;

	if (!host || cnm_link_get(host, src, 0, &link, &ignored) < 0 ||
	    strcmp(link.alias, mark_of(endpoint, mark)) != 0)
		return;
	cnm_rtnl_batch_init(&batch);
	set_mark(&batch, link.ifindex, "");
	cnm_rtnl_batch_send(host, &batch, &ignored);
}

/* By its number; in a join that was cut short by either name, and then it must bear our mark: the container may have an interface of
 * that name itself. 1 found, 0 it is not there. */
static int find_inside(struct cnm_rtnl *inside, const struct cnm_endpoint *endpoint, const char *src,
                       struct cnm_link *ret)
{
	const char *number = cnm_kvs_get(&endpoint->driver_state, "ifindex");
	struct cnm_error ignored = CNM_ERROR_INIT;
	char mark[CNM_LINK_ALIAS_MAX];

	if (number)
		return cnm_link_get(inside, NULL, (int)strtol(number, NULL, 10), ret, &ignored) == 0;
	mark_of(endpoint, mark);
	if (cnm_link_get(inside, src, 0, ret, &ignored) == 0 && strcmp(ret->alias, mark) == 0)
		return 1;
	return cnm_link_get(inside, endpoint->ifname, 0, ret, &ignored) == 0 && strcmp(ret->alias, mark) == 0;
}

static int move_out(struct cnm_rtnl *inside, int ifindex, int own, const char *name, struct cnm_error *err)
{
	struct cnm_link_change back = {
	        .ifindex = ifindex, .up = CNM_OFF, .new_name = name, .netns_fd = own, .alias = ""};
	struct cnm_rtnl_batch batch;

	cnm_rtnl_batch_init(&batch);
	cnm_link_set(&batch, &back);
	return cnm_rtnl_batch_send(inside, &batch, err);
}

int cnm_remote_link_leave(struct cnm_controller *controller, const struct cnm_endpoint *endpoint,
                          int netns_fd, struct cnm_error *err)
{
	const char *src = cnm_kvs_get(&endpoint->driver_state, CNM_REMOTE_SRC);
	_cleanup_rtnl_ struct cnm_rtnl *inside = NULL;
	_cleanup_close_ int own = -1;
	struct cnm_link link;
	char other[IF_NAMESIZE];

	/* Without the namespace the kernel has put the link away, or back, itself. */
	if (!src || netns_fd < 0)
		return 0;
	own = cnm_netns_open_own(err);
	if (own < 0 || cnm_rtnl_open_in(&inside, netns_fd, err) < 0)
		return -1;
	if (!find_inside(inside, endpoint, src, &link)) {
		unmark(controller, endpoint, src);
		return 0;
	}
	if (move_out(inside, link.ifindex, own, src, err) == 0)
		return 0;
	if (err->code == CNM_E_NOT_FOUND) {
		cnm_error_clear(err); /* gone meanwhile */
		return 0;
	}
	if (err->code != CNM_E_EXISTS)
		return -1;
	/* Somebody took its name on the host. */
	cnm_error_clear(err);
	snprintf(other, sizeof(other), "cnm%.11s", endpoint->id);
	return move_out(inside, link.ifindex, own, other, err);
}
