/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files hook/cni_tuning*.c only. */
#ifndef CNM_HOOK_CNI_TUNING_H
#define CNM_HOOK_CNI_TUNING_H

#include "cnm/store.h"
#include "cnm/sys/rtnl_link_tuning.h"
#include "hook/cni_chained.h"

/* Link properties and sysctls, by their keys as the configuration spells them: those wanted, or those that were there before. */
struct cnm_cni_settings {
	struct cnm_link_tuning link;
	struct cnm_kvs sysctl;
};

/* Where what was there before is kept: with the container's sandbox, or in the configuration's dataDir under the reference's names. */
struct cnm_cni_backup {
	struct cnm_store_sandbox sb; /* locked; unused with a dataDir */
	int dir_fd;
	char name[256]; /* of the file */
};
#define CNM_CNI_BACKUP_INIT                                                                                  \
	{                                                                                                    \
		.sb = CNM_STORE_SANDBOX_INIT, .dir_fd = -1, .name = ""                                       \
	}

/* CNM_E_NOT_FOUND where there is nothing and `create` is not asked for. Close it also after a failure. */
int cnm_cni_backup_open(struct cnm_cni_backup *ret, const struct cnm_cni_call *call, bool create,
                        struct cnm_error *err);
int cnm_cni_backup_save(struct cnm_cni_backup *backup, const struct cnm_cni_settings *before,
                        struct cnm_error *err);
int cnm_cni_backup_load(struct cnm_cni_backup *backup, struct cnm_cni_settings *ret, struct cnm_error *err);
/* Whether another interface of the container has a backup. */
bool cnm_cni_backup_has_others(struct cnm_cni_backup *backup, const struct cnm_cni_call *call);
/* Deletes the file, and the folders that were made for it. */
int cnm_cni_backup_delete(struct cnm_cni_backup *backup, const struct cnm_cni_call *call,
                          struct cnm_error *err);
void cnm_cni_backup_close(struct cnm_cni_backup *backup);
#define _cleanup_backup_ __attribute__((cleanup(cnm_cni_backup_close)))

/* Where the administrator has put a list of expressions (/etc/cni/tuning/allowlist.conf, the reference's place), every sysctl must match
 * one. */
int cnm_cni_sysctls_allowed(const struct cnm_kvs *sysctls, struct cnm_error *err);

#endif
