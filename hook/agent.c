/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `cnm agent`: the one long-running part. It holds STATE/agent.lock, so that there is one for each state directory, and answers on STATE/agent.sock
 * whoever wants to be sure that it has seen a change. Nothing in the kernel depends on it.
 */
#include "hook/agent.h"
#include "cnm/base/cleanup.h"
#include "cnm/served.h"
#include "hook/cli_commands.h"
#include "hook/cli_join.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#define LOCK        "agent.lock"
#define DEFAULT_TTL 5
#define MAX_TTL     86400
#define BACKLOG     128
#define WAITERS_MAX 128 /* of cnm_agent_sync */

static const struct cnm_agent_service *const services[] = {&cnm_names_service};

struct running {
	struct cnm_agent agent;
	void *services[CNM_ARRAY_SIZE(services)];
	struct cnm_loop_source signals, door;
	unsigned waiters;
};

struct waiter {
	struct cnm_loop_source source;
	struct running *running;
};

void cnm_agent_log(const char *format, ...)
{
	char text[CNM_ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "cnm agent: %s\n", text);
}

/* The door ------------------------------------------------------------------------------------- */

static void end_waiter(struct waiter *waiter)
{
	cnm_loop_remove(waiter->running->agent.loop, &waiter->source);
	cnm_closep(&waiter->source.fd);
	waiter->running->waiters--;
	free(waiter);
}

static void on_waiter(struct cnm_loop_source *source, uint32_t events)
{
	struct waiter *waiter = CNM_CONTAINER_OF(source, struct waiter, source);
	struct running *running = waiter->running;
	char byte;
	size_t i;

	if (recv(source->fd, &byte, 1, MSG_DONTWAIT) == 1) {
		for (i = 0; i < CNM_ARRAY_SIZE(services); i++)
			if (running->services[i] && services[i]->sync)
				services[i]->sync(running->services[i]);
		send(source->fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	end_waiter(waiter);
}

static void on_door(struct cnm_loop_source *source, uint32_t events)
{
	struct running *running = CNM_CONTAINER_OF(source, struct running, door);
	struct cnm_error ignored = CNM_ERROR_INIT;
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct waiter *waiter;

	if (fd < 0)
		return;
	waiter = running->waiters < WAITERS_MAX ? calloc(1, sizeof(*waiter)) : NULL;
	if (!waiter) {
		close(fd);
		return;
	}
	waiter->source = (struct cnm_loop_source){.fd = fd, .fn = on_waiter};
	waiter->running = running;
	running->waiters++;
	if (cnm_loop_add(running->agent.loop, &waiter->source, EPOLLIN, &ignored) < 0)
		end_waiter(waiter);
}

/* The folder is only root's, and so is the door. */
static int open_door(struct running *running, struct cnm_error *err)
{
	const struct cnm_store *store = running->agent.controller->store;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	running->door = (struct cnm_loop_source){.fd = fd, .fn = on_door};
	if (fd < 0)
		return cnm_fail_sys(err, errno, CNM_AGENT_SOCKET);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/" CNM_AGENT_SOCKET, store->state_fd);
	if (unlinkat(store->state_fd, CNM_AGENT_SOCKET, 0) < 0 && errno != ENOENT)
		return cnm_fail_sys(err, errno, CNM_AGENT_SOCKET);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, BACKLOG) < 0)
		return cnm_fail_sys(err, errno, CNM_AGENT_SOCKET);
	return cnm_loop_add(running->agent.loop, &running->door, EPOLLIN, err);
}

/* One for each state directory. */
static int take_lock(const struct cnm_store *store, struct cnm_error *err)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	_cleanup_close_ int fd =
	        openat(store->state_fd, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return cnm_fail_sys(err, errno, "%s/" LOCK, store->state_path);
	if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
		return errno == EAGAIN || errno == EACCES
		               ? cnm_fail(err, CNM_E_BUSY, "another agent serves %s", store->state_path)
		               : cnm_fail_sys(err, errno, "%s/" LOCK, store->state_path);
	return TAKE_FD(fd);
}

