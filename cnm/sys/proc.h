/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identity of processes and of this boot, so that a number used again is not taken for its predecessor. */
#ifndef CNM_SYS_PROC_H
#define CNM_SYS_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cnm_error;

#define CNM_BOOT_ID_MAX 40

/* Start time of the process in clock ticks since boot (field 22 of /proc/PID/stat; the name in field 2 may hold
 * blanks and parentheses). CNM_E_NOT_FOUND when there is no such process. */
int cnm_proc_start_time(pid_t pid, uint64_t *ret, struct cnm_error *err);
/* True while the process with this start time runs; a zombie (state Z or X) does not. */
bool cnm_proc_is_alive(pid_t pid, uint64_t start_time);
/* /proc/sys/kernel/random/boot_id without the newline. */
int cnm_boot_id(char ret[CNM_BOOT_ID_MAX], struct cnm_error *err);

#endif
