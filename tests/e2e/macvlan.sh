# SPDX-License-Identifier: GPL-2.0-or-later
# macvlan on a parent: who reaches whom in each mode, what the sandbox gets, several networks on one parent, a network without a parent,
# what is refused, and that leave, gc and removal leave nothing.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/parent.inc.sh"

make_roots
make_lan
# The host's own address on the parent.
ip addr add 10.3.0.254/24 dev lan0
baseline

say "what the sandbox gets"
create -d macvlan -o parent=lan0
join c1 --ip 10.3.0.7 --mac 02:00:00:00:00:07
link=$(ip -n c1 -d -j link show eth0 | jq '.[0]')
assert_json "link" '.address == "02:00:00:00:00:07" and .mtu == 1500 and .linkinfo.info_kind == "macvlan"
	and .linkinfo.info_data.mode == "bridge"' "$link"
assert_eq "address" 10.3.0.7 "$c1_4"
assert_match "default route" '^default via 10\.3\.0\.1 dev eth0' "$(ip -n c1 route)"
assert_match "default route" '^default via fd03::1 dev eth0' "$(ip -n c1 -6 route)"
assert_eq "arp_notify" 1 "$(ip netns exec c1 cat /proc/sys/net/ipv4/conf/eth0/arp_notify)"
assert_eq "ndisc_notify" 1 "$(ip netns exec c1 cat /proc/sys/net/ipv6/conf/eth0/ndisc_notify)"
assert_json "inspect" '.[0].Driver == "macvlan" and .[0].Options.parent == "lan0"
	and .[0].Containers.c1.MacAddress == "02:00:00:00:00:07"' "$("$CNM" network inspect lan)"
leave c1
"$CNM" network rm lan >/dev/null

say "who reaches whom"
# measure MODE: neighbour, host beyond, this host.
measure() {
	create -d macvlan -o parent=lan0 -o "mode=$1"
	join c1
	join c2
	# shellcheck disable=SC2154
	near=$(reaches c1 "$c2_4" "$c2_6") far=$(reaches c1 10.3.0.1 fd03::1)
	# The host has no IPv6 on its parent.
	if ping_once c1 10.3.0.254; then host=yes; else host=no; fi
	assert_eq "what beyond reaches" "$far" "$(reaches beyond "$c1_4" "$c1_6")"
	leave c1 c2
	"$CNM" network rm lan >/dev/null
}
for mode in bridge private vepa; do
	measure $mode
	assert_row macvlan $mode "$near" "$far" "$host"
done
# A switch that sends frames back where they came from (802.1Qbg) joins what vepa keeps apart.
bridge -n beyond link set dev port hairpin on
measure vepa
assert_row macvlan "vepa, switch with hairpin" "$near" "$far" "$host"
measure private
assert_eq "private with a hairpin" no "$near"
bridge -n beyond link set dev port hairpin off

say "passthru"
create -d macvlan -o parent=lan0 -o mode=passthru
ip netns add c1
refused 'MAC address 02:00:00:00:00:08: endpoints of this network have the parent'"'"'s, and none of their own' \
	connect --mac 02:00:00:00:00:08 --netns /run/netns/c1 lan c1
join c1
assert_eq "MAC address of passthru" "$(cat /sys/class/net/lan0/address 2>/dev/null || ip -j link show lan0 | jq -r '.[0].address')" \
	"$(ip -n c1 -j link show eth0 | jq -r '.[0].address')"
far=$(reaches c1 10.3.0.1 fd03::1)
assert_row macvlan passthru "-" "$far" no
ip netns add c2
refused 'parent lan0 has another macvlan link, and mode passthru takes it whole' connect --netns /run/netns/c2 lan c2
refused 'parent lan0 carries network lan (macvlan, mode passthru): mode passthru takes the whole parent' \
	network create -d macvlan -o parent=lan0 second
ip netns del c2
leave c1
"$CNM" network rm lan >/dev/null
assert_baseline main

say "two networks on one parent"
create -d macvlan -o parent=lan0
"$CNM" network create -d macvlan -o parent=lan0 -o mode=private --subnet 10.4.0.0/24 second >/dev/null
join c1
NETWORK=second join c2
assert_eq "mode of the second" private "$(ip -n c2 -d -j link show eth0 | jq -r '.[0].linkinfo.info_data.mode')"
assert_eq "IPv6 addresses where the network has none" "" "$(ip -n c2 -6 -o addr show dev eth0)"
assert_reaches yes c1 10.3.0.1 fd03::1
refused 'parent lan0 carries network lan (macvlan, mode bridge): mode passthru takes the whole parent' \
	network create -d macvlan -o parent=lan0 -o mode=passthru third
NETWORK=second leave c2
"$CNM" network rm second >/dev/null

say "published ports are refused, with the reason"
ip netns add c2
refused "driver macvlan publishes no ports: its packets do not pass this host; the container's ports are open at its own address" \
	connect -p 80:80 --netns /run/netns/c2 lan c2
ip -n c2 link add eth0 type veth peer name eth9
refused 'interface eth0 exists already in the sandbox' connect --netns /run/netns/c2 lan c2
ip -n c2 link del eth0
mac=$(ip -n c1 -j link show eth0 | jq -r '.[0].address')
refused "interface eth0: its MAC address $mac is that of another link on the parent" connect --mac "$mac" --netns /run/netns/c2 lan c2
ip netns del c2

