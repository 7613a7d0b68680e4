# SPDX-License-Identifier: GPL-2.0-or-later
# What a network needs of its host and others take away, or had before: forwarding, a bridge, its addresses, the firewall's table.
. "$(dirname "$0")/lib.sh"

forwarding() {
	cat /proc/sys/net/ipv4/ip_forward
}

has_element() {
	nft -j list set inet cnm "$1" 2>/dev/null | jq -e --arg e "$2" '.nftables[].set?.elem? // [] | index($e)' >/dev/null
}

sandbox() {
	"$CNM" sandbox create "$1" >/dev/null
}

pings() {
	"$CNM" exec "$1" -- ping -c 1 -W 2 -q "$2" >/dev/null 2>&1
}

say "a flushed ruleset does not make a router of the host, and the last network leaves it as it was"
make_roots
echo 0 >/proc/sys/net/ipv4/ip_forward
baseline
"$CNM" network create --subnet 10.1.0.0/24 a >/dev/null
assert_eq "forwarding with a network" 1 "$(forwarding)"
has_element no_transit ipv4 || fail "transit is open"
nft flush ruleset
"$CNM" reconcile >out
assert_match "reconcile tells of the network without endpoints" "network a" "$(cat out)"
has_element no_transit ipv4 || fail "after a flush and reconcile transit is open"
nft flush ruleset
sandbox s1
"$CNM" connect a s1 >/dev/null
has_element no_transit ipv4 || fail "after a flush and a connect transit is open"
"$CNM" disconnect a s1
nft flush ruleset
"$CNM" network create --subnet 10.2.0.0/24 b >/dev/null
nft flush ruleset
"$CNM" network rm a >/dev/null
assert_eq "forwarding while another network is left" 1 "$(forwarding)"
"$CNM" network rm b >/dev/null
assert_eq "forwarding after the last network" 0 "$(forwarding)"
"$CNM" sandbox rm s1 >/dev/null
assert_baseline main "after networks and flushes"

say "what an administrator turned on stays on"
echo 1 >/proc/sys/net/ipv4/ip_forward
"$CNM" network create --subnet 10.1.0.0/24 a >/dev/null
! has_element no_transit ipv4 || fail "transit is closed on a router"
"$CNM" network rm a >/dev/null
assert_eq "forwarding of a router" 1 "$(forwarding)"

say "a bridge that was there before keeps its addresses and settings"
ip link add mine type bridge
ip addr add 10.3.0.1/24 dev mine
ip addr add 172.31.0.1/24 dev mine
ip link set mine up
baseline bridge
grep -r . /proc/sys/net/ipv6/conf/mine 2>/dev/null | sort >settings
"$CNM" network create -o name=mine --subnet 10.3.0.0/24 m >/dev/null
"$CNM" network rm m >/dev/null
grep -r . /proc/sys/net/ipv6/conf/mine 2>/dev/null | sort >settings.now
cmp settings settings.now || fail "IPv6 settings of the bridge differ: $(diff settings settings.now)"
assert_baseline bridge "on somebody's bridge"
"$CNM" network create -o name=mine --subnet 10.4.0.0/24 m >/dev/null
assert_match "gateway" "10.4.0.1" "$(ip addr show dev mine)"
"$CNM" network rm m >/dev/null
assert_baseline bridge "the gateway address on somebody's bridge"
ip link del mine

say "a subnet that holds an address of this host is refused, by other roots too"
ip link add far type veth peer name near
ip addr add 10.5.0.7/24 dev near
baseline refused
assert_status 1 "$CNM" network create --subnet 10.5.0.0/16 n
assert_match "reason" "^cnm: network n: subnet 10.5.0.0/16 holds 10.5.0.7, an address of this host" "$(cat err)"
assert_status 1 "$CNM" network create --subnet fe80::/64 n
assert_baseline refused "after a refused network"
ip link del near
"$CNM" network create --subnet 10.6.0.0/24 n >/dev/null
assert_status 1 "$CNM" --root "$TMPDIR/root2" --state "$TMPDIR/state2" network create --subnet 10.6.0.0/24 other
"$CNM" network rm n >/dev/null
rm -r "$TMPDIR/root2" "$TMPDIR/state2"

