/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names that ports have, for questions like _http._tcp.NAME: services(5), read when the agent starts. A host without that file knows numbers only. */
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "hook/names.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (4 * 1024 * 1024)

struct names_service {
	char name[32];
	struct names_port port;
};

static uint8_t parse_protocol(const char *text)
{
	return strcmp(text, "tcp") == 0    ? IPPROTO_TCP
	       : strcmp(text, "udp") == 0  ? IPPROTO_UDP
	       : strcmp(text, "sctp") == 0 ? IPPROTO_SCTP
	                                   : 0;
}

static int compare(const void *a, const void *b)
{
	const struct names_service *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	return order ? order : one->port.protocol - other->port.protocol;
}

static bool add(struct names *names, const char *name, const struct names_port *port)
{
	struct names_service *service;

	if (strlen(name) >= sizeof(service->name))
		return true;
	if (names->service_count == names->service_room) {
		size_t room = names->service_room ? names->service_room * 2 : 256;

		service = reallocarray(names->services, room, sizeof(*service));
		if (!service)
			return false;
		names->services = service;
		names->service_room = room;
	}
	service = &names->services[names->service_count++];
	*service = (struct names_service){.port = *port};
	names_lower(service->name, sizeof(service->name), name);
	return true;
}

/* "NAME PORT/PROTOCOL ALIAS...", and a comment; anything else is left out. */
static bool parse_line(struct names *names, char *line)
{
	char *rest = NULL, *end, *name, *where;
	struct names_port port = {0};
	unsigned long number;

	line[strcspn(line, "#")] = '\0';
	name = strtok_r(line, " \t\r", &rest);
	where = strtok_r(NULL, " \t\r", &rest);
	if (!name || !where)
		return true;
	number = strtoul(where, &end, 10);
	if (*end != '/' || number == 0 || number > UINT16_MAX)
		return true;
	port.protocol = parse_protocol(end + 1);
	port.first = port.last = (uint16_t)number;
	for (; port.protocol && name; name = strtok_r(NULL, " \t\r", &rest))
		if (!add(names, name, &port))
			return false;
	return true;
}

int names_services_load(struct names *names, const char *path, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(FILE_MAX);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct cnm_error ignored = CNM_ERROR_INIT;
	char *line, *rest = NULL;

	if (fd < 0 || cnm_buf_read_fd(&text, fd, path, &ignored) < 0 || !text.data)
		return 0;
	for (line = strtok_r(text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (!parse_line(names, line))
			return cnm_fail_nomem(err);
	qsort(names->services, names->service_count, sizeof(*names->services), compare);
	return 0;
}

uint16_t names_services_find(const struct names *names, const char *name, size_t len, uint8_t protocol)
{
	struct names_service key = {.port = {.protocol = protocol}};
	const struct names_service *found;

	if (len >= sizeof(key.name) || names->service_count == 0)
		return 0;
	memcpy(key.name, name, len);
	found = bsearch(&key, names->services, names->service_count, sizeof(key), compare);
	return found ? found->port.first : 0;
}
