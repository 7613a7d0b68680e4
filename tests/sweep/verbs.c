/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is swept: each verb, what it needs first, and what callers do after it died. */
#include "tests/sweep/sweep.h"

#define CNI_CONFIG(name, more)                                                                               \
	"{\"cniVersion\":\"1.0.0\",\"name\":\"" name "\",\"type\":\"cnm\"," more                             \
	"\"capabilities\":{\"portMappings\":true},\"runtimeConfig\":{\"portMappings\":["                     \
	"{\"hostPort\":8080,\"containerPort\":80,\"protocol\":\"tcp\"},"                                     \
	"{\"hostPort\":8081,\"containerPort\":81,\"protocol\":\"udp\"}]}}"
#define OCI_STATE                                                                                            \
	"{\"ociVersion\":\"1.0.2\",\"id\":\"c1\",\"status\":\"creating\",\"pid\":%P,\"bundle\":\"/run\"}"
#define SUBNETS "--subnet", "10.8.0.0/24", "--subnet", "fd08::/64"

static const struct command cni_add = {.cni = "ADD", .input = CNI_CONFIG("n0", "")};
/* The bystander has the first address, and every trial gets the next. */
static const struct command cni_check = {
        .cni = "CHECK",
        .input = "{\"cniVersion\":\"1.0.0\",\"name\":\"n0\",\"type\":\"cnm\",\"prevResult\":"
                 "{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"eth0\",\"sandbox\":\"%N\"}],"
                 "\"ips\":[{\"address\":\"10.7.0.3/24\",\"interface\":0},"
                 "{\"address\":\"fd07::3/64\",\"interface\":0}]}}"};
static const struct command cni_del = {.cni = "DEL", .input = CNI_CONFIG("n0", "")};
static const struct command cni_gc = {
        .cni = "GC",
        .input = "{\"cniVersion\":\"1.1.0\",\"name\":\"n0\",\"type\":\"cnm\",\"cni.dev/valid-attachments\":"
                 "[{\"containerID\":\"s0\",\"ifname\":\"eth0\"}]}"};
#define DESCRIBED "\"driver\":\"bridge\",\"subnets\":[\"10.8.0.0/24\",\"fd08::/64\"],"
static const struct command described_add = {.cni = "ADD", .input = CNI_CONFIG("n1", DESCRIBED)};
static const struct command described_del = {.cni = "DEL", .input = CNI_CONFIG("n1", DESCRIBED)};

static const struct command connect_c1 = {
        .args = {"connect", "n0", "c1", "--netns", "%N", "-p", "8080:80", "-p", "8081:81/udp"}};
static const struct command disconnect_c1 = {.args = {"disconnect", "n0", "c1"}};
static const struct command connect_s1 = {.args = {"connect", "n0", "s1"}};
static const struct command disconnect_s1 = {.args = {"disconnect", "n0", "s1"}};
static const struct command network_create = {.args = {"network", "create", SUBNETS, "n1"}};
static const struct command network_rm = {.args = {"network", "rm", "n1"}};
static const struct command sandbox_create = {.args = {"sandbox", "create", "s1"}};
static const struct command sandbox_rm = {.args = {"sandbox", "rm", "s1"}};
static const struct command endpoint_create = {.args = {"endpoint", "create", "n0", "e1"}};
static const struct command endpoint_rm = {.args = {"endpoint", "rm", "n0/e1"}};
static const struct command endpoint_join = {.args = {"endpoint", "join", "n0/e1", "c1", "--netns", "%N"}};
static const struct command endpoint_leave = {.args = {"endpoint", "leave", "n0/e1"}};
static const struct command oci_create = {
        .args = {"oci", "--network", "n0", "-p", "8080:80", "-p", "8081:81/udp", "createRuntime"},
        .input = OCI_STATE};
static const struct command oci_stop = {
        .args = {"oci", "poststop"},
        .input = "{\"ociVersion\":\"1.0.2\",\"id\":\"c1\",\"status\":\"stopped\",\"bundle\":\"/run\"}"};
/* Without a parent, which is then made: this world has no link but its own. */
static const struct command macvlan_create = {
        .args = {"network", "create", "-d", "macvlan", "--subnet", "10.9.0.0/24", "m1"}};
static const struct command macvlan_rm = {.args = {"network", "rm", "m1"}};
static const struct command macvlan_connect = {.args = {"connect", "m1", "c1", "--netns", "%N"}};
static const struct command macvlan_disconnect = {.args = {"disconnect", "m1", "c1"}};
static const struct command gc = {.args = {"gc"}};
static const struct command reconcile = {.args = {"reconcile"}};

#define RUN(c)                                                                                               \
	{                                                                                                    \
		STEP_RUN, &(c), NULL                                                                         \
	}
#define EITHER(a, b)                                                                                         \
	{                                                                                                    \
		STEP_RUN, &(a), &(b)                                                                         \
	}
#define TRY(c)                                                                                               \
	{                                                                                                    \
		STEP_TRY, &(c), NULL                                                                         \
	}
