/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft language text, by libnftables. It is opened on first use: to load it costs half a millisecond, and only the first network on
 * a host and the last one need it. It runs in a child: where memory or a socket is not to be had the library prints and ends its
 * process, and it repeats an interrupted dump for ever.
 */
#include "cnm/base/cleanup.h"
#include "cnm/base/error.h"
#include "cnm/sys/nft.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <nftables/libnftables.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define LIBRARY "libnftables.so.1"

/* A transaction waits for others; to load a table takes some milliseconds. */
#define ANSWER_MS 20000

struct library {
	void *handle;
	struct nft_ctx *(*ctx_new)(uint32_t flags);
	void (*ctx_free)(struct nft_ctx *ctx);
	int (*buffer_error)(struct nft_ctx *ctx);
	const char *(*get_error)(struct nft_ctx *ctx);
	int (*run)(struct nft_ctx *ctx, const char *text);
};

/* POSIX lets dlsym's answer be called; ISO C has no conversion for it, so the bytes are copied. */
static int resolve(void *handle, const char *name, void *ret, struct cnm_error *err)
{
	void *symbol = dlsym(handle, name);

	if (!symbol)
		return cnm_fail(err, CNM_E_UNSUPPORTED, LIBRARY " has no function %s", name);
	memcpy(ret, &symbol, sizeof(symbol));
	return 0;
}

static int open_library(struct library *lib, struct cnm_error *err)
{
	lib->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!lib->handle)
		return cnm_fail(err, CNM_E_UNSUPPORTED,
		                "cannot load " LIBRARY
		                " (package libnftables1), which the first network needs");
	if (resolve(lib->handle, "nft_ctx_new", &lib->ctx_new, err) < 0 ||
	    resolve(lib->handle, "nft_ctx_free", &lib->ctx_free, err) < 0 ||
	    resolve(lib->handle, "nft_ctx_buffer_error", &lib->buffer_error, err) < 0 ||
	    resolve(lib->handle, "nft_ctx_get_error_buffer", &lib->get_error, err) < 0 ||
	    resolve(lib->handle, "nft_run_cmd_from_buffer", &lib->run, err) < 0) {
		dlclose(lib->handle);
		return -1;
	}
	return 0;
}

/* The first line of what the library says, without its position: "Error: File exists". */
static int fail_text(const char *words, struct cnm_error *err)
{
	const char *at = words ? strstr(words, "Error: ") : NULL;
	const char *line = at ? at + strlen("Error: ") : "no reason given";

	cnm_fail(err, CNM_E_SYSTEM, "nftables: %.*s", (int)strcspn(line, "\n"), line);
	if (err && strstr(line, "File exists"))
		err->code = CNM_E_EXISTS;
	return -1;
}

static int run_here(const char *text, struct cnm_error *err)
{
	struct library lib = {.handle = NULL};
	struct nft_ctx *ctx;
	int r = 0;

	if (open_library(&lib, err) < 0)
		return -1;
	ctx = lib.ctx_new(NFT_CTX_DEFAULT);
	if (!ctx || lib.buffer_error(ctx) != 0)
		r = cnm_fail_nomem(err);
	else if (lib.run(ctx, text) != 0)
		r = fail_text(lib.get_error(ctx), err);
	if (ctx)
		lib.ctx_free(ctx);
	dlclose(lib.handle);
	return r;
}

/* The child's last words, written at once: less than PIPE_BUF. */
struct answer {
	enum cnm_code code;
	int sys_errno;
	char text[512];
};

/* What stdio holds is the parent's to print, and what the library prints is nobody's. */
static int be_silent(void)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	return null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	                       dup2(null, STDERR_FILENO) < 0
	               ? -1
	               : 0;
}

__attribute__((noreturn)) static void run_child(const char *text, int out_fd, pid_t parent)
{
	struct cnm_error err = CNM_ERROR_INIT;
	struct answer answer;

	/* It works for us alone: nothing changes after us. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || be_silent() < 0)
		_exit(1);
	run_here(text, &err);
	answer = (struct answer){.code = err.code, .sys_errno = err.sys_errno};
	snprintf(answer.text, sizeof(answer.text), "%.*s", (int)sizeof(answer.text) - 1, err.text);
	_exit(write(out_fd, &answer, sizeof(answer)) == (ssize_t)sizeof(answer) ? 0 : 1);
}

/* 0: all of it came. */
static int read_answer(int fd, struct answer *ret, struct cnm_error *err)
{
	struct pollfd poll_fd = {fd, POLLIN, 0};
	ssize_t n;
	int r;

	do
		r = poll(&poll_fd, 1, ANSWER_MS);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return cnm_fail_sys(err, errno, "cannot wait for " LIBRARY);
	if (r == 0)
		return cnm_fail(err, CNM_E_TRY_AGAIN, LIBRARY " gives no answer for %d ms", ANSWER_MS);
	do
		n = read(fd, ret, sizeof(*ret));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return cnm_fail_sys(err, errno, "cannot read the answer of " LIBRARY);
	if (n != (ssize_t)sizeof(*ret))
		return cnm_fail(err, CNM_E_SYSTEM, LIBRARY " gave up: memory or descriptors are exhausted");
	return 0;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

int cnm_nft_run(const char *text, struct cnm_error *err)
{
	_cleanup_close_ int in_fd = -1, out_fd = -1;
	struct answer answer = {.code = CNM_OK};
	pid_t parent = getpid(), pid;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return cnm_fail_sys(err, errno, "cannot make a pipe");
	in_fd = ends[0];
	out_fd = ends[1];
	pid = fork();
	if (pid < 0)
		return cnm_fail_sys(err, errno, "cannot start a process for " LIBRARY);
	if (pid == 0)
		run_child(text, out_fd, parent);
	close(TAKE_FD(out_fd));
	r = read_answer(in_fd, &answer, err);
	end_child(pid);
	if (r < 0 || answer.code == CNM_OK)
		return r;
	cnm_fail(err, answer.code, "%s", answer.text);
	if (err)
		err->sys_errno = answer.sys_errno;
	return -1;
}
