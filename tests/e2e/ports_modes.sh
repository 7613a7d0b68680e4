# SPDX-License-Identifier: GPL-2.0-or-later
# Gateway modes, as Docker Engine 28 has them: nat-unprotected, routed, isolated, and a mode for each family; beside them an internal network, and one
# whose ports are bound to one address. Who reaches which port, over each protocol.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/ports.inc.sh"

make_roots
make_world
bridge_filter 0 || :
serve_at far 7777
serve_at host 7000
baseline
# create NAME NUMBER OPTION...: and the address of its bridge under its name.
create() {
	name=$1 number=$2
	shift 2
	"$CNM" network create --subnet "10.$number.0.0/24" --subnet "fd00:$number::/64" -o name="br-$name" "$@" "$name" >/dev/null
	eval "${name}_4=10.$number.0.1 ${name}_6=fd00:$number::1"
}
create red 20
create open 21 -o gateway_mode_ipv4=nat-unprotected -o gateway_mode_ipv6=nat-unprotected
create routed 22 -o gateway_mode_ipv4=routed -o gateway_mode_ipv6=routed
create mixed 23 -o gateway_mode_ipv6=routed
create closed 24 --internal
create alone 25 --internal -o gateway_mode_ipv4=isolated -o gateway_mode_ipv6=isolated
create apart 26 -o gateway_mode_ipv4=routed -o gateway_mode_ipv6=routed -o icc=false
all() {
	printf ' -p %s/%s' "$1" tcp "$1" udp "$1" sctp
}
# shellcheck disable=SC2046
{
	join red r1 $(all 8080:7777)
	join open o1 $(all 8100:7778)
	join routed t1 $(all 8200:7777) $(all 7779-7780)
	join routed t2
	join mixed m1 $(all 8300:7777)
	join closed i1
	join closed i2
	join alone a1
	join alone a2
	join apart d1 $(all 8400:7777)
	join apart d2
}

# What reaches the link to the outside with an address of an internal network is counted there: not being answered is not enough.
ip netns exec lan nft -f - <<'NFT'
table netdev seen {
	chain host {
		type filter hook ingress device "host" priority 0; policy accept;
		ip saddr { 10.24.0.0/24, 10.25.0.0/24 } counter
		ip6 saddr { fd00:24::/64, fd00:25::/64 } counter
		ip saddr 10.22.0.0/24 counter
	}
}
NFT
ip netns exec i1 nft 'table inet seen { chain input { type filter hook input priority 0; policy accept; ip saddr { 198.51.100.2, 10.20.0.0/24 } counter; ip6 saddr { 2001:db8:3::2, fd00:20::/64 } counter; }; }'
# Somebody else translates to an internal container, and to one that is not.
nft -f - <<NFT
table inet others {
	chain prerouting {
		type nat hook prerouting priority -110; policy accept;
		tcp dport 8700 dnat ip to $i1_4:7777
		tcp dport 8700 dnat ip6 to [$i1_6]:7777
		tcp dport 8701 dnat ip to $r1_4:7779
		tcp dport 8701 dnat ip6 to [$r1_6]:7779
	}
}
NFT
for family in 4 6; do
	say "IPv$family: a port that others translate"
	matrix $family tcp <<'ROWS'
far host 8700 = -
r1 host 8700 = -
far host 8701 = far 7779 r1
ROWS
	assert_eq "IPv$family: packets into an internal network" "0 0" "$(ip netns exec i1 nft list table inet seen | grep -o 'packets [0-9]*' | cut -d' ' -f 2 | tr '\n' ' ' | sed 's/ $//')"
	say "IPv$family: nat-unprotected: every port, also by the container's address"
	matrix $family "tcp udp sctp" <<'ROWS'
far host 8100 = far 7778 o1
far o1 7777 = far 7777 o1
nb o1 7778 = nb 7778 o1
# from the outside; networks stay apart
r1 o1 7777 = -
r1 host 8100 = r1 7778 o1
t1 o1 7777 = -
o1 r1 7777 = -
o1 far 7777 = host 7777 far
far r1 7777 = -
ROWS

	say "IPv$family: routed: what is published, by the container's address; nothing is translated"
	matrix $family "tcp udp sctp" <<'ROWS'
