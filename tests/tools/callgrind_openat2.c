/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded where callgrind counts instructions, and nowhere else: Debian 12's valgrind knows no openat2(2), and answers ENOSYS. Here openat(2) takes its
 * place, without its guard against links; every other call passes.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

long syscall(long number, ...)
{
	long (*next)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	long args[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		args[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_openat2) {
		const struct open_how *how = (const struct open_how *)args[2];

		return openat((int)args[0], (const char *)args[1], (int)how->flags, (mode_t)how->mode);
	}
	return next(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}
