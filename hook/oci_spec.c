/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `cnm oci-spec`: makes a bundle use cnm. With --network the container gets hooks and a namespace of its own; with --sandbox it is put into a sandbox
 * that exists, whose networks are connected by hand. Either way hosts and resolv.conf are mounted from the folder "cnm" of the bundle, which
 * the sandbox keeps current.
 */
#include "spec/oci_spec.h"
#include "cnm/attach.h"
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "cnm/sys/file.h"
#include "hook/cli_commands.h"
#include "hook/cli_dns.h"
#include "spec/attach_arg.h"
#include "spec/port_arg.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CONFIG_MAX (1024 * 1024)
#define FILES_DIR  "cnm"
#define HOOK_LOG   "hook.log"

#define CRUN_HOOK_STDERR "run.oci.hooks.stderr" /* crun(1), "OCI features" */

struct oci_spec {
	const char *sandbox;
	struct cnm_attach_list networks; /* parsed only to be checked */
	struct cnm_port_args ports;      /* the same */
	struct cnm_strings hook_args;    /* --network NAME, -p PORT ... */
	struct cnm_cli_dns_args dns;     /* the same */
	struct cnm_error err;            /* of a network or port */
};

enum { KEY_NETWORK = CNM_CLI_KEY_VERB, KEY_SANDBOX };

static const struct argp_option options[] = {
        {"network", KEY_NETWORK, "NAME[:OPTION,...]", 0,
         "Attach to this network by hooks (repeat); options: ip, ip6, mac, ifname, alias, gw-priority. "
         "Without any: the annotation cnm.networks",
         0},
        {"publish", 'p', "[HOSTIP:]HOSTPORT:PORT[/PROTOCOL]", 0,
         "Publish a port, or FIRST-LAST, of the first network on the host (repeat)", 0},
        CNM_CLI_DNS_OPTIONS,
        {"sandbox", KEY_SANDBOX, "ID", 0, "Put the container into this sandbox instead", 0},
        {0},
};

static void add_network(struct oci_spec *args, const char *text)
{
	if (args->err.code == CNM_OK && cnm_attach_list_add(&args->networks, text, &args->err) == 0 &&
	    cnm_strings_add(&args->hook_args, "--network", &args->err) == 0)
		cnm_strings_add(&args->hook_args, text, &args->err);
}

static void add_port(struct oci_spec *args, const char *text)
{
	if (args->err.code == CNM_OK && cnm_port_args_add(&args->ports, text, &args->err) == 0 &&
	    cnm_strings_add(&args->hook_args, "-p", &args->err) == 0)
		cnm_strings_add(&args->hook_args, text, &args->err);
}

/* Checked where they are used, which is too late for who types them: so the same check is made here. */
static void add_dns(struct oci_spec *args, int key, const char *text)
{
	const char *name = key == CNM_CLI_KEY_DNS          ? "--dns"
	                   : key == CNM_CLI_KEY_DNS_SEARCH ? "--dns-search"
	                   : key == CNM_CLI_KEY_DNS_OPTION ? "--dns-option"
	                                                   : "--add-host";

	if (args->err.code == CNM_OK && cnm_cli_dns_option(key, text, &args->dns, &args->err) == 0 &&
	    cnm_strings_add(&args->hook_args, name, &args->err) == 0)
		cnm_strings_add(&args->hook_args, text, &args->err);
}

