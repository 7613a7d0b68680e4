#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Part of `make bench`: published ports, what they add to an attach and to a connection, beside the reference plugin portmap. Started by
# run.sh in its namespaces. ROUNDS (100), CONNECTIONS (2000) and PORTMAP_PORTS (200) may be given.
set -eu
: "${CNM:?}" "${BENCH_DIR:?}" "${TMPDIR:?}"
PORTMAP=/usr/lib/cni/portmap

# host NAME: a host of its own, with a container and somebody outside.
host() {
	for n in host out pod; do
		ip netns add "$n-$1"
	done
	ip -n "host-$1" link set lo up
	ip -n "host-$1" link add uplink type veth peer name eth0 netns "out-$1"
	ip -n "host-$1" addr add 192.0.2.1/24 dev uplink
	ip -n "host-$1" link set uplink up
	ip -n "out-$1" addr add 192.0.2.2/24 dev eth0
	ip -n "out-$1" link set eth0 up
}

# on NAME COMMAND...: on that host, with its own roots.
on() {
	name=$1
	shift
	CNM_ROOT="$TMPDIR/$name/root" CNM_STATE="$TMPDIR/$name/state" ip netns exec "host-$name" "$@"
}

# The ports of an endpoint that is asked: 10, each on its own, or 10,000.
ten() {
	for i in 0 1 2 3 4 5 6 7 8 9; do
		printf ' -p %d:80' $((8000 + i))
	done
}

# portmap_config COUNT ADDRESS
portmap_config() {
	jq -nc --argjson n "$1" --arg a "$2/24" '{cniVersion: "1.0.0", name: "bench", type: "portmap",
		runtimeConfig: {portMappings: [range($n) | {hostPort: (8000 + . * 7), containerPort: 80, protocol: "tcp"}]},
		prevResult: {cniVersion: "1.0.0", interfaces: [{name: "eth0", sandbox: "/"}], ips: [{interface: 0, address: $a}]}}'
}

for h in few many plugin-few plugin-many; do
	host $h
	on $h "$CNM" network create --subnet 10.97.0.0/24 -o name=br-bench bench >/dev/null
done
# shellcheck disable=SC2046
on few "$CNM" connect --netns /run/netns/pod-few bench c $(ten)
# Every element of a range that is shifted is a port of its own; 90 more endpoints have one each.
# shellcheck disable=SC2046
on many "$CNM" connect --netns /run/netns/pod-many bench c $(ten) -p 20000-29899:30000-39899
i=0
while [ $i -lt 90 ]; do
	ip netns add "more-$i"
	on many "$CNM" connect --netns "/run/netns/more-$i" bench "more$i" -p "$((9000 + i)):80"
	i=$((i + 1))
done
for h in plugin-few plugin-many; do
	on $h "$CNM" connect --netns "/run/netns/pod-$h" bench c
	[ $h = plugin-few ] && count=10 || count=${PORTMAP_PORTS:-200}
	portmap_config "$count" "$(ip -n "pod-$h" -j addr show dev eth0 | jq -r '.[0].addr_info[0].local')" >"$TMPDIR/portmap.json"
	CNI_COMMAND=ADD CNI_CONTAINERID=c CNI_NETNS=/run/netns/pod-$h CNI_IFNAME=eth0 CNI_PATH=/ on $h $PORTMAP <"$TMPDIR/portmap.json" >/dev/null
done
# The first and the last that was published: a list of rules is searched in that order.
last=$((8000 + (${PORTMAP_PORTS:-200} - 1) * 7))
"$BENCH_DIR/connections" "${CONNECTIONS:-2000}" \
	"cnm, 10 ports" /run/netns/out-few 192.0.2.1 8009 /run/netns/pod-few 80 \
	"cnm, 10,000 ports" /run/netns/out-many 192.0.2.1 8009 /run/netns/pod-many 80 \
	"portmap, 10 ports" /run/netns/out-plugin-few 192.0.2.1 8063 /run/netns/pod-plugin-few 80 \
	"portmap, ${PORTMAP_PORTS:-200} ports" /run/netns/out-plugin-many 192.0.2.1 $last /run/netns/pod-plugin-many 80

host publish
on publish "$CNM" network create --subnet 10.97.0.0/24 -o name=br-bench bench >/dev/null
on publish "$BENCH_DIR/ports" "${ROUNDS:-100}" "$CNM" $PORTMAP /run/netns/pod-publish bench
