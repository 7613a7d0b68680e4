/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the probe share. */
#ifndef CNM_TESTS_TOOLS_PROBE_H
#define CNM_TESTS_TOOLS_PROBE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define PROBE_TEXT_MAX 160

/* What is asked, by whom and how long. */
struct probe_question {
	uint8_t protocol;
	struct sockaddr_storage server;
	socklen_t server_len;
	uint16_t port, source_port; /* source_port 0: any */
	int wait_ms;
};

/* One answers, the other asks. Both say what went wrong, and return an exit status. */
int probe_serve(char **args, const char *name, int background);
int probe_ask(const struct probe_question *question);
int probe_hold(const struct probe_question *question);
/* FROM-NAMESPACE INTERFACE TO-NAMESPACE INTERFACE; frames on standard input: first the one that is known to pass, then lines
 * "pass|drop NAME|WORDS". 1 when one did otherwise. */
int probe_frames(char **args);

/* Questions to a name server, of standard input, out of the namespace. */
int probe_names(const char *netns, const struct probe_question *question);

/* 0 when the name is not tcp, udp or sctp. */
uint8_t probe_protocol(const char *name);
/* FIRST or FIRST-LAST; the last is the first then. -1: neither. */
int probe_range(const char *text, uint16_t *first, uint16_t *last);
int probe_fail(const char *what);

#endif