/* Start and end -------------------------------------------------------------------------------- */

static void on_signal(struct cnm_loop_source *source, uint32_t events)
{
	struct running *running = CNM_CONTAINER_OF(source, struct running, signals);
	struct signalfd_siginfo info;

	if (read(source->fd, &info, sizeof(info)) == sizeof(info))
		cnm_loop_stop(running->agent.loop);
}

static int watch_signals(struct running *running, struct cnm_error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	running->signals = (struct cnm_loop_source){.fd = -1, .fn = on_signal};
	/* One that is ignored, as a shell does it with what it starts in the background, would never come. */
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return cnm_fail_sys(err, errno, "signals");
	running->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (running->signals.fd < 0)
		return cnm_fail_sys(err, errno, "signals");
	return cnm_loop_add(running->agent.loop, &running->signals, EPOLLIN, err);
}

/* A socket for each network, query and connection; what limits them is our own. */
static void raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void stop_services(struct running *running)
{
	size_t i;

	for (i = CNM_ARRAY_SIZE(services); i-- > 0;)
		if (running->services[i])
			services[i]->stop(running->services[i]);
}

static int serve(struct running *running, struct cnm_error *err)
{
	size_t i;

	if (watch_signals(running, err) < 0)
		return -1;
	for (i = 0; i < CNM_ARRAY_SIZE(services); i++)
		if (services[i]->start(&running->agent, &running->services[i], err) < 0)
			return cnm_wrap(err, "%s", services[i]->name);
	/* The last thing: who finds the door, finds the services behind it. */
	if (open_door(running, err) < 0)
		return -1;
	return cnm_loop_run(running->agent.loop, err);
}

static int run_agent(struct cnm_controller *controller, const struct cnm_agent_settings *settings,
                     struct cnm_error *err)
{
	struct running running = {.agent = {.controller = controller, .settings = *settings},
	                          .signals = {.fd = -1},
	                          .door = {.fd = -1}};
	_cleanup_close_ int lock = take_lock(controller->store, err);
	int r;

	if (lock < 0 || cnm_loop_open(&running.agent.loop, err) < 0)
		return -1;
	raise_files();
	r = serve(&running, err);
	if (running.door.fd >= 0)
		unlinkat(controller->store->state_fd, CNM_AGENT_SOCKET, 0);
	stop_services(&running);
	cnm_closep(&running.door.fd);
	cnm_closep(&running.signals.fd);
	cnm_loop_close(running.agent.loop);
	return r;
}

/* The command ---------------------------------------------------------------------------------- */

enum { KEY_NO_NAMES = CNM_CLI_KEY_VERB, KEY_TTL };

static const struct argp_option options[] = {
        {"ttl", KEY_TTL, "SECONDS", 0, "How long an answer may be remembered (5)", 0},
        {"no-names", KEY_NO_NAMES, NULL, 0, "Answer no names", 0},
        {0},
};

/* Of zeroed input: ttl is kept one higher, so that 0 can be told from nothing. */
static error_t option(int key, char *arg, void *input, struct cnm_error *err)
{
	struct cnm_agent_settings *settings = input;
	long ttl;

	switch (key) {
	case KEY_TTL:
		if (cnm_cli_number(arg, 0, MAX_TTL, "--ttl", &ttl, err) < 0)
			return -1;
		settings->ttl = (unsigned)ttl + 1;
		return 0;
	case KEY_NO_NAMES:
		settings->no_names = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	struct cnm_agent_settings settings = *(const struct cnm_agent_settings *)input;

	settings.ttl = settings.ttl ? settings.ttl - 1 : DEFAULT_TTL;
	if (!cnm_cli_controller(cli, err))
		return -1;
	return run_agent(cli->controller, &settings, err);
}

const struct cnm_cli_command cnm_cli_agent = {
        .name = "agent",
        .summary = "Answer names on the networks until a signal ends it",
        .options = options,
        .option = option,
        .input_size = sizeof(struct cnm_agent_settings),
        .serves = true,
        .run = run,
};
