# SPDX-License-Identifier: GPL-2.0-or-later
# containerd's `ctr run --cni`, and our executable under the names of the plugins that it calls: a container that ends, one that is killed, and
# ones that run detached, whose DEL never comes and which `gc` takes back.
. "$(dirname "$0")/lib.sh"

# containerd looks for configurations and plugins where it was built to; these places become ours.
mkdir etc plugins rootfs
mkdir -p etc/net.d
for t in bridge host-local portmap firewall tuning loopback; do ln -s "$CNM" plugins/$t; done
cat >etc/net.d/10-web.conflist <<'CONF'
{"cniVersion": "0.4.0", "name": "web", "plugins": [
 {"type": "bridge", "bridge": "cni-web0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
  "ipam": {"type": "host-local", "routes": [{"dst": "0.0.0.0/0"}], "ranges": [[{"subnet": "10.88.0.0/16", "gateway": "10.88.0.1"}]]}},
 {"type": "portmap", "capabilities": {"portMappings": true}},
 {"type": "firewall"},
 {"type": "tuning"}]}
CONF
[ -d /etc/cni ] || fail "/etc/cni is missing (package golang-github-containers-common or containernetworking-plugins)"
mount --bind etc /etc/cni
mount --bind plugins /usr/lib/cni
mount -t tmpfs -o mode=755 tmpfs /var/lib
cat >config.toml <<CONF
version = 2
root = "$TMPDIR/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
 "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt"]
[grpc]
 address = "/run/ctr.sock"
[ttrpc]
 address = "/run/ctr.ttrpc"
CONF
containerd -c config.toml >containerd.log 2>&1 &
until_true 20 ctr -a /run/ctr.sock version >/dev/null 2>&1 || fail "containerd does not start: $(tail -n 5 containerd.log)"

# run ID FLAG COMMAND...: `ctr run` with a network; each has a cgroup of its own.
run() {
	id=$1 flag=$2
	shift 2
	rm -rf "b-$id"
	make_bundle "b-$id"
	ctr -a /run/ctr.sock run --cni --runc-binary runc --cgroup "/cnm-$id-$UNIQUE" "$flag" --rootfs "$TMPDIR/b-$id/rootfs" "$id" "$@" </dev/null
}

# forget ID: what ctr does not do for a detached container.
forget() {
	ctr -a /run/ctr.sock task rm -f "$1" >/dev/null 2>&1 || :
	ctr -a /run/ctr.sock container rm "$1" >/dev/null 2>&1 || :
}

finish() {
	status=$?
	set +e
	for c in c1 c2 c3 c4; do forget $c; done
	clean_up $status
}
trap finish EXIT

make_roots
make_outside
baseline start

say "a container that ends"
run c1 --rm /bin/ip -o -4 addr show dev eth0 >out 2>err || fail "ctr run: $(cat out err)"
assert_match "its address" 'inet 10\.88\.0\.2/16' "$(cat out)"
assert_eq "endpoints" "" "$(endpoints)"
assert_json "network" '.[0] | .Name == "web" and .Described and .Options["com.docker.network.bridge.name"] == "cni-web0"' "$("$CNM" network inspect web)"

say "detached: on the network, and out"
for c in c2 c3; do
	run $c -d /bin/sleep 1000 >out 2>err || fail "ctr run -d: $(cat out err)"
done
assert_eq "endpoints" "default-c2@eth0 default-c3@eth0" "$(endpoints | sort | paste -sd' ')"
# task_netns ID
task_netns() {
	echo "/proc/$(ctr -a /run/ctr.sock task ls | awk -v c="$1" '$1 == c { print $2 }')/ns/net"
}
assert_eq "who asks outside" 192.0.2.1 "$(ask 192.0.2.2 nsenter --net="$(task_netns c2)")"
other=$(address_in "$(task_netns c3)" inet eth0)
nsenter --net="$(task_netns c2)" ping -c 1 -W 2 -q "$other" >/dev/null || fail "containers do not reach each other"

say "killed: nobody calls DEL, and gc takes back what the dead one had, and nothing of the living"
ctr -a /run/ctr.sock task kill -s SIGKILL c2
until_true 10 sh -c "ctr -a /run/ctr.sock task ls | grep '^c2 ' | grep -q STOPPED" || fail "c2 lives on"
forget c2
assert_match "what gc would do" 'default-c2' "$("$CNM" gc --dry-run)"
until_true 10 sh -c '"$CNM" gc >/dev/null; [ "$("$CNM" endpoint ls --format json | jq -r ".[].Name")" = default-c3@eth0 ]' || fail "after gc: $(endpoints)"
nsenter --net="$(task_netns c3)" ping -c 1 -W 2 -q 10.88.0.1 >/dev/null || fail "gc took something of a living container"

say "its address is another's now; a name is used again"
run c2 -d /bin/sleep 1000 >out 2>err || fail "ctr run -d: $(cat out err)"
assert_eq "who asks outside" 192.0.2.1 "$(ask 192.0.2.2 nsenter --net="$(task_netns c2)")"

say "a container whose network cannot be made is not run, and leaves nothing"
baseline refused
jq '.plugins[0].vlan = 7' etc/net.d/10-web.conflist >new
cp etc/net.d/10-web.conflist old
cp new etc/net.d/10-web.conflist
run c4 --rm /bin/ip addr >out 2>err && fail "a VLAN was accepted"
assert_match "error" 'vlan, 7' "$(cat err)"
cp old etc/net.d/10-web.conflist
assert_baseline refused "after a refused container something"

for c in c2 c3; do
	ctr -a /run/ctr.sock task kill -s SIGKILL $c
	until_true 10 sh -c "ctr -a /run/ctr.sock task ls | grep '^$c ' | grep -q STOPPED" || fail "$c lives on"
	forget $c
done
until_true 10 sh -c '"$CNM" gc >/dev/null; [ -z "$("$CNM" endpoint ls --format json | jq -r ".[].Name")" ]' || fail "after gc: $(endpoints)"
"$CNM" network prune >/dev/null
assert_baseline start
