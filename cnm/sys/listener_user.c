/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a port is, for the text of an error: the socket out of /proc/net, and the process that holds it. */
#include "cnm/base/cleanup.h"
#include "cnm/sys/listener.h"
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* The columns of a table, which spaces and colons part (Documentation/networking/proc_net_tcp.rst). */
enum { LOCAL_PORT = 2, STATE = 5, INODE = 13, COLUMNS };

/* The inode of the socket in a line, when it is one at the port; else 0. */
static unsigned long match_line(char *line, uint16_t port, bool listens)
{
	unsigned long values[COLUMNS] = {0};
	char *rest, *field = strtok_r(line, " :", &rest);
	int i;

	for (i = 0; field && i < COLUMNS; i++) {
		values[i] = strtoul(field, NULL, i == INODE ? 10 : 16);
		field = strtok_r(NULL, " :", &rest);
	}
	if (i < COLUMNS || values[LOCAL_PORT] != port || (listens && values[STATE] != TCP_LISTEN))
		return 0;
	return values[INODE];
}

/* The thread's own folder shows the namespace that the thread is in. */
static unsigned long find_inode(const char *table, uint16_t port, bool listens)
{
	unsigned long inode = 0;
	char path[64], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/thread-self/net/%s", table);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (!inode && fgets(line, sizeof(line), file))
		inode = match_line(line, port, listens);
	fclose(file);
	return inode;
}

static bool has_socket(const char *pid, const char *wanted)
{
	_cleanup_(close_dir) DIR *dir = NULL;
	char path[64], target[64];
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (len < 0)
			continue;
		target[len] = '\0';
		if (strcmp(target, wanted) == 0)
			return true;
	}
	return false;
}

static void name_process(const char *pid, char *ret, size_t size)
{
	char path[64], name[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	file = fopen(path, "re");
	if (file && fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
	if (name[0])
		snprintf(ret, size, "process %.16s (%s)", pid, name);
	else
		snprintf(ret, size, "process %.16s", pid);
}

void cnm_port_user(uint8_t protocol, uint16_t port, char *ret, size_t size)
{
	bool is_udp = protocol == IPPROTO_UDP;
	_cleanup_(close_dir) DIR *dir = NULL;
	struct dirent *entry;
	unsigned long inode;
	char wanted[64];

	if (size > 0)
		ret[0] = '\0';
	if (size == 0 || (!is_udp && protocol != IPPROTO_TCP))
		return;
	inode = find_inode(is_udp ? "udp" : "tcp", port, !is_udp);
	if (!inode)
		inode = find_inode(is_udp ? "udp6" : "tcp6", port, !is_udp);
	if (!inode)
		return;
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	dir = opendir("/proc");
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !has_socket(entry->d_name, wanted))
			continue;
		name_process(entry->d_name, ret, size);
		return;
	}
}
