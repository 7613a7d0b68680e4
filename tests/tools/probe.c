/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two ends of a test's connection: `serve` answers everybody with the address that it sees, `ask` prints the answer, `hold` keeps asking
 * out of one socket. Over TCP, UDP and SCTP, in both families.
 */
#include "tests/tools/probe.h"
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
        "usage: probe serve [-b] [-n NAME] PROTOCOL PORT[-END] [PROTOCOL PORT[-END]]...\n"
        "       probe ask PROTOCOL ADDRESS PORT [-w MILLISECONDS] [-s SOURCE-PORT]\n"
        "       probe hold udp ADDRESS PORT [-w MILLISECONDS] [-s SOURCE-PORT]\n"
        "       probe frames FROM-NAMESPACE INTERFACE TO-NAMESPACE INTERFACE <FRAMES\n"
        "       probe names NAMESPACE SERVER [-w MILLISECONDS] <QUESTIONS\n"
        "serve answers with CLIENT-ADDRESS CLIENT-PORT SERVER-PORT [NAME]; -b: in the background once it is "
        "ready.\n"
        "hold asks every MILLISECONDS and prints all answers.\n";

uint8_t probe_protocol(const char *name)
{
	if (strcmp(name, "tcp") == 0)
		return IPPROTO_TCP;
	if (strcmp(name, "udp") == 0)
		return IPPROTO_UDP;
	return strcmp(name, "sctp") == 0 ? IPPROTO_SCTP : 0;
}

int probe_range(const char *text, uint16_t *first, uint16_t *last)
{
	char *end;
	unsigned long a = strtoul(text, &end, 10), b = a;

	if (*end == '-')
		b = strtoul(end + 1, &end, 10);
	if (*end || a == 0 || b < a || b > UINT16_MAX)
		return -1;
	*first = (uint16_t)a;
	*last = (uint16_t)b;
	return 0;
}

int probe_fail(const char *what)
{
	fprintf(stderr, "probe: %s: %m\n", what);
	return 2;
}

static int bad_usage(void)
{
	fputs(usage, stderr);
	return 2;
}

static int find_server(const char *text, const char *port, struct probe_question *question)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM}, *found;

	if (getaddrinfo(text, port, &hints, &found) != 0)
		return -1;
	memcpy(&question->server, found->ai_addr, found->ai_addrlen);
	question->server_len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

struct arguments {
	const char *name;
	int background;
	int wait_ms;
	uint16_t source_port;
};

static int parse_options(int argc, char **argv, struct arguments *ret)
{
	uint16_t last;
	int option;

	while ((option = getopt(argc, argv, "bn:w:s:")) != -1) {
		if (option == 'b')
			ret->background = 1;
		else if (option == 'n')
			ret->name = optarg;
		else if (option == 'w')
			ret->wait_ms = atoi(optarg);
		else if (option != 's' || probe_range(optarg, &ret->source_port, &last) < 0)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {.wait_ms = 1000};
	struct probe_question question = {0};
	const char *verb;
	uint16_t last;

	if (parse_options(argc, argv, &arguments) < 0 || argc - optind < 3)
		return bad_usage();
	verb = argv[optind];
	if (strcmp(verb, "serve") == 0)
		return (argc - optind) % 2 == 1
		               ? probe_serve(argv + optind + 1, arguments.name, arguments.background)
		               : bad_usage();
	if (strcmp(verb, "frames") == 0)
		return argc - optind == 5 ? probe_frames(argv + optind + 1) : bad_usage();
	question.wait_ms = arguments.wait_ms;
	question.source_port = arguments.source_port;
	if (strcmp(verb, "names") == 0)
		return argc - optind == 3 && find_server(argv[optind + 2], "53", &question) == 0
		               ? probe_names(argv[optind + 1], &question)
		               : bad_usage();
	question.protocol = probe_protocol(argv[optind + 1]);
	if (argc - optind != 4 || !question.protocol || find_server(argv[optind + 2], NULL, &question) < 0 ||
	    probe_range(argv[optind + 3], &question.port, &last) < 0)
		return bad_usage();
	if (strcmp(verb, "ask") == 0)
		return probe_ask(&question);
	return strcmp(verb, "hold") == 0 && question.protocol == IPPROTO_UDP ? probe_hold(&question)
	                                                                     : bad_usage();
}
