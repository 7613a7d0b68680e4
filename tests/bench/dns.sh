#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `make bench-dns`: the name service beside dnsmasq and aardvark-dns, asked by dnsperf from a container's namespace over the bridge, for the same names.
# Queries a second at full load, and the latency of one query at a time. ROUNDS (3), SECONDS_EACH (4) and CONTAINERS (200) may be given.
set -eu
: "${CNM:?}"
if [ -z "${CNM_BENCH:-}" ]; then
	TMPDIR=$(mktemp -d /tmp/cnm-bench.XXXXXX)
	export CNM_BENCH=1 TMPDIR CNM_ROOT="$TMPDIR/root" CNM_STATE="$TMPDIR/state"
	trap 'rm -rf "$TMPDIR"' EXIT
	unshare --net --mount --pid --fork --kill-child --mount-proc sh "$0"
	exit
fi
mount -t tmpfs -o mode=755 tmpfs /run
ip link set lo up
cd "$TMPDIR"
ROUNDS=${ROUNDS:-3} SECONDS_EACH=${SECONDS_EACH:-4} CONTAINERS=${CONTAINERS:-200}
G=10.98.0.1
"$CNM" network create --subnet 10.98.0.0/16 -o name=br-bench bench >/dev/null
for i in $(seq "$CONTAINERS"); do
	"$CNM" sandbox create "name$i" >/dev/null
	"$CNM" connect bench "name$i"
done
# The same names and addresses for all three; half of the queries is for IPv6 addresses, which no one has.
for i in $(seq "$CONTAINERS"); do
	echo "name$i $(awk -v n="name$i" '$2 == n { print $1; exit }' "$CNM_STATE/sandboxes/name$i/hosts")"
done >names
while read -r name address; do
	printf '%s A\n%s AAAA\n' "$name" "$name"
done <names >queries

start_cnm() {
	"$CNM" agent &
	SERVER=$!
	while [ ! -S "$CNM_STATE/agent.sock" ]; do sleep 0.05; done
}

start_dnsmasq() {
	awk '{ print $2, $1 }' names >hosts
	dnsmasq --keep-in-foreground --no-resolv --no-hosts --addn-hosts="$TMPDIR/hosts" --listen-address=$G --bind-interfaces --port=53 \
		--user=root --pid-file= --local-ttl=5 --local=// &
	SERVER=$!
}

start_aardvark() {
	mkdir -p aardvark
	{
		echo $G
		awk '{ printf "%064d %s  %s\n", NR, $2, $1 }' names
	} >aardvark/bench
	/usr/lib/podman/aardvark-dns --config "$TMPDIR/aardvark" --port 53 run &
	SERVER=$!
}

stop_server() {
	kill "$SERVER" 2>/dev/null || true
	wait "$SERVER" 2>/dev/null || true
	[ ! -e aardvark/aardvark.pid ] || kill "$(cat aardvark/aardvark.pid)" 2>/dev/null || true
	rm -f aardvark/aardvark.pid
}

# ask QUERIES-AT-ONCE ARGUMENT...
ask() {
	outstanding=$1
	shift
	nsenter --net="$CNM_STATE/netns/name1" dnsperf -s $G -d queries -q "$outstanding" -l "$SECONDS_EACH" -t 2 "$@"
}

answers() {
	nsenter --net="$CNM_STATE/netns/name1" drill name2 "@$G" 2>/dev/null | grep -q 'NOERROR'
}

measure() {
	"start_$1" >"$1.log" 2>&1
	tries=100
	until answers; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "$1 does not answer: $(cat "$1.log")" >&2; exit 1; }
		sleep 0.1
	done
	ask 50 | awk '/Queries per second/ { print $4 }' >>"$1.qps"
	# One at a time: each latency on a line of its own, in seconds.
	ask 1 -Q 200 -v | awk '$1 == ">" { print $NF }' >>"$1.latency"
	stop_server
}

median() {
	sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

p99() {
	sort -n "$1" | awk '{ v[NR] = $1 } END { i = int(NR * 0.99); print v[i < 1 ? 1 : i] * 1000000 }'
}

# In turns, so that what else the machine does meets all of them.
for round in $(seq "$ROUNDS"); do
	for server in cnm dnsmasq aardvark; do measure $server; done
done
printf '%-14s %14s %14s %14s\n' server 'queries/s' 'median us' 'p99 us'
for server in cnm dnsmasq aardvark; do
	printf '%-14s %14.0f %14.0f %14.0f\n' $server "$(median $server.qps)" "$(median $server.latency | awk '{ print $1 * 1000000 }')" "$(p99 $server.latency)"
done
