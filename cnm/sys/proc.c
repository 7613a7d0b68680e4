/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identity of processes and of this boot, read from procfs: proc(5), proc_pid_stat(5). */
#include "cnm/sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cnm/base/cleanup.h"
#include "cnm/sys/internal.h"

#define BOOT_ID_FILE     "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_LENGTH   36
#define FIELD_STATE      3
#define FIELD_START_TIME 22

struct stat_line {
	char state;
	uint64_t start_time;
};

/* The length read into ret[size], which is NUL-terminated; -1 with errno set. */
static ssize_t read_small(const char *path, char *ret, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	do
		n = read(fd, ret, size - 1);
	while (n < 0 && errno == EINTR);
	ret[n > 0 ? n : 0] = '\0';
	return n;
}

/* The process chooses the name in field 2, so the numbers are counted from the last parenthesis. */
static bool parse_stat(const char *line, struct stat_line *ret)
{
	const char *at = strrchr(line, ')');
	char *end;

	if (!at || at[1] != ' ' || at[2] == '\0')
		return false;
	ret->state = at[2];
	at += 2;
	for (int field = FIELD_STATE; field < FIELD_START_TIME; field++) {
		at = strchr(at, ' ');
		if (!at)
			return false;
		at++;
	}
	errno = 0;
	ret->start_time = strtoull(at, &end, 10);
	return errno == 0 && end != at && *end == ' ';
}

static int read_stat(pid_t pid, struct stat_line *ret, struct cnm_error *err)
{
	char path[64], line[1024]; /* about 350 bytes; what we need comes early */

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (read_small(path, line, sizeof(line)) < 0) {
		int saved = errno;

		cnm_fail_sys(err, saved, "process %d", (int)pid);
		return saved == ENOENT || saved == ESRCH ? cnm_sys_recode(err, CNM_E_NOT_FOUND) : -1;
	}
	if (!parse_stat(line, ret))
		return cnm_fail(err, CNM_E_SYSTEM, "process %d: %s has an unknown form", (int)pid, path);
	return 0;
}

int cnm_proc_start_time(pid_t pid, uint64_t *ret, struct cnm_error *err)
{
	struct stat_line stat_line;

	if (read_stat(pid, &stat_line, err) < 0)
		return -1;
	*ret = stat_line.start_time;
	return 0;
}

bool cnm_proc_is_alive(pid_t pid, uint64_t start_time)
{
	struct stat_line stat_line;

	return read_stat(pid, &stat_line, NULL) == 0 && stat_line.start_time == start_time &&
	       !strchr("ZXx", stat_line.state);
}

int cnm_boot_id(char ret[CNM_BOOT_ID_MAX], struct cnm_error *err)
{
	ssize_t n = read_small(BOOT_ID_FILE, ret, CNM_BOOT_ID_MAX);

	if (n < 0)
		return cnm_fail_sys(err, errno, BOOT_ID_FILE);
	ret[strcspn(ret, "\n")] = '\0';
	if (strlen(ret) != BOOT_ID_LENGTH || strspn(ret, "0123456789abcdef-") != BOOT_ID_LENGTH)
		return cnm_fail(err, CNM_E_SYSTEM, BOOT_ID_FILE ": not a boot id");
	return 0;
}
