/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the sweep share. A sweep runs one verb of the built executable again and again, each time stopped or failed at another
 * system call; then a recovery; then everything must be as before (docs/reliability.md).
 *
 * main.c      arguments, workers, the table of results
 * verbs.c     what is swept, and what may come after
 * trial.c     one run, its recovery, and the judgement
 * trace.c     a command under ptrace: counted, killed, or failed at a chosen system call
 * calls.c     names of system calls, and the errors that each may give
 * world.c     the small host that a worker lives on
 * snapshot*.c all that could be left
 */
#ifndef CNM_TESTS_SWEEP_H
#define CNM_TESTS_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARGS_MAX  16
#define STEPS_MAX 8

/* verbs.c ------------------------------------------------------------------------------------------ */

/* %P stands for the container's process, %N for the path of its namespace. */
struct command {
	const char *args[ARGS_MAX];
	const char *cni;   /* CNI_COMMAND; NULL: no CNI variables */
	const char *input; /* on stdin */
};

enum step_kind {
	STEP_END,
	STEP_RUN,   /* ends well; or else `otherwise` does */
	STEP_TRY,   /* ends well or with an error */
	STEP_GONE,  /* the container ends, and its namespace with it */
	STEP_FRESH, /* a container of that id is there: another one where it had ended */
	STEP_FLOW,  /* a datagram to the published port, which leaves a tracked connection */
	STEP_FLUSH, /* somebody empties the firewall */
};

struct step {
	enum step_kind kind;
	const struct command *command, *otherwise;
};

struct verb {
	const char *name;
	bool bare;    /* on a host without any network; else with network n0 and a bystander on it */
	bool removes; /* what fails may be half done: the same again ends it */
	struct step setup[STEPS_MAX];
	const struct command *command;
	struct step recoveries[3][STEPS_MAX];
	struct step after[STEPS_MAX]; /* from what the verb achieves back to the baseline */
};

extern const struct verb verbs[];
extern const size_t verb_count;

/* trace.c, calls.c --------------------------------------------------------------------------------- */

enum plan_kind {
	PLAN_COUNT,
	PLAN_KILL_BEFORE, /* the process and all its children: the machine dies */
	PLAN_KILL_AFTER,  /* the process alone: its children go on */
	PLAN_FAIL_ONCE,
	PLAN_FAIL_ALWAYS, /* every call of that kind, from the chosen one on */
	PLAN_MALLOC_ONCE,
	PLAN_MALLOC_ALWAYS,
};

struct plan {
	enum plan_kind kind;
	unsigned process; /* 0: the executable; 1, 2, ...: its children */
	unsigned call;    /* 1, 2, ...: of that process */
	unsigned choice;  /* which of the errors that the call may give */
};

#define PROCESSES_MAX 4
#define CALLS_MAX     2000

/* A counting run's result. */
struct census {
	unsigned calls[PROCESSES_MAX];
	uint16_t number[PROCESSES_MAX][CALLS_MAX];
	unsigned own;         /* the first call of main(), before it the loader's */
	unsigned allocations; /* of a run with PLAN_MALLOC_* that was to fail none */
};

struct outcome {
	bool reached; /* the planned call was made */
	bool hung;
	int status;  /* exit status, or 128 + signal */
	char at[80]; /* the call and the fault, for people */
};

void trace_run(const struct command *command, const struct plan *plan, struct census *census,
               struct outcome *ret);

enum fault_kind { FAULT_ERRNO, FAULT_LOST, FAULT_SHORT, FAULT_INTERRUPTED_DUMP };
struct fault {
	enum fault_kind kind;
	int error;
};
const char *call_name(long number);
/* Fault `choice` of a system call; false: it has not that many. */
bool call_fault(long number, unsigned choice, struct fault *ret);
bool call_is_fatal_for_ever(const struct fault *fault);

/* world.c ------------------------------------------------------------------------------------------ */

struct world {
	char root[64], state[64], netns_path[64], out_path[64];
	pid_t container;       /* 0: none */
	int container_netlink; /* a netlink socket in its namespace */
	int bystander_netlink, host_netlink;
	int flow_socket; /* in the bystander's namespace */
	int out_fd, err_fd;
	bool bare;
};

extern struct world world;
extern const char *executable;
extern const char *malloc_library, *malloc_executable; /* of runs whose allocations are refused */
extern const char *malloc_file; /* of a run whose allocations are counted and refused */

void world_make(bool bare);
void container_make(void);
void container_end(void);
/* argv and environment, filled in for exec; free with command_free. */
struct prepared {
	char *argv[ARGS_MAX + 2];
	char *env[16];
	int input;
};
void command_prepare(const struct command *command, struct prepared *ret);
void command_free(struct prepared *prepared);
/* In the child: standard descriptors, then execve. */
void command_exec(struct prepared *prepared);
/* Untraced, to its end: exit status. */
int command_run(const struct command *command);
/* What the last command printed on both. */
const char *command_output(void);
void flow_send(void);
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* snapshot.c, snapshot_kernel.c ------------------------------------------------------------------------ */

/* Sorted lines. */
struct snapshot {
	char *text;
	char **lines;
	size_t count;
};
enum snapshot_mode {
	SNAPSHOT_EXACT,
	SNAPSHOT_SHAPE, /* without what is random or differs from run to run: ids, MACs, contents */
};
void snapshot_take(struct snapshot *ret, enum snapshot_mode mode);
/* Taken again until nothing changes any more: the kernel adds routes of IPv6 addresses a moment after them. */
void snapshot_settle(struct snapshot *ret, enum snapshot_mode mode);
void snapshot_free(struct snapshot *snapshot);
/* Waits up to the given time until what is there is as in `expected`; false: `diff` (size bytes) says what differs. */
bool snapshot_await(const struct snapshot *expected, enum snapshot_mode mode, unsigned ms, char *diff,
                    size_t size);
struct lines;
void lines_add(struct lines *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));
void snapshot_kernel(struct lines *lines, enum snapshot_mode mode);
void firewall_flush(void);

/* trial.c ------------------------------------------------------------------------------------------ */

/* Runs before the trials of a verb: takes the baseline, counts, and remembers what success looks like. */
void trials_begin(const struct verb *verb, struct census *census);
/* One trial; false: something is left or went wrong, and `report` says what. *ret_reached: there was such a call. */
bool trial_run(const struct verb *verb, const struct plan *plan, unsigned recovery, bool *ret_reached,
               char *report, size_t size);

#endif
