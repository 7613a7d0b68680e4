/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command under ptrace, with all its children: calls are counted for each process on its own, since their order among each other is not fixed. */
#include "tests/sweep/sweep.h"
#include <errno.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "the sweep knows the registers of x86-64 alone"
#endif

/* The kernel's lock on all links may be held by others for long. */
#define SECONDS_MAX 120
#define OPTIONS                                                                                              \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |               \
	 PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)

struct tracee {
	pid_t pid;
	unsigned calls;
	long number;
	struct fault fault; /* to be applied when the call returns */
	bool faulty;
};

struct run {
	const struct plan *plan;
	struct census *census;
	struct outcome *outcome;
	struct tracee tracees[PROCESSES_MAX];
	unsigned count, alive;
	long always; /* the system call that fails from now on; -1: none */
	bool started;
};

static struct tracee *find(struct run *run, pid_t pid)
{
	unsigned i;

	for (i = 0; i < run->count; i++)
		if (run->tracees[i].pid == pid)
			return &run->tracees[i];
	return NULL;
}

static struct tracee *add(struct run *run, pid_t pid)
{
	if (run->count == PROCESSES_MAX)
		die("the command has more than %d processes", PROCESSES_MAX);
	run->tracees[run->count] = (struct tracee){.pid = pid};
	run->alive++;
	return &run->tracees[run->count++];
}

static void kill_all(struct run *run)
{
	unsigned i;

	for (i = 0; i < run->count; i++)
		if (run->tracees[i].pid > 0)
			kill(run->tracees[i].pid, SIGKILL);
}

static bool is_planned(const struct run *run, const struct tracee *tracee)
{
	return run->plan->process == (unsigned)(tracee - run->tracees) && run->plan->call == tracee->calls;
}

static void note(struct run *run, const struct tracee *tracee, const char *what)
{
	run->outcome->reached = true;
	snprintf(run->outcome->at, sizeof(run->outcome->at), "%s of process %u, call %u, %s",
	         call_name(tracee->number), run->plan->process, tracee->calls, what);
}

static const char *fault_text(const struct fault *fault, bool always, char *out, size_t size)
{
	static const char *const kinds[] = {[FAULT_ERRNO] = "",
	                                    [FAULT_LOST] = " after the fact",
	                                    [FAULT_SHORT] = "short",
	                                    [FAULT_INTERRUPTED_DUMP] = "dump interrupted"};

	snprintf(out, size, "%s%s%s", fault->error ? strerrorname_np(fault->error) : "", kinds[fault->kind],
	         always ? ", for good" : "");
	return out;
}

/* The call is not made (FAULT_ERRNO), or made with a count of one (FAULT_SHORT). */
static void fail_at_entry(struct tracee *tracee)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, tracee->pid, NULL, &regs) < 0)
		return;
	if (tracee->fault.kind == FAULT_ERRNO)
		regs.orig_rax = (unsigned long long)-1;
	else if (tracee->fault.kind == FAULT_SHORT && regs.rdx > 1)
		regs.rdx = 1;
	else
		return;
	ptrace(PTRACE_SETREGS, tracee->pid, NULL, &regs);
}

/* Marks what recvmsg(fd, msg) returned as part of a dump that something changed under. */
static void interrupt_dump(const struct tracee *tracee, unsigned long long msg_at)
{
	struct msghdr msg;
	struct iovec iov, local, remote;
	struct nlmsghdr header;

	local = (struct iovec){&msg, sizeof(msg)};
	remote = (struct iovec){(void *)(uintptr_t)msg_at, sizeof(msg)};
	if (process_vm_readv(tracee->pid, &local, 1, &remote, 1, 0) < 0)
		return;
	local = (struct iovec){&iov, sizeof(iov)};
	remote = (struct iovec){msg.msg_iov, sizeof(iov)};
	if (process_vm_readv(tracee->pid, &local, 1, &remote, 1, 0) < 0)
		return;
	local = (struct iovec){&header, sizeof(header)};
	remote = (struct iovec){iov.iov_base, sizeof(header)};
	if (process_vm_readv(tracee->pid, &local, 1, &remote, 1, 0) < 0 ||
	    !(header.nlmsg_flags & NLM_F_MULTI))
		return;
	header.nlmsg_flags |= NLM_F_DUMP_INTR;
	process_vm_writev(tracee->pid, &local, 1, &remote, 1, 0);
}

static void fail_at_exit(struct tracee *tracee)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, tracee->pid, NULL, &regs) < 0)
		return;
	if (tracee->fault.kind == FAULT_INTERRUPTED_DUMP && (long long)regs.rax > 0)
		interrupt_dump(tracee, regs.rsi);
	if (tracee->fault.kind != FAULT_ERRNO && tracee->fault.kind != FAULT_LOST)
		return;
	regs.rax = (unsigned long long)-(long long)tracee->fault.error;
	ptrace(PTRACE_SETREGS, tracee->pid, NULL, &regs);
}