far t1 7777 = far 7777 t1
nb t1 7777 = nb 7777 t1
nb t1 7779 = nb 7779 t1
nb t1 7780 = nb 7780 t1
far t1 7778 = -
nb t1 7778 = -
nb t2 7777 = -
far host 8200 = -
host host 8200 = -
host loop 8200 = -
host t1 7778 = routed 7778 t1
t2 t1 7778 = t2 7778 t1
t1 far 7777 = t1 7777 far
# other networks are as far as the outside
r1 t1 7777 = r1 7777 t1
r1 t1 7778 = -
t1 r1 7777 = -
t1 host 8080 = t1 7777 r1
# without inter-container communication
far d1 7777 = far 7777 d1
far d1 7778 = -
far d2 7777 = -
d2 d1 7777 = -
ROWS

	say "IPv$family: internal and isolated: neither in nor out"
	matrix $family "tcp udp sctp" <<'ROWS'
i1 i2 7777 = i1 7777 i2
a1 a2 7777 = a1 7777 a2
host i1 7777 = closed 7777 i1
host a1 7777 = -
i1 far 7777 = -
a1 far 7777 = -
far i1 7777 = -
far a1 7777 = -
nb i1 7777 = -
nb a1 7777 = -
r1 i1 7777 = -
r1 a1 7777 = -
i1 r1 7777 = -
i1 t1 7777 = -
i1 host 8080 = -
i1 host 8100 = -
a1 host 8080 = -
a1 host 7000 = -
a1 i1 7777 = -
ROWS
	# They know a way to the host all the same.
	if [ $family = 4 ]; then bridge=10.24.0.1; else bridge=fd00:24::1; fi
	ip -n i1 -$family route add default via $bridge
	ip -n a1 -$family route add default dev eth0
	matrix $family "tcp udp sctp" <<'ROWS'
i1 closed 7000 = i1 7000 host
i1 far 7777 = -
i1 t1 7777 = -
i1 o1 7777 = -
i1 host 8080 = -
i1 host 8100 = -
a1 far 7777 = -
a1 host 8080 = -
a1 host 7000 = -
a1 t1 7777 = -
ROWS
done

seen=$(ip netns exec lan nft list table netdev seen | grep -o 'packets [0-9]*' | cut -d' ' -f 2)
assert_eq "packets outside from internal networks" "0 0" "$(echo "$seen" | head -n 2 | tr '\n' ' ' | sed 's/ $//')"
[ "$(echo "$seen" | tail -n 1)" -gt 0 ] || fail "nothing was counted outside, of the routed network either"
nft delete table inet others

say "ICMP goes to routed and unprotected containers only"
pings() {
	ip netns exec far ping -c 1 -W 0.3 "$1" >/dev/null 2>&1
}
for f in 4 6; do
	eval "t1=\$t1_$f t2=\$t2_$f o1=\$o1_$f r1=\$r1_$f i1=\$i1_$f"
	for a in $t1 $t2 $o1; do
		until_true 3 pings "$a" || fail "no ping to $a"
	done
	for a in $r1 $i1; do
		! pings "$a" || fail "ping to $a"
	done
done

say "a mode for each family"
matrix 4 "tcp udp sctp" <<'ROWS'
far host 8300 = far 7777 m1
host loop 8300 = mixed 7777 m1
far m1 7777 = -
m1 far 7777 = host 7777 far
ROWS
matrix 6 "tcp udp sctp" <<'ROWS'
far host 8300 = -
far m1 7777 = far 7777 m1
far m1 7778 = -
m1 far 7777 = m1 7777 far
ROWS

say "an isolated network has no address on the host, not even a link-local one"
assert_eq "addresses of br-alone" "" "$(ip -o addr show dev br-alone)"

say "what makes no sense is refused"
refused 'isolated.*internal' "$CNM" network create -o gateway_mode_ipv4=isolated odd
refused 'gateway_mode_ipv4' "$CNM" network create -o gateway_mode_ipv4=bridged odd
ip netns add x1
refused 'closed is internal' "$CNM" connect --netns /run/netns/x1 closed x1 -p 8500:80
refused 'alone is internal' "$CNM" connect --netns /run/netns/x1 alone x1 -p 8500:80

say "a network whose ports are bound to one address of the host"
create bound 27 -o host_binding=127.0.0.1
join bound l1 -p 8600:7777 -p 192.0.2.1:8601:7777
matrix 4 tcp <<'ROWS'
host loop 8600 = bound 7777 l1
far host 8600 = -
host host 8600 = -
far host 8601 = far 7777 l1
ROWS
matrix 6 tcp <<'ROWS'
far host 8600 = -
host loop 8600 = -
ROWS

ip netns del x1
leave r1 o1 t1 t2 m1 i1 i2 a1 a2 d1 d2 l1
for n in red open routed mixed closed alone apart bound; do
	"$CNM" network rm $n >/dev/null
done
assert_baseline
