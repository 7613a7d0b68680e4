# SPDX-License-Identifier: GPL-2.0-or-later
# Published ports of networks behind NAT: who reaches which port by which address, over each protocol, in both families, with and without
# bridges that hand packets to netfilter.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/ports.inc.sh"

make_roots
make_world
serve_at foreign 8080-8083
baseline
"$CNM" network create --subnet 10.10.0.0/24 --subnet fd00:10::/64 red >/dev/null
"$CNM" network create --subnet 10.11.0.0/24 --subnet fd00:11::/64 blue >/dev/null
"$CNM" network create --subnet 10.12.0.0/24 --subnet fd00:12::/64 --internal closed >/dev/null
"$CNM" network create --subnet 10.13.0.0/24 --subnet fd00:13::/64 -o icc=false quiet >/dev/null
# shellcheck disable=SC2034
red_4=10.10.0.1 red_6=fd00:10::1 blue_4=10.11.0.1 blue_6=fd00:11::1 closed_4=10.12.0.1 closed_6=fd00:12::1 quiet_4=10.13.0.1 quiet_6=fd00:13::1

publish=
for p in tcp udp sctp; do
	publish="$publish -p 8080:7777/$p -p 192.0.2.9:8081:7778/$p -p [2001:db8:2::9]:8081:7778/$p"
	publish="$publish -p 127.0.0.1:8082:7779/$p -p [::1]:8082:7779/$p"
	# The same number for one address of the host, and for another one.
	publish="$publish -p 192.0.2.1:8083:7777/$p -p 192.0.2.9:8083:7778/$p -p [2001:db8:2::1]:8083:7777/$p -p [2001:db8:2::9]:8083:7778/$p"
	# Ranges that keep their numbers.
	publish="$publish -p 7779-7780:7779-7780/$p -p 192.0.2.9:7777-7778:7777-7778/$p -p [2001:db8:2::9]:7777-7778:7777-7778/$p"
done
bridge_filter 0
# shellcheck disable=SC2086
join red r1 $publish
join red r2
join blue b1
join closed i1
join quiet q1 -p 8090:7777/tcp -p 8090:7777/udp -p 8090:7777/sctp
join quiet q2
for n in r1 r2 b1 i1 q1; do
	eval "say \"$n: \$${n}_4 \$${n}_6\""
done
# Containers that are kept apart try the way through the host, both of them.
ip -n q1 route add "$q2_4" via 10.13.0.1
ip -n q2 route add "$q1_4" via 10.13.0.1
ip -n q1 route add "$q2_6" via fd00:13::1
ip -n q2 route add "$q1_6" via fd00:13::1
# They send to 127.0.0.1, with the host's MAC address.
craft nb
craft r2

rows() {
	cat <<'ROWS'
# every address of the host; the container sees the client
far host 8080 = far 7777 r1
far second 8080 = far 7777 r1
nb host 8080 = nb 7777 r1
foreign host 8080 = foreign 7777 r1
host host 8080 = host 7777 r1
host second 8080 = second 7777 r1
b1 host 8080 = b1 7777 r1
b1 blue 8080 = b1 7777 r1
b1 red 8080 = b1 7777 r1
q1 host 8080 = q1 7777 r1
# but where the answer would go another way
r2 host 8080 = red 7777 r1
r2 red 8080 = red 7777 r1
r1 host 8080 = red 7777 r1
host red 8080 = red 7777 r1
# one address of the host
far second 8081 = far 7778 r1
nb second 8081 = nb 7778 r1
host second 8081 = second 7778 r1
b1 second 8081 = b1 7778 r1
r1 second 8081 = red 7778 r1
far host 8081 = -
nb host 8081 = -
host host 8081 = -
host loop 8081 = -
b1 host 8081 = -
# one port of two addresses
far host 8083 = far 7777 r1
far second 8083 = far 7778 r1
host loop 8083 = -
# ranges
far host 7780 = far 7780 r1
far second 7778 = far 7778 r1
far host 7778 = -
# the loopback only
far host 8082 = -
nb host 8082 = -
nb loop 8082 = -
nb loop 8080 = -
r2 loop 8082 = -
r2 loop 8080 = -
r2 host 8082 = -
b1 host 8082 = -
host host 8082 = -
# without inter-container communication a published port is still published
far host 8090 = far 7777 q1
q2 q1 7777 = -
# internal
i1 closed 8080 = -
far i1 7777 = -
nb i1 7777 = -
b1 i1 7777 = -
host i1 7777 = closed 7777 i1
# what nobody published
far r1 7777 = -
nb r1 7777 = -
foreign r1 7777 = -
nb r1 8080 = -
nb r2 7777 = -
far host 7777 = -
nb host 7777 = -
b1 r1 7777 = -
r1 b1 7777 = -
r2 r1 7777 = r2 7777 r1
host r1 7777 = red 7777 r1
# in transit to somebody else's port of that number
nb foreign 8080 = nb 8080 foreign
nb foreign 8081 = nb 8081 foreign
nb foreign 8082 = nb 8082 foreign
far foreign 8080 = far 8080 foreign
r1 foreign 8080 = host2 8080 foreign
b1 foreign 8081 = host2 8081 foreign
host foreign 8080 = host2 8080 foreign
ROWS
}
# With br_netfilter ::1 is not translated, and a bridge translates between isolated ports without routing: they stay apart.
routed_rows() {
	echo "q2 host 8090 = quiet 7777 q1"
}
loopback_rows() {
	cat <<'ROWS'
host loop 8080 = red 7777 r1
host loop 8082 = red 7779 r1
host loop 8090 = quiet 7777 q1
ROWS
}

say "bridges route what they do not know"
for family in 4 6; do
	{ rows && routed_rows && loopback_rows; } | matrix $family "tcp udp sctp"
done

if bridge_filter 1; then
	say "bridges hand packets to netfilter"
	for family in 4 6; do
		rows | matrix $family "tcp udp"
	done
	loopback_rows | matrix 4 "tcp udp sctp"
	say "::1 is refused at once: nobody waits for an answer that the kernel drops"
	"$CNM" reconcile >/dev/null
	assert_match "::1" refused "$(nc -v -z -w 3 ::1 8080 2>&1)"
fi

say "multicast leaves under the address that sent it"
ip netns exec lan nft 'table netdev seen { chain host { type filter hook ingress device "host" priority 0;
	ip saddr 10.10.0.1 ip daddr 224.0.0.251 counter; ip6 saddr fd00:10::1 ip6 daddr ff02::fb counter; }; }'
ping -4 -c 1 -W 0.1 -I 10.10.0.1 -I uplink 224.0.0.251 >/dev/null 2>&1 || :
ping -6 -c 1 -W 0.1 -I fd00:10::1 -I uplink ff02::fb >/dev/null 2>&1 || :
assert_eq "multicast packets of both families" "1 1" \
	"$(ip netns exec lan nft list table netdev seen | grep -o 'packets [0-9]*' | cut -d' ' -f 2 | paste -sd' ')"

leave r1 r2 b1 i1 q1 q2
for n in red blue closed quiet; do
	"$CNM" network rm $n >/dev/null
done
assert_baseline
