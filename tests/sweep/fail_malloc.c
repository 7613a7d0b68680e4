/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: counts allocations, and refuses the chosen one, or all from it on. Counter and choice are in a file that the sweep shares.
 *
 * Those of json-c are granted: its parser hands on what strdup() gave without looking (json_object_object_add in 0.16), so it crashes
 * whoever uses it. That end is a kill at this place, which the sweep of kills has. Children are granted all: libnftables exits its process, which
 * the errors of system calls show too, and forgets of a set what only its listing needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* As in tests/sweep/world.c. */
struct control {
	unsigned long count; /* of allocations since main() */
	unsigned long fail;  /* 0: none */
	unsigned long always;
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);

char *strdup(const char *text);

static struct control *control;
static pid_t owner;
static uintptr_t granted_from, granted_to; /* the code of json-c */

static int find_json(struct dl_phdr_info *info, size_t size, void *arg)
{
	int i;

	if (!strstr(info->dlpi_name, "libjson-c"))
		return 0;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X)) {
			granted_from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			granted_to = granted_from + info->dlpi_phdr[i].p_memsz;
		}
	return 1;
}

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("SWEEP_MALLOC");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = fd >= 0 ? mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
	                    : MAP_FAILED;

	if (fd >= 0)
		close(fd);
	dl_iterate_phdr(find_json, NULL);
	if (map != MAP_FAILED)
		control = map;
	owner = getpid();
}

static bool is_refused(const void *caller)
{
	if (!control || getpid() != owner ||
	    ((uintptr_t)caller >= granted_from && (uintptr_t)caller < granted_to))
		return false;
	control->count++;
	if (control->fail == 0 || control->count < control->fail ||
	    (control->count > control->fail && !control->always))
		return false;
	errno = ENOMEM;
	return true;
}

#define REFUSED() is_refused(__builtin_return_address(0))

void *malloc(size_t size)
{
	return REFUSED() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return REFUSED() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return REFUSED() ? NULL : __libc_realloc(old, size);
}

/* Here too, since its caller is the one that matters. */
char *strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = REFUSED() ? NULL : __libc_malloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}
