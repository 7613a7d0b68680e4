# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What the end-to-end scripts share. A script runs as init of its own process namespace, with its own network
# and mounts, an empty /run and its own roots: it is a small host of its own, and it may do there what it likes.
#
# Started by hand (sh tests/e2e/cli.sh) a script makes all that itself; $CNM names the executable.
set -eu
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

if [ -z "${CNM_E2E:-}" ]; then
	CNM_SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
	TMPDIR=$(mktemp -d /tmp/cnm-test.XXXXXX)
	export CNM_E2E=1 CNM_SOURCE TMPDIR CNM="${CNM:-$CNM_SOURCE/build/cnm}" CNM_ROOT="$TMPDIR/root" CNM_STATE="$TMPDIR/state"
	trap 'rm -rf "$TMPDIR"' EXIT
	unshare --net --mount --pid --fork --kill-child --mount-proc sh "$0" "$@"
	exit
fi

mount -t tmpfs -o mode=755 tmpfs /run
ip link set lo up
cd "$TMPDIR"
# Ends every name that another test's runtime could use at the same time (cgroups are the machine's).
UNIQUE=$(basename "$TMPDIR" | tr -dc 'A-Za-z0-9')
RUNTIME=runc
CONTAINERS=

say() {
	printf '%s\n' "-- $*"
}

