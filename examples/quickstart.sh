#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Two containers of the real runc on a network of cnm, from nothing to nothing, with every command shown.
#
# It runs in network and mount namespaces of its own, which stand for a fresh host: your links, rules and files are not
# touched, and when it ends nothing is left. `make quickstart` starts it; by hand: CNM=build/cnm sh examples/quickstart.sh
set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

if [ -z "${QUICKSTART:-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "quickstart: networks need root: sudo make quickstart" >&2; exit 1; }
	CNM=$(realpath "${CNM:-build/cnm}")
	WORK=$(mktemp -d /tmp/cnm-quickstart.XXXXXX)
	trap 'rm -rf "$WORK"' EXIT
	export QUICKSTART=1 CNM WORK CNM_ROOT="$WORK/root" CNM_STATE="$WORK/state"
	unshare --net --mount --pid --fork --kill-child --mount-proc sh "$0"
	exit
fi

cnm() {
	"$CNM" "$@"
}

runc() {
	command runc --root "$WORK/runc" "$@"
}

step() {
	printf '\n\033[1m%s\033[0m\n' "$*"
}

# run COMMAND...: shows it, and does it.
run() {
	printf '  $ %s\n' "$*"
	"$@" >"$WORK/output" 2>&1 </dev/null || {
		sed 's/^/    /' "$WORK/output"
		echo "quickstart: this failed: $*" >&2
		exit 1
	}
	sed 's/^/    /' "$WORK/output"
}

clean_up() {
	status=$?
	for c in $ONE $TWO; do
		runc delete -f "$c" >/dev/null 2>&1 || :
	done
	exit $status
}

# Ids are the machine's, in its cgroups: other quickstarts may run.
tail=$(printf %s "${WORK##*.}" | tr '[:upper:]' '[:lower:]')
ONE=one-$tail TWO=two-$tail
trap clean_up EXIT
cd "$WORK"

# The stage: a fresh host with a link to the outside, where a server says who asks it. --------------------------------
mount -t tmpfs -o mode=755 tmpfs /run
ip link set lo up
ip netns add outside
ip link add uplink type veth peer name eth0 netns outside
ip addr add 192.0.2.1/24 dev uplink
ip link set uplink up
ip route add default via 192.0.2.2
ip -n outside addr add 192.0.2.2/24 dev eth0
ip -n outside link set eth0 up
mkdir -p www/cgi-bin
printf '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\nhello %%s\\n" "$REMOTE_ADDR"\n' >www/cgi-bin/hello
chmod +x www/cgi-bin/hello
ip netns exec outside busybox httpd -p 80 -h "$WORK/www"

# bundle DIRECTORY: busybox, and what `runc spec` says, with a command that waits.
bundle() {
	mkdir -p "$1/rootfs/bin" "$1/rootfs/etc" "$1/rootfs/proc" "$1/rootfs/sys" "$1/rootfs/dev"
	cp "$(command -v busybox)" "$1/rootfs/bin/busybox"
	for applet in sh ip ping nc cat sleep; do
		ln -s busybox "$1/rootfs/bin/$applet"
	done
	(cd "$1" && command runc spec)
	jq '.process.terminal = false | .process.args = ["sleep", "1000"] | .process.capabilities[] |= . + ["CAP_NET_RAW"]' \
		"$1/config.json" >"$1/config.new"
	mv "$1/config.new" "$1/config.json"
}

# ----------------------------------------------------------------------------------------------------------------------
step "1. A network with a name"
run cnm network create --subnet 10.88.0.0/24 web
run cnm network ls

step "2. Two bundles: busybox as the file system, and the networks put into config.json"
bundle "$ONE"
bundle "$TWO"
run cnm oci-spec --network web "$ONE"
run cnm oci-spec --network web:ip=10.88.0.20,alias=db "$TWO"
printf '  the hooks, as runc will call them:\n'
jq -r '.hooks | to_entries[] | "    \(.key): \(.value[0].args | join(" "))"' "$ONE/config.json"

step "3. runc runs them, and its hooks connect them"
run runc run --detach --bundle "$ONE" "$ONE"
run runc run --detach --bundle "$TWO" "$TWO"
run cnm endpoint ls

step "4. A container sees its interface, its gateway and the other container"
run runc exec "$ONE" ip addr show eth0
run runc exec "$ONE" cat /etc/hosts
run runc exec "$ONE" ping -c 1 -W 3 10.88.0.1
run runc exec "$ONE" ping -c 1 -W 3 10.88.0.20

step "5. And the world outside, which sees the host's address (192.0.2.1): masquerading"
run runc exec "$ONE" sh -c 'printf "GET /cgi-bin/hello HTTP/1.0\r\n\r\n" | nc -w 3 192.0.2.2 80 | tail -n 1'
grep -q 'hello.*192\.0\.2\.1' output || { echo "quickstart: the server did not answer as expected" >&2; exit 1; }

step "6. The containers are deleted; the runtime's hooks take them from the network"
run runc delete --force "$ONE"
run runc delete --force "$TWO"
run cnm endpoint ls
run cnm network rm web

step "7. Nothing is left"
run ip -brief link
run nft list ruleset
run find "$CNM_ROOT" "$CNM_STATE" -type f
left=$(ip -o link | grep -cvE ': (lo|uplink@.*):' || :)
if [ "$left" != 0 ] || nft list ruleset | grep -q . || [ -n "$(find "$CNM_ROOT" "$CNM_STATE" ! -type d)" ]; then
	echo "quickstart: something is left" >&2
	exit 1
fi
printf '\nDone. Next: README.md for more networks and CNI; cnm --help for every command.\n'
