/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor: the files by which runtimes find us. podman passes silently over a hook whose program is missing, and the container starts without
 * its network; an unknown stage in one file makes it start no container at all.
 */
#include "cnm/base/buf.h"
#include "cnm/base/cleanup.h"
#include "cnm/base/json.h"
#include "hook/cni_plugin.h"
#include "hook/doctor.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HOOK_FILE_MAX (256 * 1024)

static void check_plugin(const struct cnm_doctor *doctor, int dir_fd, const char *dir, const char *name)
{
	char subject[PATH_MAX], problem[PATH_MAX + 64], target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	snprintf(subject, sizeof(subject), "plugin %s/%s", dir, name);
	n = readlinkat(dir_fd, name, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	if (fstatat(dir_fd, name, &st, 0) < 0) {
		snprintf(problem, sizeof(problem), "it is a link to %s: %s", target, strerror(errno));
		cnm_doctor_tell(doctor, CNM_SEVERITY_ERROR, subject, problem,
		                "make install, or make uninstall-cni-dropin");
	} else if (faccessat(dir_fd, name, X_OK, 0) < 0) {
		cnm_doctor_tell(doctor, CNM_SEVERITY_ERROR, subject, "it is not executable", "chmod 755");
	} else if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		cnm_doctor_tell(doctor, CNM_SEVERITY_ERROR, subject,
		                "others than its owner may write it, and root runs it", "chmod go-w");
	}
}

void cnm_doctor_plugins(const struct cnm_doctor *doctor)
{
	const char *name;
	bool found = false;
	size_t d, i;

	for (d = 0; doctor->plugin_dirs[d]; d++) {
		const char *dir = doctor->plugin_dirs[d];
		_cleanup_close_ int fd = open(dir, O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			continue;
		for (i = 0; (name = cnm_cni_plugin_name(i)); i++)
			check_plugin(doctor, fd, dir, name);
		found = found || faccessat(fd, "cnm", X_OK, 0) == 0;
	}
	if (!found)
		cnm_doctor_tell(doctor, CNM_SEVERITY_NOTE, "plugin folders",
		                "none has cnm: CNI runtimes do not find it", "make install");
}

/* NULL: it is well. */
static const char *problem_of_program(const char *path)
{
	struct stat st;

	if (path[0] != '/')
		return "its program is not named by an absolute path";
	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR ? "its program does not exist" : strerror(errno);
	return !S_ISREG(st.st_mode) || access(path, X_OK) < 0 ? "its program is not executable" : NULL;
}

static bool is_stage(const char *text)
{
	static const char *const stages[] = {"precreate",       "prestart",       "createRuntime",
	                                     "createContainer", "startContainer", "poststart",
	                                     "poststop"};
	size_t i;

	for (i = 0; i < CNM_ARRAY_SIZE(stages); i++)
		if (strcmp(text, stages[i]) == 0)
			return true;
	return false;
}

static int check_stages(const struct cnm_doctor *doctor, const char *subject, json_object *root,
                        struct cnm_error *err)
{
	json_object *stages = NULL;
	char problem[256];
	size_t i;

	if (cnm_json_get_array(root, "stages", &stages, err) < 0)
		return -1;
	for (i = 0; stages && i < json_object_array_length(stages); i++) {
		const char *stage = NULL;

		if (cnm_json_string_at(stages, i, "stages", &stage, err) < 0)
			return -1;
		if (is_stage(stage))
			continue;
		snprintf(problem, sizeof(problem), "unknown stage \"%.100s\": podman refuses every container",
		         stage);
		cnm_doctor_tell(doctor, CNM_SEVERITY_ERROR, subject, problem, "remove it from the file");
	}
	return 0;
}

static int check_hook(const struct cnm_doctor *doctor, const char *subject, const char *text, size_t len,
                      struct cnm_error *err)
{
	_cleanup_json_ json_object *root = NULL;
	json_object *hook = NULL;
	const char *path = NULL, *problem;
	char what[PATH_MAX + 64];

	if (cnm_json_parse_object(&root, text, len, "hook file", err) < 0 ||
	    cnm_json_get_object(root, "hook", &hook, err) < 0 ||
	    (hook && cnm_json_get_string(hook, "path", &path, err) < 0))
		return -1;
	problem = path ? problem_of_program(path) : NULL;
	if (problem) {
		snprintf(what, sizeof(what), "%s: %s", problem, path);
		cnm_doctor_tell(doctor, CNM_SEVERITY_ERROR, subject, what,
		                "install the program there, or correct or remove the file");
	}
	return check_stages(doctor, subject, root, err);
}

static void check_hook_file(const struct cnm_doctor *doctor, int dir_fd, const char *dir, const char *name)
{
	_cleanup_(cnm_buf_free) struct cnm_buf text = CNM_BUF_INIT(HOOK_FILE_MAX);
	_cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct cnm_error err = CNM_ERROR_INIT;
	char subject[PATH_MAX];

	snprintf(subject, sizeof(subject), "hook file %s/%s", dir, name);
	if (fd < 0)
		cnm_fail_sys(&err, errno, "cannot open it");
	else if (cnm_buf_read_fd(&text, fd, name, &err) == 0 &&
	         check_hook(doctor, subject, cnm_buf_text(&text), text.len, &err) == 0)
		return;
	cnm_doctor_tell(doctor, CNM_SEVERITY_ERROR, subject, err.text, "correct or remove the file");
}

static bool is_json(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".json") == 0;
}

void cnm_doctor_hooks(const struct cnm_doctor *doctor)
{
	size_t d;

	for (d = 0; doctor->hooks_dirs[d]; d++) {
		DIR *dir = opendir(doctor->hooks_dirs[d]);
		const struct dirent *entry;

		while (dir && (entry = readdir(dir))) /* NOLINT(concurrency-mt-unsafe): a stream of our own */
			if (is_json(entry->d_name))
				check_hook_file(doctor, dirfd(dir), doctor->hooks_dirs[d], entry->d_name);
		if (dir)
			closedir(dir);
	}
}
