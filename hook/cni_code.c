/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which code an error of the model has towards a CNI runtime: the only place that knows. */
#include "hook/cni_plugin.h"

unsigned cnm_cni_code_of(enum cnm_code code, enum cnm_cni_command command)
{
	switch (code) {
	case CNM_E_INVALID:
	case CNM_E_NOT_FOUND: /* a network or driver that the configuration names */
		return CNM_CNI_E_CONFIG;
	case CNM_E_CONFLICT:
		/* Elsewhere it is a description that contradicts the network. */
		return command == CNM_CNI_CHECK ? CNM_CNI_E_DIFFERS : CNM_CNI_E_CONFIG;
	case CNM_E_EXISTS:
		return CNM_CNI_E_TAKEN;
	case CNM_E_BUSY:
	case CNM_E_EXHAUSTED: /* until another container leaves */
	case CNM_E_TRY_AGAIN:
		return CNM_CNI_E_TRY_AGAIN;
	case CNM_E_UNSUPPORTED:
		return CNM_CNI_E_UNABLE;
	case CNM_E_NETNS:
		return CNM_CNI_E_NETNS;
	case CNM_E_PARSE:
		return CNM_CNI_E_DECODE;
	case CNM_E_STORE:
		return CNM_CNI_E_IO;
	case CNM_OK:
	case CNM_E_SYSTEM:
	case CNM_E_NOMEM:
		break;
	}
	return CNM_CNI_E_INTERNAL;
}

int cnm_cni_fail_model(struct cnm_cni_error *err, const struct cnm_cni_call *call,
                       const struct cnm_error *from)
{
	return cnm_cni_fail_from(err, cnm_cni_code_of(from->code, call->env->command), from);
}
