/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scope-bound ownership: `_cleanup_(f)` runs f(&variable) when the variable leaves its scope;
 * TAKE_PTR and TAKE_FD hand ownership on. Every destructor accepts NULL, -1 and half-built objects.
 */
#ifndef CNM_BASE_CLEANUP_H
#define CNM_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

static inline void cnm_freep(void *p)
{
	free(*(void **)p);
}

static inline void cnm_closep(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define _cleanup_free_  _cleanup_(cnm_freep)
#define _cleanup_close_ _cleanup_(cnm_closep)

#define TAKE_PTR(p)                                                                                          \
	({                                                                                                   \
		__typeof__(p) *take_p = &(p);                                                                \
		__typeof__(p) taken = *take_p;                                                               \
		*take_p = NULL;                                                                              \
		taken;                                                                                       \
	})

#define TAKE_FD(fd)                                                                                          \
	({                                                                                                   \
		int *take_fd = &(fd);                                                                        \
		int taken = *take_fd;                                                                        \
		*take_fd = -1;                                                                               \
		taken;                                                                                       \
	})

#define CNM_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
