# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Names in runc's containers, by glibc's resolver and by busybox's own, in both families; and in podman's, through its CNI back end.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/podman.inc.sh"
. "$(dirname "$0")/names.inc.sh"
mount -t tmpfs -o mode=755 tmpfs /var/lib
export CNM_ROOT=/var/lib/cnm CNM_STATE=/run/cnm
make_roots
own_resolv 'nameserver 192.0.2.2\\n'
start_agent
"$CNM" network create --subnet 10.81.0.0/24 --subnet fd81::/64 web >/dev/null

# The host's own C library and getent, seen from inside.
glibc_bundle() {
	make_bundle "$1" "$2" 1000
	ln -sf busybox "$1/rootfs/bin/nslookup"
	mkdir -p "$1/rootfs/usr" "$1/rootfs/lib" "$1/rootfs/lib64"
	edit_bundle "$1" '.mounts += [("/usr", "/lib", "/lib64") | {destination: ., source: ., type: "bind", options: ["rbind", "ro"]}]
		| .hostname = "'"$3"'"'
}

say "runc: a name is there for the container's first instruction, in both resolvers and families"
glibc_bundle "$TMPDIR/a" sleep alpha
glibc_bundle "$TMPDIR/b" sleep beta
"$CNM" oci-spec --network web:alias=first "$TMPDIR/a"
"$CNM" oci-spec --network web:alias=second "$TMPDIR/b"
start_container a "$TMPDIR/a"
edit_bundle "$TMPDIR/b" '.process.args = ["/bin/sh", "-c", "/usr/bin/getent ahostsv4 first >/tmp-out 2>&1; exec sleep 1000"]'
start_container b "$TMPDIR/b"
until_true 5 [ -s "$TMPDIR/b/rootfs/tmp-out" ] || fail "the first instruction found nothing"
assert_match "its first instruction" '^10.81.0.2 ' "$(cat "$TMPDIR/b/rootfs/tmp-out")"
for name in alpha first first.web "a-$UNIQUE"; do
	assert_match "glibc, $name" '^10.81.0.2 ' "$(in_container b /usr/bin/getent ahostsv4 $name)"
	assert_match "glibc, IPv6, $name" '^fd81::2 ' "$(in_container b /usr/bin/getent ahostsv6 $name)"
	assert_match "busybox, $name" 'Address: 10.81.0.2$' "$(in_container b nslookup $name 2>&1)"
	assert_match "busybox, IPv6, $name" 'Address: fd81::2$' "$(in_container b nslookup $name 2>&1)"
done
assert_match "back" 'first.web|alpha.web|a-.*web' "$(in_container b /usr/bin/getent hosts 10.81.0.2)"
in_container a /usr/bin/getent hosts nobody && fail "nobody has an address"
delete_container a
in_container b /usr/bin/getent ahosts first && fail "a name outlives its container"

say "podman: its container names, its aliases, and resolv.conf"
use_podman bridge host-local portmap firewall tuning loopback
finish() {
	status=$?
	set +e
	for n in p1 p2; do pod rm -f -t 0 $n >/dev/null 2>&1; done
	until_true 5 sh -c '! pgrep -x conmon >/dev/null'
	clean_up $status
}
trap finish EXIT
pod network create --subnet 10.91.0.0/24 --ipv6 --subnet fd91::/64 pods >/dev/null
start p1 --network pods
start p2 --network pods:alias=cache
inside=$(pod inspect -f '{{.State.Pid}}' p1)
assert_match "podman's resolv.conf" '^nameserver 10.91.0.1$' "$(cat "/proc/$inside/root/etc/resolv.conf")"
for name in p2 p2.pods "$(cut -c1-12 p2.id)"; do
	assert_match "podman, $name" 'Address: 10.91.0.3$' "$(nsenter --net=/proc/$inside/ns/net busybox nslookup $name 10.91.0.1 2>&1)"
	assert_match "podman, IPv6, $name" 'Address: fd91::3$' "$(nsenter --net=/proc/$inside/ns/net busybox nslookup $name 10.91.0.1 2>&1)"
done
assert_match "from inside, by its own file" 'Address: 10.91.0.3$' "$(nsenter -m -n -t "$inside" -r /bin/busybox nslookup p2 2>&1)"
pod rm -f -t 0 p2 >/dev/null
nsenter --net="/proc/$inside/ns/net" busybox nslookup p2 10.91.0.1 >out 2>&1 && fail "a name outlives podman's container: $(cat out)"
pod rm -f -t 0 p1 >/dev/null
stop_agent
assert_eq "what the agent had to say" "" "$(cat "$TMPDIR/agent.log")"
