# SPDX-License-Identifier: GPL-2.0-or-later
# Who reaches whom: networks do not reach each other, an internal one reaches nothing outside, containers of a network without
# inter-container communication do not reach each other. By any address, in both families.
. "$(dirname "$0")/lib.sh"

# reaches FROM ADDRESS
reaches() {
	ip netns exec "$1" ping -c 1 -W 0.3 "$2" >/dev/null 2>&1
}

assert_reaches() {
	# The first packet may wait for the neighbour.
	until_true 3 reaches "$1" "$2" || fail "$1 does not reach $2, and should"
}

assert_apart() {
	if reaches "$1" "$2"; then
		fail "$1 reaches $2"
	fi
}

# tcp FROM ADDRESS: by TCP to port 7777
assert_apart_tcp() {
	[ -z "$(ASK_SECONDS=1 ask "$2" ip netns exec "$1")" ] || fail "$1 reaches port 7777 of $2"
}

# join NETWORK CONTAINER: its addresses are in NETNS_inet and NETNS_inet6.
join() {
	ip netns add "$2"
	"$CNM" connect --netns "/run/netns/$2" "$1" "$2" >/dev/null
	a4=$(address_in "/run/netns/$2" inet eth0)
	a6=$(address_in "/run/netns/$2" inet6 eth0)
	eval "$2_4=\$a4 $2_6=\$a6"
	ip netns exec "$2" busybox httpd -p '[::]:7777' -h "$TMPDIR/www"
}

make_roots
make_outside
baseline
"$CNM" network create --subnet 10.10.0.0/24 --subnet fd00:10::/64 red >/dev/null
"$CNM" network create --subnet 10.11.0.0/24 --subnet fd00:11::/64 blue >/dev/null
"$CNM" network create --internal --subnet 10.12.0.0/24 --subnet fd00:12::/64 closed >/dev/null
"$CNM" network create -o icc=false --subnet 10.13.0.0/24 --subnet fd00:13::/64 quiet >/dev/null
"$CNM" network create -o masquerade=false --subnet 10.14.0.0/24 --subnet fd00:14::/64 routed >/dev/null
for c in red:r1 red:r2 blue:b1 closed:i1 closed:i2 quiet:q1 quiet:q2 routed:m1; do
	join ${c%:*} ${c#*:}
done
# shellcheck disable=SC2154
for four in "$r1_4 $r2_4 $b1_4 $i1_4 $i2_4 $q1_4 $q2_4 $m1_4"; do
	assert_eq "IPv4 addresses" 8 "$(printf '%s\n' $four | sort -u | wc -l)"
done

# The neighbour's server answers where the network lets it: the negative cases below are no dead server.
assert_eq "server of r2" "$r1_4" "$(ask "$r2_4" ip netns exec r1)"
assert_eq "server of r2" "$r1_6" "$(ask "$r2_6" ip netns exec r1)"

for f in 4 6; do
	eval "r1=\$r1_$f r2=\$r2_$f b1=\$b1_$f i1=\$i1_$f i2=\$i2_$f q1=\$q1_$f q2=\$q2_$f m1=\$m1_$f"
	if [ $f = 4 ]; then
		outside=192.0.2.2 uplink=192.0.2.1
	else
		outside=2001:db8:2::2 uplink=2001:db8:2::1
	fi
	say "IPv$f: inside one network"
	assert_reaches r1 "$r2"
	assert_reaches i1 "$i2"

	say "IPv$f: from one network to another"
	for pair in "r1 $b1" "b1 $r1" "r1 $i1" "i1 $r1" "q1 $r1" "r1 $q1" "m1 $r1" "r1 $m1"; do
		# shellcheck disable=SC2086
		assert_apart $pair
		# shellcheck disable=SC2086
		assert_apart_tcp $pair
	done
	# A container that knows the way through the neighbour network's gateway is no better off.
	ip -n r1 route add "$b1" via "$(ip -n r1 -$f -j route show default | jq -r '.[0].gateway')"
	assert_apart r1 "$b1"
	assert_apart_tcp r1 "$b1"

	say "IPv$f: internal"
	assert_apart i1 "$outside"
	assert_apart_tcp i1 "$outside"
	ip -n i1 -$f route show default | grep -q . && fail "an internal network gave a default route"
	# Even with a route by the bridge nothing gets out.
	gateway=$("$CNM" network inspect closed | jq -r '.[0].IPAM.Config[].Gateway' | if [ $f = 4 ]; then grep -v :; else grep :; fi)
	ip -n i1 -$f route add default via "$gateway"
	assert_apart i1 "$outside"
	assert_apart_tcp i1 "$outside"
	ip -n i1 -$f route del default

	say "IPv$f: no inter-container communication"
	assert_apart q1 "$q2"
	assert_apart_tcp q1 "$q2"
	# Nor through the host.
	ip -n q1 route add "$q2" via "$(ip -n q1 -$f -j route show default | jq -r '.[0].gateway')"
	assert_apart q1 "$q2"
	assert_apart_tcp q1 "$q2"
	assert_eq "source outside" $uplink "$(ask $outside ip netns exec q1)"

	say "IPv$f: outside"
	assert_eq "source outside" $uplink "$(ask $outside ip netns exec r1)"
	ip -n outside -$f route add "$m1" via $uplink
	assert_eq "source outside, not masqueraded" "$m1" "$(ask $outside ip netns exec m1)"
	ip -n outside -$f route add "$r1" via $uplink
	ip -n outside -$f route add "$i1" via $uplink
	for inner in "$r1" "$i1"; do
		assert_apart outside "$inner"
		assert_apart_tcp outside "$inner"
	done
done

say "IPv6 is off where the network has none, and nobody believes router advertisements"
"$CNM" network create --subnet 10.15.0.0/24 -o name=br-four four >/dev/null
join four f1
assert_eq "IPv6 addresses of eth0" "" "$(ip -n f1 -6 -o addr show dev eth0)"
assert_eq "IPv6 addresses of the bridge" "" "$(ip -6 -o addr show dev br-four)"
red=$("$CNM" network inspect red | jq -r '.[0].DriverState.bridge')
assert_eq "accept_ra of a bridge" 0 "$(cat /proc/sys/net/ipv6/conf/"$red"/accept_ra)"
assert_eq "accept_ra of eth0" 0 "$(ip netns exec r1 cat /proc/sys/net/ipv6/conf/eth0/accept_ra)"

say "a host that was no router does not become one"
ip netns add second
ip link add uplink2 type veth peer name eth0 netns second
ip addr add 198.51.100.1/24 dev uplink2
ip link set uplink2 up
ip -n second addr add 198.51.100.2/24 dev eth0
ip -n second link set eth0 up
ip -n second route add default via 198.51.100.1
ip -n outside route add 198.51.100.0/24 via 192.0.2.1
assert_reaches second 192.0.2.1
assert_apart second 192.0.2.2
ip link del uplink2
ip netns del second
ip -n outside route del 198.51.100.0/24

for c in r1 r2 b1 i1 i2 q1 q2 m1 f1; do
	"$CNM" sandbox rm $c >/dev/null
	ip netns pids $c | xargs -r kill
	ip netns del $c
done
for n in red blue closed quiet routed four; do
	"$CNM" network rm $n >/dev/null
done
assert_baseline
