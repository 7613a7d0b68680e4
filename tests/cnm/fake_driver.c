/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver that touches no kernel: what the model does around it is what is tested. */
#include "tests/cnm/fake_driver.h"

struct cnm_fake cnm_fake;

static int answer(bool fail, struct cnm_error *err)
{
	return fail ? cnm_fail(err, CNM_E_SYSTEM, "fake refusal") : 0;
}

static int network_prepare(struct cnm_controller *controller, struct cnm_network *network,
                           struct cnm_error *err)
{
	return 0;
}

static int network_ensure(struct cnm_controller *controller, struct cnm_network *network,
                          struct cnm_error *err)
{
	return answer(cnm_fake.fail_ensure, err);
}

static int network_is_ready(struct cnm_controller *controller, struct cnm_network *network,
                            struct cnm_error *err)
{
	return 1;
}

static int network_delete(struct cnm_controller *controller, struct cnm_network *network,
                          struct cnm_error *err)
{
	return 0;
}

static int endpoint_prepare(struct cnm_controller *controller, const struct cnm_network *network,
                            struct cnm_endpoint *endpoint, struct cnm_error *err)
{
	return 0;
}

static int join(struct cnm_controller *controller, const struct cnm_network *network,
                const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_join_info *ret,
                struct cnm_error *err)
{
	if (answer(cnm_fake.fail_join, err) < 0)
		return -1;
	cnm_fake.joins++;
	return 0;
}

static int leave(struct cnm_controller *controller, const struct cnm_network *network,
                 const struct cnm_endpoint *endpoint, int netns_fd, struct cnm_error *err)
{
	if (answer(cnm_fake.fail_leave, err) < 0)
		return -1;
	cnm_fake.leaves++;
	cnm_fake.left_with_namespace = netns_fd >= 0;
	return 0;
}

const struct cnm_driver cnm_fake_driver = {
        .name = "fake",
        .data_scope = CNM_SCOPE_LOCAL,
        .connectivity_scope = CNM_SCOPE_LOCAL,
        .network_prepare = network_prepare,
        .network_ensure = network_ensure,
        .network_is_ready = network_is_ready,
        .network_delete = network_delete,
        .endpoint_prepare = endpoint_prepare,
        .join = join,
        .leave = leave,
};
