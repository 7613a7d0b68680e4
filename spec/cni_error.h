/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors as CNI has them: a reserved code, a message, details. Functions that read what a CNI runtime sent
 * know the code that the specification wants; errors of the model get theirs in hook/.
 */
#ifndef CNM_SPEC_CNI_ERROR_H
#define CNM_SPEC_CNI_ERROR_H

#include "cnm/base/error.h"
#include <json-c/json.h>

/* CNI specification 1.1.0, section 5, "Error"; 8 and 999 are libcni's (pkg/types). 100 and above are the
 * plugin's own. */
enum cnm_cni_code {
	CNM_CNI_E_VERSION = 1,      /* incompatible version */
	CNM_CNI_E_UNSUPPORTED = 2,  /* a field of the configuration: the message holds key and value */
	CNM_CNI_E_CONTAINER = 3,    /* container unknown or gone: the runtime need not clean up */
	CNM_CNI_E_ENVIRONMENT = 4,  /* the message names the variables */
	CNM_CNI_E_IO = 5,           /* stdin could not be read */
	CNM_CNI_E_DECODE = 6,       /* stdin is not JSON */
	CNM_CNI_E_CONFIG = 7,       /* the configuration is invalid */
	CNM_CNI_E_NETNS = 8,        /* the namespace is no namespace, or the plugin's own */
	CNM_CNI_E_TRY_AGAIN = 11,   /* the same call may succeed later */
	CNM_CNI_E_UNAVAILABLE = 50, /* STATUS: no ADD can succeed */
	CNM_CNI_E_IMPAIRED = 51,    /* STATUS: nor do existing containers have full connectivity */
	CNM_CNI_E_INTERNAL = 999,
};

struct cnm_cni_error {
	unsigned code;
	char msg[CNM_ERROR_TEXT_MAX];
	char details[256]; /* "": none */
};

#define CNM_CNI_ERROR_INIT                                                                                   \
	{                                                                                                    \
		.code = 0, .msg = "", .details = ""                                                          \
	}

/* Each returns -1. */
int cnm_cni_fail(struct cnm_cni_error *err, unsigned code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* The text of a plain error under a code; CNM_E_NOMEM and CNM_E_SYSTEM become CNM_CNI_E_INTERNAL. */
int cnm_cni_fail_from(struct cnm_cni_error *err, unsigned code, const struct cnm_error *from);

/* {"cniVersion", "code", "msg", "details"}: what goes to stdout with a non-zero exit status. `version` is
 * that of the configuration; NULL (not known, the error came before): the newest. */
int cnm_cni_error_build(json_object **ret, const char *version, const struct cnm_cni_error *error,
                        struct cnm_error *err);

#endif