static void decide_fault(struct run *run, struct tracee *tracee)
{
	bool always = run->plan->kind == PLAN_FAIL_ALWAYS;
	char text[48];

	tracee->faulty = false;
	if (run->always != tracee->number && !is_planned(run, tracee))
		return;
	if (!call_fault(tracee->number, run->plan->choice, &tracee->fault) ||
	    (always && !call_is_fatal_for_ever(&tracee->fault)))
		return;
	if (is_planned(run, tracee))
		note(run, tracee, fault_text(&tracee->fault, always, text, sizeof(text)));
	if (always)
		run->always = tracee->number;
	tracee->faulty = true;
	fail_at_entry(tracee);
}

static void take_census(struct run *run, const struct tracee *tracee)
{
	unsigned process = (unsigned)(tracee - run->tracees);

	run->census->calls[process] = tracee->calls;
	if (tracee->calls < CALLS_MAX)
		run->census->number[process][tracee->calls] = (uint16_t)tracee->number;
	if (process == 0 && run->census->own == 0 && tracee->number == SYS_close_range)
		run->census->own = tracee->calls;
}

/* false: the tracee was killed. */
static bool at_entry(struct run *run, struct tracee *tracee, long number)
{
	tracee->calls++;
	tracee->number = number;
	if (run->census)
		take_census(run, tracee);
	switch (run->plan->kind) {
	case PLAN_KILL_BEFORE:
		if (!is_planned(run, tracee))
			return true;
		note(run, tracee, "all killed before");
		kill_all(run);
		return false;
	case PLAN_KILL_AFTER:
		/* Of the one that never returns the moment before is all there is. */
		if (!is_planned(run, tracee) || number != SYS_exit_group)
			return true;
		note(run, tracee, "killed before");
		kill(tracee->pid, SIGKILL);
		return false;
	case PLAN_FAIL_ONCE:
	case PLAN_FAIL_ALWAYS:
		decide_fault(run, tracee);
		return true;
	default:
		return true;
	}
}

static bool at_exit(struct run *run, struct tracee *tracee)
{
	if (tracee->faulty)
		fail_at_exit(tracee);
	tracee->faulty = false;
	if (run->plan->kind != PLAN_KILL_AFTER || !is_planned(run, tracee) || run->outcome->reached)
		return true;
	note(run, tracee, "killed after");
	kill(tracee->pid, SIGKILL);
	return false;
}

static bool at_syscall(struct run *run, struct tracee *tracee)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof(info), &info) <= 0)
		return true;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		return at_entry(run, tracee, (long)info.entry.nr);
	return tracee->calls == 0 || at_exit(run, tracee);
}

static void ended(struct run *run, struct tracee *tracee, int status)
{
	if (tracee == run->tracees)
		run->outcome->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	tracee->pid = 0;
	run->alive--;
}

static void stopped(struct run *run, struct tracee *tracee, int status)
{
	int signal = WSTOPSIG(status), deliver = 0;

	if (signal == (SIGTRAP | 0x80)) {
		if (!at_syscall(run, tracee))
			return;
	} else if (signal == SIGSTOP && !run->started) {
		ptrace(PTRACE_SETOPTIONS, tracee->pid, NULL, OPTIONS);
		run->started = true;
	} else if (signal != SIGTRAP && signal != SIGSTOP) {
		deliver = signal;
	}
	/* Until it has become the executable nothing is counted. */
	if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8) && tracee == run->tracees)
		tracee->calls = 0;
	ptrace(PTRACE_SYSCALL, tracee->pid, NULL, deliver);
}

static void on_alarm(int signal)
{
}

/* SIGALRM interrupts waitpid: what hangs is killed. */
static void set_alarm(int seconds)
{
	struct itimerval timer = {.it_value = {.tv_sec = seconds},
	                          .it_interval = {.tv_sec = seconds ? 1 : 0}};
	struct sigaction action = {.sa_handler = on_alarm};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static pid_t start(const struct command *command, bool traced)
{
	struct prepared prepared;
	pid_t pid;

	command_prepare(command, &prepared);
	pid = fork();
	if (pid == 0) {
		if (traced) {
			ptrace(PTRACE_TRACEME, 0, NULL, NULL);
			raise(SIGSTOP);
		}
		command_exec(&prepared);
	}
	if (pid < 0)
		die("fork: %s", strerror(errno));
	command_free(&prepared);
	return pid;
}

void trace_run(const struct command *command, const struct plan *plan, struct census *census,
               struct outcome *ret)
{
	bool traced = plan->kind != PLAN_MALLOC_ONCE && plan->kind != PLAN_MALLOC_ALWAYS;
	struct run run = {.plan = plan, .census = census, .outcome = ret, .always = -1};
	int status;

	*ret = (struct outcome){0};
	add(&run, start(command, traced));
	set_alarm(SECONDS_MAX);
	while (run.alive > 0) {
		pid_t pid = waitpid(-1, &status, __WALL);
		struct tracee *tracee = find(&run, pid);

		if (pid < 0 && errno == EINTR) {
			ret->hung = true;
			kill_all(&run);
		} else if (pid < 0) {
			break;
		} else if (WIFSTOPPED(status)) {
			stopped(&run, tracee ? tracee : add(&run, pid), status);
		} else if (tracee) {
			ended(&run, tracee, status);
		}
	}
	set_alarm(0);
}
