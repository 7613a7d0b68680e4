#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `make soak CYCLES=20000`: so many ADD and DEL, of four containers at a time, with a published port each. Afterwards every link, address, rule,
# tracked connection, file and descriptor is as at the start, and the network still works.
. "$(dirname "$0")/../e2e/lib.sh"

CYCLES=${CYCLES:-20000}

# cycles WORKER N: N times ADD and DEL of its container.
cycles() {
	export CNI_CONTAINERID="c$1" CNI_NETNS="/run/netns/c$1" CNI_IFNAME=eth0 CNI_PATH=/
	conf='{"cniVersion":"1.0.0","name":"web","type":"cnm","runtimeConfig":{"portMappings":[{"hostPort":808'$1',"containerPort":80,"protocol":"tcp"}]}}'
	n=$2
	while [ $n -gt 0 ]; do
		echo "$conf" | CNI_COMMAND=ADD "$CNM" >"out.$1" || fail "worker $1: ADD, $n to go: $(cat "out.$1")"
		echo "$conf" | CNI_COMMAND=DEL "$CNM" >"out.$1" || fail "worker $1: DEL, $n to go: $(cat "out.$1")"
		n=$((n - 1))
	done
}

# numbers: what a leak would let grow, one a line, once the children that wait for the kernel have ended.
numbers() {
	until_true 10 sh -c '! pgrep -f "^$CNM" >/dev/null'
	echo "links $(ip -o link | wc -l)"
	echo "addresses $(ip -o addr | wc -l)"
	echo "rules and elements $(nft list ruleset | wc -l)"
	echo "tracked connections $(cat /proc/sys/net/netfilter/nf_conntrack_count)"
	echo "files $(find "$CNM_ROOT" "$CNM_STATE" | wc -l)"
	echo "mounts $(wc -l </proc/self/mountinfo)"
	echo "processes $(ls -d /proc/[0-9]* | wc -l)"
}

make_roots
"$CNM" network create --subnet 10.7.0.0/24 --subnet fd00:7::/64 web >/dev/null
for worker in 1 2 3 4; do
	ip netns add "c$worker"
done
cycles 1 1 # turns on what stays on
baseline
numbers >numbers.before
began=$(date +%s)
for worker in 1 2 3 4; do
	cycles $worker $((CYCLES / 4)) &
	workers="${workers:-} $!"
done
for worker in $workers; do
	wait "$worker" || fail "a worker ended"
done
took=$(($(date +%s) - began))
numbers >numbers.after
assert_baseline main "after $CYCLES cycles something"
echo "$CYCLES ADD and DEL in $took s; before and after:"
paste -d: numbers.before numbers.after | sed 's/:.* /, /'
# A connection that was tracked at the start may have ended meanwhile: that one may be less.
awk 'NR == FNR { before[$0]++; if (/^tracked/) most = $3; next } /^tracked/ ? $3 > most : !before[$0]' numbers.before numbers.after >grown
[ ! -s grown ] || fail "not as at the start: $(cat grown)"
