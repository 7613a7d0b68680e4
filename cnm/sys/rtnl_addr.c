/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interface addresses: add, delete, list. */
#include "cnm/sys/rtnl_addr.h"
#include "cnm/base/error.h"
#include <errno.h>
#include <linux/if_addr.h>
#include <string.h>
#include <sys/socket.h>

static void put_ifaddr(struct nlmsghdr *nlh, int ifindex, const struct cnm_addr *addr)
{
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

	ifa->ifa_family = addr->family;
	ifa->ifa_prefixlen = addr->prefix;
	ifa->ifa_index = (uint32_t)ifindex;
}

static void add(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_addr *addr,
                bool tolerate_existing, uint32_t ipv6_flags)
{
	char text[CNM_ADDR_TEXT_MAX];
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
	                                            tolerate_existing ? EEXIST : 0, "add address %s",
	                                            cnm_addr_format_cidr(addr, text));

	put_ifaddr(nlh, ifindex, addr);
	cnm_rtnl_put(batch, nlh, IFA_LOCAL, addr->bytes, cnm_addr_size(addr));
	cnm_rtnl_put(batch, nlh, IFA_ADDRESS, addr->bytes, cnm_addr_size(addr));
	if (addr->family == AF_INET && addr->prefix <= 30) {
		struct cnm_addr last = cnm_addr_last(addr);

		cnm_rtnl_put(batch, nlh, IFA_BROADCAST, last.bytes, 4);
	}
	if (addr->family == AF_INET6)
		cnm_rtnl_put_u32(batch, nlh, IFA_FLAGS, ipv6_flags);
	cnm_rtnl_batch_end(batch, nlh);
}

void cnm_ifaddr_add(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_addr *addr,
                    bool tolerate_existing)
{
	add(batch, ifindex, addr, tolerate_existing, IFA_F_NODAD);
}

void cnm_ifaddr_add_checked(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_addr *addr)
{
	add(batch, ifindex, addr, false, 0);
}

void cnm_ifaddr_delete(struct cnm_rtnl_batch *batch, int ifindex, const struct cnm_addr *addr)
{
	char text[CNM_ADDR_TEXT_MAX];
	struct nlmsghdr *nlh = cnm_rtnl_batch_begin(batch, RTM_DELADDR, 0, EADDRNOTAVAIL, "delete address %s",
	                                            cnm_addr_format_cidr(addr, text));

	put_ifaddr(nlh, ifindex, addr);
	cnm_rtnl_put(batch, nlh, IFA_LOCAL, addr->bytes, cnm_addr_size(addr));
	/* Without it, IPv4 takes the address under any prefix (inet_rtm_deladdr in net/ipv4/devinet.c). */
	cnm_rtnl_put(batch, nlh, IFA_ADDRESS, addr->bytes, cnm_addr_size(addr));
	cnm_rtnl_batch_end(batch, nlh);
}

struct list {
	int ifindex;
	cnm_ifaddr_fn fn;
	void *arg;
};

static void read_address(struct cnm_ifaddr *ret, const struct nlattr *attr, bool *local)
{
	bool is_local = mnl_attr_get_type(attr) == IFA_LOCAL;

	if (mnl_attr_get_payload_len(attr) != cnm_addr_size(&ret->addr) || (*local && !is_local))
		return;
	memcpy(ret->addr.bytes, mnl_attr_get_payload(attr), cnm_addr_size(&ret->addr));
	*local = is_local;
}

static int list_address(const struct nlmsghdr *nlh, void *arg, struct cnm_error *err)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct list *list = arg;
	struct cnm_ifaddr found = {0};
	struct nlattr *attr;
	bool local = false;

	if (nlh->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa) ||
	    (list->ifindex && (int)ifa->ifa_index != list->ifindex) ||
	    (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
		return 0;
	found.ifindex = (int)ifa->ifa_index;
	found.flags = ifa->ifa_flags;
	found.addr.family = ifa->ifa_family;
	found.addr.prefix = ifa->ifa_prefixlen;
	mnl_attr_for_each(attr, nlh, sizeof(*ifa))
	{
		uint16_t type = mnl_attr_get_type(attr);

		if (type == IFA_LOCAL || type == IFA_ADDRESS)
			read_address(&found, attr, &local);
		else if (type == IFA_FLAGS && mnl_attr_get_payload_len(attr) >= sizeof(uint32_t))
			found.flags = mnl_attr_get_u32(attr);
	}
	return found.addr.prefix > cnm_addr_bits(&found.addr) ? 0 : list->fn(&found, list->arg, err);
}

int cnm_ifaddr_list(struct cnm_rtnl *rtnl, int ifindex, cnm_ifaddr_fn fn, void *arg, struct cnm_error *err)
{
	struct list list = {ifindex, fn, arg};
	struct cnm_rtnl_batch batch;
	struct ifaddrmsg *ifa;
	struct nlmsghdr *nlh;

	cnm_rtnl_batch_init(&batch);
	nlh = cnm_rtnl_batch_begin(&batch, RTM_GETADDR, NLM_F_DUMP, 0, "list addresses");
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_index = (uint32_t)ifindex; /* the kernel filters, since our sockets are strict */
	cnm_rtnl_batch_end(&batch, nlh);
	if (cnm_rtnl_query(rtnl, &batch, list_address, NULL, &list, err) == 0)
		return 0;
	/* A link that is gone has no addresses. */
	if (!ifindex || err->sys_errno != ENODEV)
		return -1;
	cnm_error_clear(err);
	return 0;
}