say "a lost gateway address, forwarding, or bridge is put back by the next connect, and by reconcile"
"$CNM" network create --subnet 10.7.0.0/24 -o icc=true -o name=br7 g >/dev/null
sandbox s1
sandbox s2
"$CNM" connect g s1 >/dev/null
address=$("$CNM" exec s1 -- ip -j addr show dev eth0 | jq -r '.[0].addr_info[0].local')
# lose COMMAND...: then by connect, and once more by reconcile
lose() {
	say "  lost: $*"
	sh -c "$*"
	assert_status 1 "$CNM" --format json network create --subnet 10.7.0.0/24 again
	"$CNM" connect g s2 >/dev/null
	pings s2 10.7.0.1 || fail "after \"$*\" and a connect the gateway does not answer"
	pings s2 "$address" || fail "after \"$*\" and a connect the neighbour does not answer"
	assert_eq "forwarding after \"$*\"" 1 "$(forwarding)"
	"$CNM" disconnect g s2
	sh -c "$*"
	"$CNM" reconcile >out
	assert_match "reconcile after \"$*\"" "network g" "$(cat out)"
	pings s1 10.7.0.1 || fail "after \"$*\" and reconcile the gateway does not answer"
	assert_eq "forwarding after \"$*\"" 1 "$(forwarding)"
	"$CNM" reconcile >out
	! grep -q 'network g' out || fail "a second reconcile has something to do: $(cat out)"
}
say "  a published port comes back with the bridge, by the loopback address too"
sandbox s3
"$CNM" connect g s3 -p 7777:7777 >/dev/null
serve "$CNM" exec s3 --
for restore in "$CNM reconcile" "$CNM connect g s2"; do
	[ -n "$(ask 127.0.0.1 env)" ] || fail "127.0.0.1 does not reach the port"
	ip link del br7
	$restore >/dev/null
	[ -n "$(ask 127.0.0.1 env)" ] || fail "after \"$restore\" 127.0.0.1 does not reach the port"
done
"$CNM" disconnect g s2
echo 0 >/proc/sys/net/ipv4/conf/br7/route_localnet
"$CNM" reconcile >out
assert_match "reconcile" "ports of network g" "$(cat out)"
[ -n "$(ask 127.0.0.1 env)" ] || fail "after reconcile 127.0.0.1 does not reach the port"
pidof busybox | xargs -r kill
"$CNM" disconnect g s3
"$CNM" sandbox rm s3 >/dev/null
lose 'ip addr del 10.7.0.1/24 dev br7'
lose 'ip link set br7 down'
lose 'ip link del br7'
lose 'echo 0 >/proc/sys/net/ipv4/ip_forward'
lose 'nft flush ruleset'
"$CNM" disconnect g s1
"$CNM" network rm g >/dev/null

say "what bounds a port comes back with the bridge: isolation, one MAC address"
"$CNM" network create --subnet 10.7.0.0/24 -o name=br7 -o icc=false -o anti_spoof=true g >/dev/null
"$CNM" connect g s1 >/dev/null
veth=$(ip -j link show master br7 | jq -r '.[0].ifname')
port() {
	bridge -j -d link show dev "$veth" | jq -c '.[0] | [.master, .isolated, .locked, .learning]'
	cat "/proc/sys/net/ipv4/conf/$veth/rp_filter"
}
before=$(port)
assert_match "the port" '^."br7",true,true,false.$' "$before"
ip link del br7
"$CNM" reconcile >/dev/null
assert_eq "the port on the new bridge" "$before" "$(port)"
bridge link set dev "$veth" isolated off locked off
echo 0 >"/proc/sys/net/ipv4/conf/$veth/rp_filter"
"$CNM" reconcile >out
assert_match "reconcile" "ports of network g" "$(cat out)"
assert_eq "the port after reconcile" "$before" "$(port)"
assert_eq "reconcile once more" "nothing was missing" "$("$CNM" reconcile)"
pings s1 10.7.0.1 || fail "the gateway does not answer"
"$CNM" disconnect g s1
"$CNM" sandbox rm s1 >/dev/null
"$CNM" sandbox rm s2 >/dev/null
"$CNM" network rm g >/dev/null
nft flush ruleset

say "two controllers with roots of their own share the table: nobody fails, nothing is lost"
echo 0 >/proc/sys/net/ipv4/ip_forward
baseline shared
# churn NUMBER: networks of a root of its own come and go
churn() {
	export CNM_ROOT="$TMPDIR/r$1" CNM_STATE="$TMPDIR/s$1"
	i=0
	while [ $i -lt 15 ]; do
		"$CNM" network create --subnet "10.$1.$i.0/24" "n$1" >/dev/null || exit 1
		has_element bridges "$("$CNM" network inspect "n$1" | jq -r '.[0].DriverState.bridge')" || exit 2
		[ "$(forwarding)" = 1 ] || exit 3
		"$CNM" network rm "n$1" >/dev/null || exit 4
		i=$((i + 1))
	done
}
pids=
for n in 11 12 13 14; do
	churn $n 2>"churn.$n" &
	pids="$pids $!"
done
for pid in $pids; do
	wait "$pid" || fail "it ended with status $?: $(cat churn.*)"
done
rm -rf "$TMPDIR"/r1? "$TMPDIR"/s1?
assert_eq "forwarding at the end" 0 "$(forwarding)"
assert_baseline shared "after two controllers"
