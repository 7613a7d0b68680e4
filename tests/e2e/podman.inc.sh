# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# podman with its CNI back end, whose plugins are cnm.

# use_podman PLUGIN...
use_podman() {
	mkdir plugins nets home
	for t in "$@"; do ln -s "$CNM" "plugins/$t"; done
	cat >containers.conf <<CONF
[network]
network_backend = "cni"
cni_plugin_dirs = ["$TMPDIR/plugins"]
network_config_dir = "$TMPDIR/nets"
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "none"
infra_image = "none"
CONF
	export CONTAINERS_CONF="$TMPDIR/containers.conf" HOME="$TMPDIR/home"
}

pod() {
	podman --root "$TMPDIR/storage" --runroot /run/podman --tmpdir /run/libpod --storage-driver vfs --log-level error "$@" </dev/null
}

# start NAME ARGUMENT...: a container that sleeps, and whose process podman does not wait for.
start() {
	name=$1
	shift
	rm -rf "b-$name"
	make_bundle "b-$name"
	ln -sf busybox "b-$name/rootfs/bin/nslookup"
	pod run -d --name "$name" --cgroup-parent "/cnm-$UNIQUE" --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --log-driver none \
		--rootfs "$@" "$TMPDIR/b-$name/rootfs" sleep 1000 >"$name.id" 2>"$name.err" || fail "podman run $name: $(cat "$name.err")"
}
