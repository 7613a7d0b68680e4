/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times what published ports add to an attach, in turns: without ports, one port, a range that keeps its numbers, a range that does not, and
 * the reference plugin portmap with one port (its whole call: it comes on top of another plugin's attach).
 *
 *	ports ROUNDS CNM PORTMAP NETNS NETWORK
 */
#include "tests/bench/timing.h"

#define CONTAINER "bench-ports"
#define PORTMAP                                                                                              \
	"{\"cniVersion\":\"1.0.0\",\"name\":\"bench\",\"type\":\"portmap\",\"runtimeConfig\":{"              \
	"\"portMappings\":[{\"hostPort\":24001,\"containerPort\":80,\"protocol\":\"tcp\"}]},"                \
	"\"prevResult\":{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"eth0\",\"sandbox\":\"%s\"}],"  \
	"\"ips\":[{\"interface\":0,\"address\":\"10.97.0.200/24\"}]}}"

/* What one does, and what it may add to the first one's attach by the project's own measure (ms; 0: no limit). */
struct contender {
	const char *name, *ports;
	double limit;
	struct step attach, detach;
};

static void cnm_steps(struct contender *contender, char **argv)
{
	const char *cnm = argv[2], *netns = argv[4], *network = argv[5];

	step_args(&contender->attach,
	          (const char *[]){cnm, "connect", "--netns", netns, network, CONTAINER,
	                           contender->ports ? "-p" : NULL, contender->ports, NULL});
	step_args(&contender->detach, (const char *[]){cnm, "disconnect", network, CONTAINER, NULL});
}

static void portmap_step(struct step *step, const char *command, char **argv)
{
	step_args(step, (const char *[]){argv[3], NULL});
	step->env[2] = join("CNI_COMMAND=", command);
	step->env[3] = join("CNI_NETNS=", argv[4]);
	step->env[4] = join("CNI_CONTAINERID=", CONTAINER);
	step->env[5] = join("CNI_IFNAME=", "eth0");
	step->env[6] = join("CNI_PATH=", "/");
	step->env[7] = join("PATH=", getenv("PATH"));
	snprintf(step->input, sizeof(step->input), PORTMAP, argv[4]);
}

static void measure(struct contender *contenders, int count, int rounds)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (int i = -3; i < rounds; i++) { /* the first ones warm up */
		for (int c = 0; c < count; c++) {
			int at = i < 0 ? 0 : i;

			rest();
			contenders[c].attach.ms[at] = run(&contenders[c].attach, null);
			rest();
			contenders[c].detach.ms[at] = run(&contenders[c].detach, null);
		}
	}
	close(null);
}

int main(int argc, char **argv)
{
	static struct contender contenders[] = {
	        {.name = "no port"},
	        {.name = "1 port", .ports = "20001:80", .limit = 0.3},
	        {.name = "range of 1,000", .ports = "21000-21999:21000-21999", .limit = 10},
	        {.name = "1,000 shifted", .ports = "22000-22999:32000-32999", .limit = 10},
	        {.name = "portmap, 1 port"},
	};
	const int count = sizeof(contenders) / sizeof(*contenders), portmap = count - 1;
	int rounds = argc > 1 ? atoi(argv[1]) : 0;
	double without, reference;

	if (argc != 6 || rounds < 1 || rounds > ROUNDS_MAX) {
		fputs("usage: ports ROUNDS CNM PORTMAP NETNS NETWORK\n", stderr);
		return 2;
	}
	for (int c = 0; c < portmap; c++)
		cnm_steps(&contenders[c], argv);
	portmap_step(&contenders[portmap].attach, "ADD", argv);
	portmap_step(&contenders[portmap].detach, "DEL", argv);

	measure(contenders, count, rounds);
	without = median(contenders[0].attach.ms, rounds);
	reference = median(contenders[portmap].attach.ms, rounds);
	printf("%-16s %10s %10s %10s %14s %10s   (median of %d, ms)\n", "publishing", "attach", "adds",
	       "limit", "of portmap's", "detach", rounds);
	for (int c = 0; c < count; c++) {
		double took = median(contenders[c].attach.ms, rounds),
		       adds = c == portmap ? took : took - without;

		printf("%-16s %10.2f %10.2f %10.1f %14.3f %10.2f\n", contenders[c].name, took, adds,
		       contenders[c].limit, adds / reference, median(contenders[c].detach.ms, rounds));
	}
	return 0;
}
