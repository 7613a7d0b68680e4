/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Published ports of the command line, as the library takes them. */
#include "hook/ports_view.h"
#include <stdlib.h>

int cnm_ports_view(struct cnm_port_spec **ret, const struct cnm_port_args *args, struct cnm_error *err)
{
	struct cnm_port_spec *view;
	size_t i;

	*ret = NULL;
	if (args->count == 0)
		return 0;
	view = calloc(args->count, sizeof(*view));
	if (!view)
		return cnm_fail_nomem(err);
	for (i = 0; i < args->count; i++) {
		const struct cnm_port_arg *arg = &args->items[i];

		view[i] = (struct cnm_port_spec){
		        .host_ip = arg->host_ip[0] ? arg->host_ip : NULL,
		        .host_port = arg->host_port,
		        .port = arg->port,
		        .port_end = arg->port_end,
		        .protocol = arg->protocol,
		};
	}
	*ret = view;
	return 0;
}