static error_t option(int key, char *arg, void *input, struct cnm_error *err)
{
	struct oci_spec *args = input;

	switch (key) {
	case KEY_NETWORK:
		add_network(args, arg);
		return 0;
	case 'p':
		add_port(args, arg);
		return 0;
	case KEY_SANDBOX:
		args->sandbox = arg;
		return 0;
	case CNM_CLI_KEY_DNS:
	case CNM_CLI_KEY_DNS_SEARCH:
	case CNM_CLI_KEY_DNS_OPTION:
	case CNM_CLI_KEY_ADD_HOST:
		add_dns(args, key, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int check(const struct cnm_cli *cli, const void *input, struct cnm_error *err)
{
	const struct oci_spec *args = input;

	struct cnm_sandbox_spec spec = {0};
	_cleanup_sandbox_ struct cnm_sandbox *scratch = calloc(1, sizeof(*scratch));

	cnm_cli_dns_spec(&args->dns, &spec);
	if (!scratch)
		return cnm_fail_nomem(err);
	if (cnm_sandbox_fill_dns(&spec, scratch, err) < 0)
		return -1;
	if (args->sandbox &&
	    (spec.dns_count || spec.dns_search_count || spec.dns_option_count || spec.extra_host_count))
		return cnm_fail(err, CNM_E_INVALID,
		                "a sandbox has its own name settings (`cnm sandbox create`): --dns and the "
		                "like exclude --sandbox");
	if (args->sandbox && args->networks.count + args->ports.count > 0)
		return cnm_fail(
		        err, CNM_E_INVALID,
		        "a sandbox has its own networks (`cnm connect`): --network and -p exclude --sandbox");
	return 0;
}

static void input_free(void *input)
{
	struct oci_spec *args = input;

	cnm_attach_list_free(&args->networks);
	cnm_port_args_free(&args->ports);
	cnm_strings_free(&args->hook_args);
	cnm_cli_dns_args_free(&args->dns);
}

/* Paths as the runtime will see them: absolute. */
struct bundle {
	int fd;
	char path[PATH_MAX];
	char files[PATH_MAX + 16];
	char hosts[PATH_MAX + 32];
	char resolv[PATH_MAX + 32];
	mode_t mode; /* of config.json */
};

static int open_bundle(const char *path, struct bundle *ret, struct cnm_error *err)
{
	struct stat st;

	if (!realpath(path, ret->path))
		return cnm_fail_sys(err, errno, "bundle %s", path);
	ret->fd = open(ret->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->fd < 0)
		return cnm_fail_sys(err, errno, "bundle %s", path);
	if (fstatat(ret->fd, "config.json", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return cnm_fail_sys(err, errno, "bundle %s: config.json", path);
	ret->mode = st.st_mode;
	snprintf(ret->files, sizeof(ret->files), "%s/" FILES_DIR, ret->path);
	snprintf(ret->hosts, sizeof(ret->hosts), "%s/hosts", ret->files);
	snprintf(ret->resolv, sizeof(ret->resolv), "%s/resolv.conf", ret->files);
	return 0;
}

static int read_config(const struct bundle *bundle, json_object **ret, struct cnm_error *err)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(CONFIG_MAX);
	_cleanup_close_ int fd =
	        openat(bundle->fd, "config.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return cnm_fail_sys(err, errno, "config.json");
	if (cnm_buf_read_fd(&text, fd, "config.json", err) < 0)
		return -1;
	return cnm_json_parse_object(ret, cnm_buf_text(&text), text.len, "config.json", err);
}

static int set_mounts(json_object *spec, const struct bundle *bundle, struct cnm_error *err)
{
	const char *own[] = {bundle->files};
	const struct cnm_oci_mount mounts[] = {
	        {.destination = "/etc/hosts", .source = bundle->hosts, .own_dirs = own, .own_dir_count = 1},
	        {.destination = "/etc/resolv.conf",
	         .source = bundle->resolv,
	         .own_dirs = own,
	         .own_dir_count = 1},
	};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(mounts); i++)
		if (cnm_oci_spec_set_mount(spec, &mounts[i], NULL, err) < 0)
			return -1;
	return 0;
}

static int set_hooks(struct cnm_cli *cli, json_object *spec, struct oci_spec *args,
                     const struct bundle *bundle, struct cnm_error *err)
{
	char program[PATH_MAX], root[PATH_MAX + 16], state[PATH_MAX + 16];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	const char *env[2];
	struct cnm_oci_hooks hooks = {.program = program, .env = env};

	if (len < 0)
		return cnm_fail_sys(err, errno, "/proc/self/exe");
	program[len] = '\0';
	if (cli->settings.root) {
		snprintf(root, sizeof(root), "CNM_ROOT=%s", cli->settings.root);
		env[hooks.env_count++] = root;
	}
	if (cli->settings.state) {
		snprintf(state, sizeof(state), "CNM_STATE=%s", cli->settings.state);
		env[hooks.env_count++] = state;
	}
	if (cnm_strings_add(&args->hook_args, "--files", err) < 0 ||
	    cnm_strings_add(&args->hook_args, bundle->files, err) < 0)
		return -1;
	hooks.args = (const char *const *)args->hook_args.items;
	hooks.arg_count = args->hook_args.count;
	return cnm_oci_spec_set_hooks(spec, &hooks, err);
}

/* The networks must exist: a container that fails at its start because of a typing error is found too late. */
static int check_networks(struct cnm_controller *controller, const struct oci_spec *args,
                          struct cnm_error *err)
{
	size_t i;

	for (i = 0; i < args->networks.count; i++) {
		_cleanup_network_ struct cnm_network *network = NULL;

		if (cnm_network_find(controller, args->networks.items[i].network, &network, err) < 0)
			return -1;
	}
	return 0;
}

static int use_sandbox(struct cnm_controller *controller, json_object *spec, const struct oci_spec *args,
                       const struct bundle *bundle, struct cnm_error *err)
{
	_cleanup_sandbox_ struct cnm_sandbox *sandbox = NULL;

	if (cnm_sandbox_find(controller, args->sandbox, &sandbox, err) < 0 ||
	    cnm_oci_spec_remove_hooks(spec, err) < 0 ||
	    cnm_oci_spec_set_netns(spec, cnm_sandbox_key(sandbox), err) < 0)
		return -1;
	return cnm_sandbox_mirror_files(controller, sandbox, bundle->files, err);
}

/* A namespace of a sandbox of ours was put there by an earlier --sandbox; any other is the bundle's own affair. */
static int forget_sandbox(struct cnm_cli *cli, json_object *spec, struct cnm_error *err)
{
	const char *state = cli->settings.state ? cli->settings.state : CNM_DEFAULT_STATE, *path;
	char own[PATH_MAX];
	bool present;

	if (cnm_oci_spec_get_netns(spec, &present, &path, err) < 0)
		return -1;
	snprintf(own, sizeof(own), "%s/netns/", state);
	if (path && strncmp(path, own, strlen(own)) == 0)
		cnm_oci_spec_forget_netns_path(spec);
	return cnm_oci_spec_set_netns(spec, NULL, err);
}

static int use_hooks(struct cnm_cli *cli, json_object *spec, struct oci_spec *args,
                     const struct bundle *bundle, struct cnm_error *err)
{
	if (check_networks(cli->controller, args, err) < 0 || forget_sandbox(cli, spec, err) < 0)
		return -1;
	return set_hooks(cli, spec, args, bundle, err);
}

/* The files that are mounted must be there before the runtime looks; the hook fills them. */
static int make_files(const struct bundle *bundle, struct cnm_error *err)
{
	_cleanup_close_ int dir = cnm_dir_open_root(bundle->files, true, err);

	if (dir < 0)
		return -1;
	if (faccessat(dir, "hosts", F_OK, 0) < 0 && cnm_file_overwrite_at(dir, "hosts", "", 0, err) < 0)
		return -1;
	if (faccessat(dir, "resolv.conf", F_OK, 0) < 0)
		return cnm_file_overwrite_at(dir, "resolv.conf", "", 0, err);
	return 0;
}

/* crun keeps what a hook says to itself, unless this annotation names a file for it. */
static int set_crun_log(json_object *spec, const struct bundle *bundle, struct cnm_error *err)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/" HOOK_LOG, bundle->files);
	return cnm_oci_spec_add_annotation(spec, CRUN_HOOK_STDERR, path, FILES_DIR "/" HOOK_LOG, err);
}

static int edit(struct cnm_cli *cli, struct oci_spec *args, const struct bundle *bundle,
                struct cnm_error *err)
{
	_cleanup_json_ json_object *spec = NULL;
	const char *text;

	if (read_config(bundle, &spec, err) < 0 || set_mounts(spec, bundle, err) < 0)
		return -1;
	if ((args->sandbox ? use_sandbox(cli->controller, spec, args, bundle, err)
	                   : use_hooks(cli, spec, args, bundle, err)) < 0 ||
	    (!args->sandbox && set_crun_log(spec, bundle, err) < 0) || make_files(bundle, err) < 0)
		return -1;
	text = json_object_to_json_string_ext(spec, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_PRETTY_TAB |
	                                                    JSON_C_TO_STRING_SPACED |
	                                                    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		return cnm_fail_nomem(err);
	return cnm_file_write_at(bundle->fd, "config.json", text, strlen(text), true,
	                         (bundle->mode & S_IROTH) != 0, err);
}

static int run(struct cnm_cli *cli, void *input, struct cnm_error *err)
{
	const struct oci_spec *args = input;
	struct bundle bundle = {.fd = -1};
	int r;

	if (args->err.code != CNM_OK) {
		*err = args->err;
		return -1;
	}
	if (open_bundle(cli->args[0], &bundle, err) < 0)
		return -1;
	r = cnm_cli_controller(cli, err) ? 0 : -1;
	if (r == 0 && edit(cli, input, &bundle, err) < 0)
		r = cnm_wrap(err, "bundle %s", cli->args[0]);
	cnm_closep(&bundle.fd);
	return r;
}

const struct cnm_cli_command cnm_cli_oci_spec = {
        .name = "oci-spec",
        .args = "BUNDLE",
        .summary = "Put hooks, namespace and mounts into a bundle's config.json",
        .min_args = 1,
        .max_args = 1,
        .options = options,
        .option = option,
        .check = check,
        .input_size = sizeof(struct oci_spec),
        .input_free = input_free,
        .run = run,
};
