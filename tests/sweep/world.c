/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small host of a worker: network and mount namespaces of its own, an empty /run with the roots in it, a container, and a bystander. */
#include "tests/sweep/sweep.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BASE     "/run/sweep"
#define GATEWAY  "10.7.0.1"
#define UDP_PORT 8081

struct world world;
const char *executable, *malloc_library, *malloc_executable, *malloc_file;

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("sweep: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(3);
}

static void lo_up(void)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		die("lo: %s", strerror(errno));
	close(fd);
}

static int netlink_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), one = 1;

	if (fd < 0)
		die("netlink: %s", strerror(errno));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return fd;
}

/* Sockets stay in the namespace that they were made in. */
static void open_inside(const char *path, int *netlink, int *datagram)
{
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int there = open(path, O_RDONLY | O_CLOEXEC);

	if (own < 0 || there < 0 || setns(there, CLONE_NEWNET) < 0)
		die("namespace %s: %s", path, strerror(errno));
	*netlink = netlink_open();
	if (datagram)
		*datagram = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (setns(own, CLONE_NEWNET) < 0)
		die("way back: %s", strerror(errno));
	close(own);
	close(there);
}

static void run_or_die(const struct command *command)
{
	if (command_run(command) != 0)
		die("%s %s: %s", command->args[0], command->args[1], command_output());
}

static void make_bystander(void)
{
	static const struct command network = {
	        .args = {"network", "create", "--subnet", "10.7.0.0/24", "--subnet", "fd07::/64", "n0"}};
	static const struct command sandbox = {.args = {"sandbox", "create", "s0"}};
	static const struct command connect = {.args = {"connect", "n0", "s0", "-p", "9000:9000"}};
	char path[96];

	run_or_die(&network);
	run_or_die(&sandbox);
	run_or_die(&connect);
	snprintf(path, sizeof(path), "%s/netns/s0", world.state);
	open_inside(path, &world.bystander_netlink, &world.flow_socket);
}

void world_make(bool bare)
{
	static const struct command list = {.args = {"network", "ls"}};

	world = (struct world){
	        .container_netlink = -1, .bystander_netlink = -1, .flow_socket = -1, .bare = bare};
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") < 0 || mkdir(BASE, 0700) < 0)
		die("namespaces: %s (as root?)", strerror(errno));
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	lo_up();
	snprintf(world.root, sizeof(world.root), BASE "/root");
	snprintf(world.state, sizeof(world.state), BASE "/state");
	snprintf(world.netns_path, sizeof(world.netns_path), BASE "/netns-c1");
	world.out_fd = memfd_create("stdout", MFD_CLOEXEC);
	world.err_fd = memfd_create("stderr", MFD_CLOEXEC);
	world.host_netlink = netlink_open();
	run_or_die(&list);
	if (!bare)
		make_bystander();
}

static void live_as_container(int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET) < 0)
		_exit(1);
	lo_up();
	if (write(ready, "", 1) != 1)
		_exit(1);
	close(ready);
	for (;;)
		pause();
}

void container_make(void)
{
	char path[64], byte;
	int ready[2], fd;

	if (world.container)
		return;
	if (pipe2(ready, O_CLOEXEC) < 0)
		die("pipe: %s", strerror(errno));
	world.container = fork();
	if (world.container == 0)
		live_as_container(ready[1]);
	close(ready[1]);
	if (world.container < 0 || read(ready[0], &byte, 1) != 1)
		die("the container does not start: %s", strerror(errno));
	close(ready[0]);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", world.container);
	fd = open(world.netns_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	if (mount(path, world.netns_path, NULL, MS_BIND, NULL) < 0)
		die("mount %s: %s", world.netns_path, strerror(errno));
	open_inside(world.netns_path, &world.container_netlink, NULL);
}

void container_end(void)
{
	if (!world.container)
		return;
	close(world.container_netlink);
	world.container_netlink = -1;
	umount2(world.netns_path, MNT_DETACH);
	unlink(world.netns_path);
	kill(world.container, SIGKILL);
	waitpid(world.container, NULL, 0);
	world.container = 0;
}

/* Commands ----------------------------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static char *print(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		die("no memory");
	va_end(args);
	return text;
}

/* %P and %N. */
static char *expand(const char *text)
{
	const char *at = strchr(text, '%');

	if (!at)
		return print("%s", text);
	return at[1] == 'P' ? print("%.*s%d%s", (int)(at - text), text, world.container, at + 2)
	                    : print("%.*s%s%s", (int)(at - text), text, world.netns_path, at + 2);
}

static int input_open(const char *input)
{
	char *text = expand(input ? input : "");
	int fd = memfd_create("stdin", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		die("stdin: %s", strerror(errno));
	free(text);
	return fd;
}

void command_prepare(const struct command *command, struct prepared *ret)
{
	size_t i, n = 0;

	*ret = (struct prepared){.input = input_open(command->input)};
	ret->argv[0] = print("cnm");
	for (i = 0; i < ARGS_MAX && command->args[i]; i++)
		ret->argv[i + 1] = expand(command->args[i]);
	ret->env[n++] = print("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	ret->env[n++] = print("CNM_ROOT=%s", world.root);
	ret->env[n++] = print("CNM_STATE=%s", world.state);
	if (command->cni) {
		ret->env[n++] = print("CNI_COMMAND=%s", command->cni);
		ret->env[n++] = print("CNI_CONTAINERID=c1");
		ret->env[n++] = print("CNI_NETNS=%s", world.container ? world.netns_path : "");
		ret->env[n++] = print("CNI_IFNAME=eth0");
		ret->env[n++] = print("CNI_PATH=/opt/cni/bin");
	}
	if (malloc_file) {
		ret->env[n++] = print("LD_PRELOAD=%s", malloc_library);
		ret->env[n++] = print("SWEEP_MALLOC=%s", malloc_file);
	}
	if (ftruncate(world.out_fd, 0) < 0 || ftruncate(world.err_fd, 0) < 0)
		die("output: %s", strerror(errno));
	lseek(world.out_fd, 0, SEEK_SET);
	lseek(world.err_fd, 0, SEEK_SET);
}

void command_free(struct prepared *prepared)
{
	size_t i;

	for (i = 0; prepared->argv[i]; i++)
		free(prepared->argv[i]);
	for (i = 0; prepared->env[i]; i++)
		free(prepared->env[i]);
	close(prepared->input);
}

void command_exec(struct prepared *prepared)
{
	dup2(prepared->input, 0);
	dup2(world.out_fd, 1);
	dup2(world.err_fd, 2);
	execve(malloc_file ? malloc_executable : executable, prepared->argv, prepared->env);
	_exit(126);
}

int command_run(const struct command *command)
{
	struct prepared prepared;
	int status;
	pid_t pid;

	command_prepare(command, &prepared);
	pid = fork();
	if (pid == 0)
		command_exec(&prepared);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		die("fork: %s", strerror(errno));
	command_free(&prepared);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char *command_output(void)
{
	static char text[4096];
	ssize_t n = pread(world.err_fd, text, sizeof(text) - 1, 0), more;

	n = n < 0 ? 0 : n;
	more = pread(world.out_fd, text + n, sizeof(text) - 1 - (size_t)n, 0);
	text[n + (more < 0 ? 0 : more)] = '\0';
	return text;
}

void flow_send(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(UDP_PORT)};

	inet_pton(AF_INET, GATEWAY, &to.sin_addr);
	if (sendto(world.flow_socket, "", 1, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("datagram to the published port: %s", strerror(errno));
}
