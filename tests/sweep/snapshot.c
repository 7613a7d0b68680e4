/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that could be left, as sorted lines: files with what is in them, mounts, switches; the kernel's part is in snapshot_kernel.c. */
#include "tests/sweep/snapshot.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONTENT_MAX (256 * 1024)
#define SETTLE_MS   20

static struct lines *walking; /* nftw gives its callback nothing */
static enum snapshot_mode walking_mode;

/* Runs of hexadecimal digits that no person wrote: ids, and names and MAC addresses made of them. */
static void blur(char *text)
{
	char *from = text, *to = text;

	while (*from) {
		size_t run = strspn(from, "0123456789abcdef:");
		size_t digits = strspn(from, "0123456789abcdef");

		if (digits >= 10 || (run == 17 && from[2] == ':' && from[5] == ':')) {
			from += digits >= 10 ? digits : run;
			*to++ = '*';
		} else if (digits > 0) {
			memmove(to, from, digits);
			to += digits;
			from += digits;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

void lines_add(struct lines *lines, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		die("no memory");
	va_end(args);
	if (lines->mode == SNAPSHOT_SHAPE)
		blur(text);
	if (lines->count == lines->size) {
		lines->size = lines->size ? lines->size * 2 : 256;
		lines->items = realloc(lines->items, lines->size * sizeof(*lines->items));
		if (!lines->items)
			die("no memory");
	}
	lines->items[lines->count++] = text;
}

/* FNV-1a: enough to see that a file changed. */
static unsigned long long content_of(const char *path)
{
	static unsigned char buffer[CONTENT_MAX];
	unsigned long long hash = 14695981039346656037ULL;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buffer, sizeof(buffer)), i;

	for (i = 0; i < n; i++)
		hash = (hash ^ buffer[i]) * 1099511628211ULL;
	if (fd >= 0)
		close(fd);
	return hash;
}

static int add_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char target[4096] = "";
	unsigned long long content = 0;

	/* The allocator's place in a subnet belongs to no container. */
	if (strstr(path, "/cursors"))
		return 0;
	if (S_ISLNK(st->st_mode) && readlink(path, target, sizeof(target) - 1) < 0)
		target[0] = '\0';
	if (S_ISREG(st->st_mode) && walking_mode == SNAPSHOT_EXACT)
		content = content_of(path);
	lines_add(walking, "file %s mode %o owner %u %s%llx", path, st->st_mode, st->st_uid, target, content);
	return 0;
}

static void add_mounts(struct lines *lines)
{
	char line[4096], where[1024];
	FILE *file = fopen("/proc/self/mountinfo", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %*s %*s %*s %1023s", where) == 1 && strncmp(where, "/run/", 5) == 0)
			lines_add(lines, "mount %s", where);
	if (file)
		fclose(file);
}

static void add_switch(struct lines *lines, const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (n > 0)
		text[strcspn(text, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
	lines_add(lines, "switch %s = %s", path, text);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void snapshot_take(struct snapshot *ret, enum snapshot_mode mode)
{
	struct lines lines = {.mode = mode};

	walking = &lines;
	walking_mode = mode;
	nftw(world.root, add_file, 16, FTW_PHYS);
	nftw(world.state, add_file, 16, FTW_PHYS);
	add_mounts(&lines);
	add_switch(&lines, "/proc/sys/net/ipv4/ip_forward");
	add_switch(&lines, "/proc/sys/net/ipv6/conf/all/forwarding");
	add_switch(&lines, "/proc/sys/net/ipv4/conf/all/route_localnet");
	snapshot_kernel(&lines, mode);
	qsort(lines.items, lines.count, sizeof(*lines.items), by_text);
	*ret = (struct snapshot){.lines = lines.items, .count = lines.count};
}

void snapshot_free(struct snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < snapshot->count; i++)
		free(snapshot->lines[i]);
	free(snapshot->lines);
	*snapshot = (struct snapshot){0};
}

/* What is in one and not in the other; returns how many lines. */
static size_t compare(const struct snapshot *was, const struct snapshot *is, char *diff, size_t size)
{
	size_t i = 0, j = 0, differences = 0, len = 0;

	diff[0] = '\0';
	while (i < was->count || j < is->count) {
		int order = i == was->count ? 1 : j == is->count ? -1 : strcmp(was->lines[i], is->lines[j]);

		if (order == 0) {
			i++;
			j++;
			continue;
		}
		differences++;
		if (len < size)
			len += (size_t)snprintf(diff + len, size - len, "    %s: %s\n",
			                        order < 0 ? "lost" : "left",
			                        order < 0 ? was->lines[i] : is->lines[j]);
		if (order < 0)
			i++;
		else
			j++;
	}
	return differences;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void snapshot_settle(struct snapshot *ret, enum snapshot_mode mode)
{
	char diff[16];
	bool changed;

	do {
		snapshot_take(ret, mode);
		usleep(SETTLE_MS * 1000);
		changed = !snapshot_await(ret, mode, 0, diff, sizeof(diff));
		if (changed)
			snapshot_free(ret);
	} while (changed);
}

/* A namespace's last bits go a moment after its last process. */
bool snapshot_await(const struct snapshot *expected, enum snapshot_mode mode, unsigned ms, char *diff,
                    size_t size)
{
	long deadline = now_ms() + ms, pause_ms = 1;

	for (;;) {
		struct snapshot now;
		size_t differences;

		snapshot_take(&now, mode);
		differences = compare(expected, &now, diff, size);
		snapshot_free(&now);
		if (differences == 0)
			return true;
		if (now_ms() >= deadline)
			return false;
		usleep((useconds_t)pause_ms * 1000);
		pause_ms = pause_ms < 64 ? pause_ms * 2 : 64;
	}
}