say "the container renames its link; leave finds it"
ip -n c1 link set eth0 down
ip -n c1 link set eth0 name mine
assert_status 1 "$CNM" network rm lan
"$CNM" disconnect lan c1 >/dev/null
assert_eq "links left in the sandbox" lo "$(ip -n c1 -j link | jq -r '.[].ifname')"
ip netns del c1

say "a namespace that is gone, and gc"
join c1
ip netns del c1
"$CNM" gc >/dev/null
"$CNM" network rm lan >/dev/null
assert_baseline main

say "a sandbox of ours, and an MTU"
create -d macvlan -o parent=lan0 -o mtu=1400
"$CNM" sandbox create s1 >/dev/null
"$CNM" connect lan s1 >/dev/null
assert_eq "MTU" 1400 "$(nsenter --net="$CNM_STATE/netns/s1" ip -j link show eth0 | jq '.[0].mtu')"
"$CNM" disconnect lan s1 >/dev/null
"$CNM" sandbox rm s1 >/dev/null
"$CNM" network rm lan >/dev/null

say "no parent: an internal network"
create -d macvlan
join c1
join c2
assert_reaches yes c1 "$c2_4" "$c2_6"
assert_reaches no c1 10.3.0.254 fd03::ffff
assert_eq "default route" "" "$(ip -n c1 route show default)"
assert_json "internal" '.[0].Internal == true' "$("$CNM" network inspect lan)"
assert_row macvlan "bridge, no parent" "$(reaches c1 "$c2_4" "$c2_6")" no no
leave c1 c2
"$CNM" network rm lan >/dev/null
assert_baseline main

say "internal, on a parent: no default route"
create -d macvlan --internal -o parent=lan0
join c1
assert_eq "default route" "" "$(ip -n c1 route show default)"
leave c1
"$CNM" network rm lan >/dev/null

say "bad input"
no() {
	text=$1
	shift
	refused "$text" network create -d macvlan "$@" lan
}
no 'parent lan9: there is no such interface' -o parent=lan9
no 'parent lo: a loopback interface carries no other links' -o parent=lo
no 'parent lo: a loopback interface carries no other links' -o parent=lo.5
no 'parent lan0.4095: "4095" is not a VLAN id from 1 to 4094' -o parent=lan0.4095
no 'parent lan0.0: "0" is not a VLAN id from 1 to 4094' -o parent=lan0.0
no 'parent lan9.5: there is no interface lan9' -o parent=lan9.5
no 'parent lan0.5.6: there is no such interface' -o parent=lan0.5.6
no 'option macvlan_mode: "l2" is not one of: bridge private vepa passthru' -o parent=lan0 -o mode=l2
no 'option com.docker.network.driver.mtu: 9000 is more than 1500 of parent lan0' -o parent=lan0 -o mtu=9000
ip link add br1 type bridge
ip link set lan0 master br1
no 'parent lan0: it is a port of a bridge, which takes all that it receives' -o parent=lan0
ip link set lan0 nomaster
ip link del br1
create -d macvlan -o parent=lan0
ip link set lan0 down
ip netns add c1
refused 'parent lan0 is down' connect --netns /run/netns/c1 lan c1
ip netns del c1
ip link set lan0 up
until_true 5 sh -c 'ip link show lan0 | grep -q "state UP"'
"$CNM" network rm lan >/dev/null
assert_baseline main

say "CHECK tells what others changed"
create -d macvlan -o parent=lan0
join c1
config='{"cniVersion": "1.0.0", "name": "lan", "type": "cnm"}'
cni() {
	printf '%s' "$config" | env CNI_COMMAND="$1" CNI_CONTAINERID=c5 CNI_NETNS=/run/netns/c5 CNI_IFNAME=eth0 CNI_PATH=/nowhere "$CNM"
}
ip netns add c5
cni ADD >result
assert_json "result" '(.interfaces | length) == 1 and .interfaces[0].sandbox == "/run/netns/c5"
	and (.ips | length) == 2 and ([.routes[].gw] | sort == ["10.3.0.1", "fd03::1"])' "$(cat result)"
config=$(echo "$config" | jq -c --slurpfile r result '. + {prevResult: $r[0]}')
cni CHECK
ip -n c5 link set eth0 type macvlan mode private
assert_match "CHECK" 'interface eth0 is not macvlan, mode bridge any more' "$(cni CHECK)"
ip -n c5 link del eth0
assert_match "CHECK" 'interface eth0 is missing in the sandbox' "$(cni CHECK)"
cni DEL
cni DEL
ip netns del c5
leave c1
"$CNM" network rm lan >/dev/null
assert_baseline main

say "a parent that is gone is told by reconcile, which repairs the others nevertheless"
ip link add lan7 type veth peer name port7
ip link set lan7 up
ip link set port7 up
"$CNM" network create -d macvlan -o parent=lan7 --subnet 10.4.0.0/24 able >/dev/null
"$CNM" network create -o com.docker.network.bridge.name=br-other --subnet 10.8.0.0/24 other >/dev/null
ip netns add c1
"$CNM" connect --netns /run/netns/c1 able c1 >/dev/null
"$CNM" connect --netns /run/netns/c1 other c1 >/dev/null
ip link del lan7
nft flush ruleset
ip addr flush dev br-other
assert_status 1 "$CNM" reconcile
assert_match "reconcile" 'network able: parent lan7: there is no such interface' "$(cat "$TMPDIR/err")"
assert_match "the other network" '10\.8\.0\.1/24' "$(ip addr show dev br-other)"
"$CNM" disconnect able c1 >/dev/null
"$CNM" disconnect other c1 >/dev/null
ip netns del c1
"$CNM" network rm able other >/dev/null
