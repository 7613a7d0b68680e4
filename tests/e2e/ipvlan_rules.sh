# SPDX-License-Identifier: GPL-2.0-or-later
# ipvlan beside itself and others: several networks on one parent, endpoints made first and joined later, CHECK, a container's default route, what
# is refused. A kernel without ipvlan is told: that is all then.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/parent.inc.sh"

make_roots
make_lan
needs_kernel ipvlan ipvlan -o parent=lan0
parent_mac=$(ip -j link show lan0 | jq -r '.[0].address')
baseline

say "several networks on one parent have one mode"
"$CNM" network create -d ipvlan -o parent=lan0 --subnet 10.3.0.0/24 --subnet fd03::/64 lan >/dev/null
"$CNM" network create -d ipvlan -o parent=lan0 --subnet 10.4.0.0/24 second >/dev/null
join c1
NETWORK=second join c2
refused 'parent lan0 carries network lan (ipvlan, mode l2, flag bridge): all ipvlan links of a parent have one mode and one flag' \
	network create -d ipvlan -o parent=lan0 -o mode=l3 third
refused 'parent lan0 carries network lan (ipvlan, mode l2, flag bridge): all ipvlan links of a parent have one mode and one flag' \
	network create -d ipvlan -o parent=lan0 -o flag=vepa third
refused 'parent lan0 carries network lan (ipvlan, mode l2, flag bridge): a parent carries either macvlan or ipvlan links' \
	network create -d macvlan -o parent=lan0 third
NETWORK=second leave c2
"$CNM" network rm second >/dev/null

say "refused on an endpoint"
ip netns add c2
refused 'MAC address 02:00:00:00:00:08: endpoints of this network have the parent'"'"'s, and none of their own' \
	connect --netns /run/netns/c2 --mac 02:00:00:00:00:08 lan c2
refused "driver ipvlan publishes no ports: its packets do not pass this host; the container's ports are open at its own address" \
	connect --netns /run/netns/c2 -p 80:80 lan c2
ip netns del c2

say "one that is made first and joined later; its MAC address is known once it is"
"$CNM" endpoint create --ip 10.3.0.99 lan e1 >/dev/null
ip netns add c3
"$CNM" endpoint join --netns /run/netns/c3 lan/e1 c3 >/dev/null
assert_eq "address" 10.3.0.99 "$(address_in /run/netns/c3 inet eth0)"
"$CNM" endpoint rm -f lan/e1 >/dev/null
assert_eq "links left" lo "$(ip -n c3 -j link | jq -r '.[].ifname')"
ip netns del c3

say "CHECK"
ip netns add c5
config='{"cniVersion": "1.0.0", "name": "lan", "type": "cnm"}'
cni() {
	printf '%s' "$config" | env CNI_COMMAND="$1" CNI_CONTAINERID=c5 CNI_NETNS=/run/netns/c5 CNI_IFNAME=eth0 CNI_PATH=/nowhere "$CNM"
}
cni ADD >result
assert_json "result" ".interfaces[0].mac == \"$parent_mac\" and .interfaces[0].sandbox == \"/run/netns/c5\"" "$(cat result)"
config=$(echo "$config" | jq -c --slurpfile r result '. + {prevResult: $r[0]}')
cni CHECK
ip -n c5 link del eth0
assert_match "CHECK" 'interface eth0 is missing in the sandbox' "$(cni CHECK)"
cni DEL
ip netns del c5
leave c1
"$CNM" network rm lan >/dev/null
assert_baseline main

say "a container on two networks: the one that sorts first gives the default route, and the other takes over"
"$CNM" network create --subnet 10.8.0.0/24 able >/dev/null
"$CNM" network create -d ipvlan -o mode=l3 -o parent=lan0 --subnet 10.5.0.0/24 lan >/dev/null
join c1
"$CNM" connect --netns /run/netns/c1 able c1 >/dev/null
assert_match "default route" '^default via 10\.8\.0\.1 dev eth1' "$(ip -n c1 route show default)"
"$CNM" disconnect able c1 >/dev/null
assert_match "default route" '^default dev eth0' "$(ip -n c1 route show default)"
leave c1
"$CNM" network rm able >/dev/null
"$CNM" network rm lan >/dev/null

say "bad input"
no() {
	text=$1
	shift
	refused "$text" network create -d ipvlan "$@" lan
}
no 'option ipvlan_mode: "bridge" is not one of: l2 l3 l3s' -o parent=lan0 -o mode=bridge
no 'option ipvlan_flag: "l2" is not one of: bridge private vepa' -o parent=lan0 -o flag=l2
no 'parent lo: a loopback interface carries no other links' -o parent=lo
no 'parent lan9: there is no such interface' -o parent=lan9
assert_baseline main
