/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times an attach and a detach by cnm and by the bare program, in turns, so that what else the machine does hits all alike.
 * Prints medians and their ratio.
 *
 *	bench ROUNDS CNM BARE NETWORK BRIDGE NETNS ADDRESS GATEWAY [ADDRESS6 GATEWAY6]
 */
#include "tests/bench/timing.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT 3
#define OCI   "cnm oci"
#define STATE "{\"ociVersion\":\"1.0.2\",\"id\":\"bench-oci\",\"status\":\"%s\",\"pid\":%d,\"bundle\":\"/\"}"

struct contender {
	const char *name;
	struct step attach, detach;
};

static void cni_step(struct step *step, const char *cnm, const char *command, const char *netns,
                     const char *network)
{
	step_args(step, (const char *[]){cnm, NULL});
	step->env[2] = join("CNI_COMMAND=", command);
	step->env[3] = join("CNI_NETNS=", netns);
	step->env[4] = join("CNI_CONTAINERID=", "bench-cni");
	step->env[5] = join("CNI_IFNAME=", "eth0");
	step->env[6] = join("CNI_PATH=", "/opt/cni/bin");
	snprintf(step->input, sizeof(step->input),
	         "{\"cniVersion\":\"1.0.0\",\"name\":\"%s\",\"type\":\"cnm\"}", network);
}

/* A container's init as the hook meets it: a process in the namespace that waits. */
static pid_t start_init(const char *netns)
{
	int ready[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0)
		fail("pipe", 0);
	pid_t pid = fork();
	if (pid == 0) {
		int fd = open(netns, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || setns(fd, CLONE_NEWNET) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (pid < 0 || read(ready[0], &byte, 1) != 1)
		fail(netns, 0);
	close(ready[0]);
	return pid;
}

static void stop_init(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void measure(struct contender contenders[COUNT], const char *netns, int rounds)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (int i = -3; i < rounds; i++) { /* the first ones warm up */
		for (int c = 0; c < COUNT; c++) {
			struct contender *contender = &contenders[c];
			int at = i < 0 ? 0 : i;
			pid_t init = start_init(netns);

			if (strcmp(contender->name, OCI) == 0)
				snprintf(contender->attach.input, sizeof(contender->attach.input), STATE,
				         "creating", (int)init);
			rest();
			contender->attach.ms[at] = run(&contender->attach, null);
			stop_init(init);
			rest();
			contender->detach.ms[at] = run(&contender->detach, null);
		}
	}
	close(null);
}

int main(int argc, char **argv)
{
	static struct contender contenders[COUNT] = {
	        {.name = "bare netlink"}, {.name = OCI}, {.name = "cnm CNI"}};
	int rounds = argc > 1 ? atoi(argv[1]) : 0;
	double attach, detach;

	if (argc < 9 || rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: bench ROUNDS CNM BARE NETWORK BRIDGE NETNS ADDRESS GATEWAY [ADDRESS6 "
		                "GATEWAY6]\n");
		return 2;
	}
	const char *cnm = argv[2], *bare = argv[3], *network = argv[4], *netns = argv[6];
	step_args(&contenders[0].attach, (const char *[]){bare, "add", netns, argv[5], argv[7], argv[8],
	                                                  argv[9], argc > 10 ? argv[10] : NULL, NULL});
	step_args(&contenders[0].detach, (const char *[]){bare, "del", NULL});
	step_args(&contenders[1].attach,
	          (const char *[]){cnm, "oci", "createRuntime", "--network", network, NULL});
	step_args(&contenders[1].detach, (const char *[]){cnm, "oci", "poststop", NULL});
	snprintf(contenders[1].detach.input, sizeof(contenders[1].detach.input), STATE, "stopped", 0);
	cni_step(&contenders[2].attach, cnm, "ADD", netns, network);
	cni_step(&contenders[2].detach, cnm, "DEL", netns, network);

	measure(contenders, netns, rounds);
	attach = median(contenders[0].attach.ms, rounds);
	detach = median(contenders[0].detach.ms, rounds);
	printf("%-14s %10s %8s %10s %8s   (median of %d, ms)\n", network, "attach", "ratio", "detach",
	       "ratio", rounds);
	for (int c = 0; c < COUNT; c++) {
		double a = median(contenders[c].attach.ms, rounds),
		       d = median(contenders[c].detach.ms, rounds);

		printf("%-14s %10.2f %8.2f %10.2f %8.2f\n", contenders[c].name, a, a / attach, d, d / detach);
	}
	return 0;
}
