/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what is typed to objects of the model, and lists of them that free themselves. */
#ifndef CNM_HOOK_CLI_MODEL_H
#define CNM_HOOK_CLI_MODEL_H

#include "cnm/model.h"
#include "hook/cli.h"

struct cnm_cli_networks {
	struct cnm_network **items;
	size_t count;
};
struct cnm_cli_endpoints {
	struct cnm_endpoint **items;
	size_t count;
};
struct cnm_cli_sandboxes {
	struct cnm_sandbox **items;
	size_t count;
};

void cnm_cli_networks_free(struct cnm_cli_networks *list);
void cnm_cli_endpoints_free(struct cnm_cli_endpoints *list);
void cnm_cli_sandboxes_free(struct cnm_cli_sandboxes *list);
#define _cleanup_networks_  __attribute__((cleanup(cnm_cli_networks_free)))
#define _cleanup_endpoints_ __attribute__((cleanup(cnm_cli_endpoints_free)))
#define _cleanup_sandboxes_ __attribute__((cleanup(cnm_cli_sandboxes_free)))

int cnm_cli_networks_list(struct cnm_cli *cli, struct cnm_cli_networks *ret, struct cnm_error *err);
int cnm_cli_sandboxes_list(struct cnm_cli *cli, struct cnm_cli_sandboxes *ret, struct cnm_error *err);
/* The endpoints of a network; one that was deleted meanwhile has none. */
int cnm_cli_endpoints_list(struct cnm_cli *cli, struct cnm_network *network, struct cnm_cli_endpoints *ret,
                           struct cnm_error *err);
/* Those of all networks. A network that cannot be read is reported and left out. */
int cnm_cli_endpoints_list_all(struct cnm_cli *cli, struct cnm_cli_endpoints *ret, struct cnm_error *err);

int cnm_cli_network_find(struct cnm_cli *cli, const char *name, struct cnm_network **ret,
                         struct cnm_error *err);
int cnm_cli_sandbox_find(struct cnm_cli *cli, const char *name, struct cnm_sandbox **ret,
                         struct cnm_error *err);
/* "NETWORK/NAME" */
int cnm_cli_endpoint_find(struct cnm_cli *cli, const char *name, struct cnm_endpoint **ret,
                          struct cnm_error *err);

/* The sandbox that an endpoint is to join: one that is known, or with netns_path one that is adopted under that id. *ret points
 * into *ret_known (the known one, else NULL) and the arguments. */
int cnm_cli_sandbox_spec(struct cnm_cli *cli, const char *name, const char *netns_path,
                         struct cnm_sandbox **ret_known, struct cnm_sandbox_spec *ret, struct cnm_error *err);

/* Runs one for each argument and tells of it by cnm_cli_done; an error is reported and the next argument has its turn. */
int cnm_cli_each(struct cnm_cli *cli,
                 int (*one)(struct cnm_cli *, void *input, const char *name, struct cnm_error *), void *input,
                 struct cnm_error *err);
/* The same for documents, which are printed as one array. */
int cnm_cli_inspect(struct cnm_cli *cli,
                    json_object *(*one)(struct cnm_cli *, const char *name, struct cnm_error *),
                    struct cnm_error *err);

/* Ids as tables show them: 64 hexadecimal digits are cut to 12, any other container id is whole. */
const char *cnm_cli_short_id(const char *id, char out[CNM_CONTAINER_MAX + 1]);

/* `ls -q`: identifiers only, one a line. */
struct cnm_cli_ls_args {
	bool quiet;
};
extern const struct argp_option cnm_cli_ls_options[];
error_t cnm_cli_ls_option(int key, char *arg, void *input, struct cnm_error *err);

#endif