#define GONE                                                                                                 \
	{                                                                                                    \
		STEP_GONE, NULL, NULL                                                                        \
	}
#define FRESH                                                                                                \
	{                                                                                                    \
		STEP_FRESH, NULL, NULL                                                                       \
	}
#define FLOW                                                                                                 \
	{                                                                                                    \
		STEP_FLOW, NULL, NULL                                                                        \
	}
#define FLUSH                                                                                                \
	{                                                                                                    \
		STEP_FLUSH, NULL, NULL                                                                       \
	}

const struct verb verbs[] = {
        {
                .name = "cni-add",
                .command = &cni_add,
                .recoveries = {{RUN(cni_del)}, {EITHER(cni_add, cni_check), RUN(cni_del)}, {GONE, RUN(gc)}},
                .after = {RUN(cni_check), RUN(cni_del)},
        },
        {
                .name = "cni-del",
                .removes = true,
                .setup = {RUN(cni_add), FLOW},
                .command = &cni_del,
                .recoveries = {{RUN(cni_del)}, {EITHER(cni_add, cni_check), RUN(cni_del)}, {GONE, RUN(gc)}},
        },
        {
                /* The network stays when its last attachment goes: it is removed by a person. */
                .name = "cni-add-described",
                .bare = true,
                .command = &described_add,
                .recoveries = {{RUN(described_del), TRY(network_rm), RUN(gc)},
                               {RUN(described_del), RUN(described_add), RUN(described_del), RUN(network_rm)},
                               {GONE, RUN(gc), TRY(network_rm)}},
                .after = {RUN(described_del), RUN(network_rm)},
        },
        {
                .name = "cni-gc",
                .removes = true,
                .setup = {RUN(cni_add), FLOW},
                .command = &cni_gc,
                .recoveries = {{RUN(cni_gc), RUN(gc)}, {RUN(cni_del)}, {GONE, RUN(gc)}},
        },
        {
                .name = "connect",
                .command = &connect_c1,
                .recoveries = {{TRY(disconnect_c1)},
                               {EITHER(connect_c1, disconnect_c1), TRY(disconnect_c1)},
                               {GONE, RUN(gc)}},
                .after = {RUN(disconnect_c1)},
        },
        {
                .name = "disconnect",
                .removes = true,
                .setup = {RUN(connect_c1), FLOW},
                .command = &disconnect_c1,
                .recoveries = {{TRY(disconnect_c1)},
                               {EITHER(connect_c1, disconnect_c1), TRY(disconnect_c1)},
                               {GONE, RUN(gc)}},
        },
        {
                .name = "connect-own",
                .setup = {RUN(sandbox_create)},
                .command = &connect_s1,
                .recoveries = {{TRY(disconnect_s1), RUN(sandbox_rm)},
                               {EITHER(connect_s1, disconnect_s1), RUN(sandbox_rm)},
                               {RUN(gc), RUN(sandbox_rm)}},
                .after = {RUN(disconnect_s1), RUN(sandbox_rm)},
        },
        {
                .name = "network-create",
                .command = &network_create,
                .recoveries = {{TRY(network_rm), RUN(gc)},
                               {EITHER(network_create, network_rm), TRY(network_rm)},
                               {RUN(gc), TRY(network_rm)}},
                .after = {RUN(network_rm)},
        },
        {
                .name = "network-create-first",
                .bare = true,
                .command = &network_create,
                .recoveries = {{TRY(network_rm), RUN(gc)},
                               {EITHER(network_create, network_rm), TRY(network_rm)},
                               {RUN(gc), TRY(network_rm)}},
                .after = {RUN(network_rm)},
        },
        {
                .name = "network-rm",
                .removes = true,
                .setup = {RUN(network_create)},
                .command = &network_rm,
                .recoveries = {{TRY(network_rm), RUN(gc)},
                               {EITHER(network_create, network_rm), TRY(network_rm)},
                               {RUN(gc), TRY(network_rm)}},
        },
        {
                .name = "network-rm-last",
                .bare = true,
                .removes = true,
                .setup = {RUN(network_create)},
                .command = &network_rm,
                .recoveries = {{TRY(network_rm), RUN(gc)},
                               {EITHER(network_create, network_rm), TRY(network_rm)},
                               {RUN(gc), TRY(network_rm)}},
        },
        {
                .name = "oci-createRuntime",
                .command = &oci_create,
                .recoveries = {{GONE, RUN(oci_stop)},
                               {RUN(oci_create), GONE, RUN(oci_stop)},
                               {GONE, RUN(gc)}},
                .after = {GONE, RUN(oci_stop)},
        },
        {
                .name = "oci-poststop",
                .removes = true,
                .setup = {RUN(oci_create), FLOW, GONE},
                .command = &oci_stop,
                .recoveries = {{RUN(oci_stop)}, {FRESH, RUN(oci_create), GONE, RUN(oci_stop)}, {RUN(gc)}},
        },
        {
                .name = "sandbox-create",
                .command = &sandbox_create,
                .recoveries = {{TRY(sandbox_rm), RUN(gc)},
                               {EITHER(sandbox_create, sandbox_rm), TRY(sandbox_rm)},
                               {RUN(gc), TRY(sandbox_rm)}},
                .after = {RUN(sandbox_rm)},
        },
        {
                .name = "sandbox-rm",
                .removes = true,
                .setup = {RUN(sandbox_create), RUN(connect_s1)},
                .command = &sandbox_rm,
                .recoveries = {{TRY(sandbox_rm), RUN(gc)},
                               {EITHER(sandbox_create, sandbox_rm), TRY(sandbox_rm)},
                               {RUN(gc), TRY(sandbox_rm)}},
        },
        {
                .name = "endpoint-create",
                .command = &endpoint_create,
                .recoveries = {{TRY(endpoint_rm), RUN(gc)},
                               {EITHER(endpoint_create, endpoint_rm), TRY(endpoint_rm)},
                               {RUN(gc), TRY(endpoint_rm)}},
                .after = {RUN(endpoint_rm)},
        },
        {
                .name = "endpoint-rm",
                .removes = true,
                .setup = {RUN(endpoint_create)},
                .command = &endpoint_rm,
                .recoveries = {{TRY(endpoint_rm), RUN(gc)},
                               {EITHER(endpoint_create, endpoint_rm), TRY(endpoint_rm)},
                               {RUN(gc), TRY(endpoint_rm)}},
        },
        {
                .name = "endpoint-join",
                .setup = {RUN(endpoint_create)},
                .command = &endpoint_join,
                .recoveries = {{TRY(endpoint_leave), RUN(endpoint_rm), TRY(disconnect_c1)},
                               {EITHER(endpoint_join, endpoint_leave), TRY(endpoint_leave), RUN(endpoint_rm)},
                               {GONE, RUN(gc), RUN(endpoint_rm)}},
                .after = {RUN(endpoint_leave), RUN(endpoint_rm)},
        },
        {
                .name = "endpoint-leave",
                .removes = true,
                .setup = {RUN(endpoint_create), RUN(endpoint_join)},
                .command = &endpoint_leave,
                .recoveries = {{TRY(endpoint_leave), RUN(endpoint_rm), TRY(disconnect_c1)},
                               {EITHER(endpoint_join, endpoint_leave), TRY(endpoint_leave), RUN(endpoint_rm)},
                               {GONE, RUN(gc), RUN(endpoint_rm)}},
                .after = {RUN(endpoint_rm)},
        },
        {
                .name = "macvlan-create",
                .command = &macvlan_create,
                .recoveries = {{TRY(macvlan_rm), RUN(gc)},
                               {EITHER(macvlan_create, macvlan_rm), TRY(macvlan_rm)},
                               {RUN(gc), TRY(macvlan_rm)}},
                .after = {RUN(macvlan_rm)},
        },
        {
                .name = "macvlan-connect",
                .setup = {RUN(macvlan_create)},
                .command = &macvlan_connect,
                .recoveries = {{TRY(macvlan_disconnect), RUN(macvlan_rm)},
                               {EITHER(macvlan_connect, macvlan_disconnect), TRY(macvlan_disconnect),
                                RUN(macvlan_rm)},
                               {GONE, RUN(gc), RUN(macvlan_rm)}},
                .after = {RUN(macvlan_disconnect), RUN(macvlan_rm)},
        },
        {
                .name = "macvlan-disconnect",
                .removes = true,
                .setup = {RUN(macvlan_create), RUN(macvlan_connect)},
                .command = &macvlan_disconnect,
                .recoveries = {{TRY(macvlan_disconnect), RUN(macvlan_rm)},
                               {EITHER(macvlan_connect, macvlan_disconnect), TRY(macvlan_disconnect),
                                RUN(macvlan_rm)},
                               {GONE, RUN(gc), RUN(macvlan_rm)}},
                .after = {RUN(macvlan_rm)},
        },
        {
                .name = "macvlan-rm",
                .removes = true,
                .setup = {RUN(macvlan_create)},
                .command = &macvlan_rm,
                .recoveries = {{TRY(macvlan_rm), RUN(gc)},
                               {EITHER(macvlan_create, macvlan_rm), TRY(macvlan_rm)},
                               {RUN(gc), TRY(macvlan_rm)}},
        },
        {
                .name = "gc",
                .removes = true,
                .setup = {RUN(cni_add), FLOW, GONE},
                .command = &gc,
                .recoveries = {{RUN(gc)}, {FRESH, RUN(cni_add), RUN(cni_del)}, {RUN(cni_del)}},
        },
        {
                .name = "reconcile",
                .removes = true,
                .setup = {FLUSH},
                .command = &reconcile,
                .recoveries = {{RUN(reconcile)},
                               {RUN(cni_add), RUN(cni_del), RUN(reconcile)},
                               {RUN(gc), RUN(reconcile)}},
        },
};
const size_t verb_count = sizeof(verbs) / sizeof(*verbs);