fail() {
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

# What a container or a cgroup of ours would leave behind on the machine.
clean_up() {
	status=${1:-$?}
	set +e
	for c in $CONTAINERS; do
		runtime "$RUNTIME" delete -f "$c" >/dev/null 2>&1
	done
	find /sys/fs/cgroup -depth -type d -path "*$UNIQUE*" -exec rmdir {} + 2>/dev/null
	exit $status
}
trap clean_up EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# assert_eq WHAT EXPECTED ACTUAL
assert_eq() {
	[ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}

# assert_match WHAT EXTENDED-EXPRESSION TEXT
assert_match() {
	printf '%s\n' "$3" | grep -qE -- "$2" || fail "$1: no match for \"$2\" in \"$3\""
}

# assert_json WHAT JQ-CONDITION TEXT
assert_json() {
	printf '%s' "$3" | jq -e "$2" >/dev/null || fail "$1: not true: $2, of: $3"
}

# status_of COMMAND...: its exit status; what it prints is in $TMPDIR/out and $TMPDIR/err.
status_of() {
	"$@" >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null && echo 0 || echo $?
}

# assert_status EXPECTED COMMAND...
assert_status() {
	expected=$1
	shift
	got=$(status_of "$@")
	[ "$got" = "$expected" ] || fail "exit status $got instead of $expected: $*
stdout: $(cat "$TMPDIR/out")
stderr: $(cat "$TMPDIR/err")"
}

# until_true SECONDS COMMAND...
until_true() {
	tries=$(($1 * 10))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# Everything that cnm could leave: links, addresses, routes, rules, mounts, namespaces, files. Times, counters and indexes,
# which differ although nothing changed, are left out, and so is the allocator's place in a subnet: it belongs to no container.
# Link-local addresses come with a bridge's first carrier and stay: the kernel's own doing.
snapshot() {
	# Whether ::1 can be translated is a fact of the host, noted with the first port.
	nft list ruleset | awk '/set no_loopback/ { skip = 1 } !skip { print } /^\t}/ { skip = 0 }'
	{
		ip -j -d addr | jq -cS '.[] | {link: .ifname, address, mtu, master, ifalias, kind: .linkinfo.info_kind},
			(.ifname as $i | .addr_info[] | {$i, local, prefixlen, scope})'
		ip -4 -o route show table all
		ip -6 -o route show table all
		awk -v ours="$TMPDIR" '($5 ~ "^/run" || index($5, ours) == 1) && $5 !~ "^" ours "/(runc|crun)" { print "mount", $5, $(NF - 2) }' \
			/proc/self/mountinfo
		find "$CNM_ROOT" "$CNM_STATE" /run/netns /run/cnm 2>/dev/null
	} | sed -E '/^anycast|fe80:|ff00::|\/cursors/d; s/ expires [0-9a-z]+//; s/ linkdown//' | sort
}

# baseline [NAME]: remembers the state of this small host.
baseline() {
	snapshot >"$TMPDIR/baseline.${1:-main}"
}

is_baseline() {
	snapshot >"$TMPDIR/now"
	cmp -s "$TMPDIR/baseline.$1" "$TMPDIR/now"
}

# assert_baseline [NAME [WHAT]]: all is as it was. A namespace's last bits go a moment after its last process.
assert_baseline() {
	until_true 5 is_baseline "${1:-main}" || fail "${2:-something} is left or lost:
$(diff -U1 "$TMPDIR/baseline.${1:-main}" "$TMPDIR/now")"
}

# The folders under the roots, and the one of iproute2's namespaces, are there from the first command on.
make_roots() {
	ip netns add first
	ip netns del first
	"$CNM" network ls >/dev/null
}

# runtime NAME ARGUMENT...: runc or crun, with its state in the test's own folder.
runtime() {
	name=$1
	shift
	"$name" --root "$TMPDIR/$name" "$@"
}

# use_runtime NAME
use_runtime() {
	RUNTIME=$1
	# crun refuses cgroups of version 1 with a version 2 beside them.
	if [ "$1" = crun ] && [ -d /sys/fs/cgroup/unified ]; then
		umount /sys/fs/cgroup/unified
	fi
}

# make_bundle DIRECTORY [COMMAND ARGUMENT...]: a bundle with busybox in it, that sleeps unless told otherwise.
make_bundle() {
	bundle=$1
	shift
	[ $# -gt 0 ] || set -- sleep 1000
	mkdir -p "$bundle/rootfs/bin" "$bundle/rootfs/etc" "$bundle/rootfs/proc" "$bundle/rootfs/sys" "$bundle/rootfs/dev"
	cp "$(command -v busybox)" "$bundle/rootfs/bin/busybox"
	for applet in sh cat ls ip ping sleep nc wget; do
		ln -s busybox "$bundle/rootfs/bin/$applet"
	done
	(cd "$bundle" && rm -f config.json && runc spec)
	jq '.process.terminal = false | .process.args = $ARGS.positional
		| .process.capabilities[] |= . + ["CAP_NET_RAW"] | .root.readonly = false' \
		"$bundle/config.json" --args -- "$@" >"$bundle/config.new"
	mv "$bundle/config.new" "$bundle/config.json"
}

# edit_bundle DIRECTORY JQ-FILTER
edit_bundle() {
	jq "$2" "$1/config.json" >"$1/config.new"
	mv "$1/config.new" "$1/config.json"
}

# start_container ID BUNDLE: its id in the runtime is ID-UNIQUE; inside `create` the hooks run.
start_container() {
	CONTAINERS="$CONTAINERS $1-$UNIQUE"
	# The container's init keeps what it is given: no pipe of ours.
	runtime "$RUNTIME" create -b "$2" "$1-$UNIQUE" >"$TMPDIR/$1.log" 2>&1 </dev/null ||
		fail "$RUNTIME create $1: $(cat "$TMPDIR/$1.log")"
	runtime "$RUNTIME" start "$1-$UNIQUE" </dev/null
}

# in_container ID COMMAND...
in_container() {
	id=$1-$UNIQUE
	shift
	runtime "$RUNTIME" exec "$id" "$@" </dev/null
}

delete_container() {
	runtime "$RUNTIME" delete -f "$1-$UNIQUE"
}

# The world outside of this small host: a namespace `outside`, reached over the link `uplink`. Its server answers on port
# 7777 with the address that it sees.
make_outside() {
	ip netns add outside
	ip link add uplink type veth peer name eth0 netns outside
	# No tentative addresses: what is compared later would change by itself.
	echo 0 >/proc/sys/net/ipv6/conf/uplink/accept_dad
	ip addr add 192.0.2.1/24 dev uplink
	ip addr add 2001:db8:2::1/64 dev uplink
	ip -n outside addr add 192.0.2.2/24 dev eth0
	ip -n outside addr add 2001:db8:2::2/64 dev eth0 nodad
	ip -n outside link set eth0 up
	ip -n outside link set lo up
	ip link set uplink up
	until_true 5 sh -c 'ip -6 addr show dev uplink | grep -q "inet6 fe80.*"' || fail "uplink does not come up"
	ip route add default via 192.0.2.2
	ip -6 route add default via 2001:db8:2::2
	serve ip netns exec outside
}

# serve COMMAND...: starts the server by way of that command.
serve() {
	mkdir -p "$TMPDIR/www/cgi-bin"
	cat >"$TMPDIR/www/cgi-bin/peer" <<'CGI'
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n%s\n' "$REMOTE_ADDR"
CGI
	chmod +x "$TMPDIR/www/cgi-bin/peer"
	"$@" busybox httpd -p '[::]:7777' -h "$TMPDIR/www"
}

# ask ADDRESS COMMAND...: what the server at ADDRESS says about who asks it by way of the command; nothing when it is not reached.
ask() {
	server=$1
	shift
	"$@" busybox sh -c "printf 'GET /cgi-bin/peer HTTP/1.0\\r\\n\\r\\n' | busybox nc -w ${ASK_SECONDS:-3} $server 7777" 2>/dev/null |
		tail -n 1 | tr -d '[]' | sed 's/^::ffff://'
}

# address_in NAMESPACE-PATH FAMILY IFNAME: the global addresses that the kernel has there, one a line.
address_in() {
	nsenter --net="$1" ip -j addr show dev "$3" |
		jq -r --arg f "$2" '.[].addr_info[] | select(.family == $f and .scope == "global") | .local'
}

# endpoints: names of all endpoints, one a line.
endpoints() {
	"$CNM" endpoint ls --format json | jq -r '.[].Name'
}

# netns_of ID: path of the container's namespace.
netns_of() {
	echo "/proc/$(runtime "$RUNTIME" state "$1-$UNIQUE" | jq .pid)/ns/net"
}
