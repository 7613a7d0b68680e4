# SPDX-License-Identifier: GPL-2.0-or-later
# A container that owns its namespace, and files that somebody tampered with: the leave is quick and whole, the host is untouched, others are unharmed.
. "$(dirname "$0")/lib.sh"

inside() {
	nsenter --net=/run/netns/c1 "$@"
}

# attach: c1 joins, and what it may do to the rest of the host is known.
attach() {
	ip netns add c1
	"$CNM" connect n c1 --netns /run/netns/c1 -p 8080:80 >/dev/null
}

# leave WHAT: all is as before; $LATEST milliseconds.
leave() {
	began=$(date +%s%N)
	"$CNM" disconnect n c1 || fail "disconnect after $1"
	took=$((($(date +%s%N) - began) / 1000000))
	echo "leave after $1: $took ms"
	ip netns del c1
	assert_baseline main "after $1 something"
	LATEST=$took
}

make_roots
"$CNM" network create --subnet 10.1.0.0/24 --subnet fd01::/64 n >/dev/null
"$CNM" sandbox create other >/dev/null
"$CNM" connect n other >/dev/null
baseline

attach
leave "nothing"
USUAL=$LATEST

say "it renames its interface, and gives the name to another"
attach
inside ip link set eth0 down
inside ip link set eth0 name mine
inside ip link add eth0 type veth peer name peer0
leave "a rename"

say "it deletes its interface"
attach
inside ip link del eth0
leave "a deletion"

say "it moves an interface of the host's names into being, with routes and rules of its own"
attach
inside ip link set lo up
inside ip route add blackhole 192.0.2.0/24
inside ip rule add from all lookup 7 pref 1
inside ip -6 rule add from all lookup 7 pref 1
bridge=$(ip -j link show type bridge | jq -r '.[0].ifname')
inside ip link add "$bridge" type bridge
inside nft add table inet cnm
inside nft 'add chain inet cnm output { type filter hook output priority 0; policy drop; }'
leave "routes, rules and a firewall"

say "it floods its namespace with links"
attach
i=0
while [ $i -lt 300 ]; do
	echo "link add f$i type veth peer name g$i"
	i=$((i + 1))
done | inside ip -batch -
leave "a flood of links"
# Of a leave on a machine that is busy with other tests the flood may not add a second.
[ $((LATEST - USUAL)) -lt 1000 ] || fail "the leave took $LATEST ms, $USUAL without a flood"

say "records that were cut, replaced, linked, or given away are set aside and named; others work"
endpoints=$CNM_STATE/networks/n/endpoints
for fault in 'head -c 40 good >bad' ': >bad' 'head -c 4096 /dev/urandom >bad' 'ln -s /etc/passwd bad' 'echo x >../../../../once; ln ../../../../once bad' 'mkdir bad' 'mkfifo bad' 'cp good bad; chown 12345 bad' 'truncate -s 100M bad'; do
	(cd "$endpoints" && good=other@eth0.json && eval "$(echo "$fault" | sed 's/good/"$good"/g; s/bad/x@eth0.json/g')")
	assert_status 1 "$CNM" doctor --format json
	jq -e 'any(.[]; .Severity == "error" and (.Subject | test("record of endpoint n/(x|other)@eth0")))' out >/dev/null || fail "$fault: doctor names no record: $(cat out)"
	attach
	"$CNM" disconnect n c1
	ip netns del c1
	"$CNM" endpoint ls >out || fail "$fault: endpoint ls"
	assert_match "$fault: the other" 'other@eth0' "$(cat out)"
	rm -rf "$endpoints/x@eth0.json"
done
assert_baseline main "after all that something"
