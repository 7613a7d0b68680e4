# SPDX-License-Identifier: GPL-2.0-or-later
# VLAN parents come and go: made when missing, handed on between networks, gone with the last one, made again when somebody deletes them; one that
# was there before stays. What is refused. A kernel without VLANs is told: that is all then.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/parent.inc.sh"

make_roots
make_lan
needs_kernel macvlan vlan -o parent=lan0.10
move_lan_to_vlan
baseline

say "somebody deletes it: CHECK says so, reconcile and the next join make it again"
create -d macvlan -o parent=lan0.10
ip link del lan0.10
assert_match "reconcile" 'network lan.*parent lan0\.10 is missing' "$(join c0; ip link del lan0.10; "$CNM" reconcile)"
ip link del lan0.10
leave c0
join c1
ping_switch
assert_reaches yes c1 10.3.0.1 fd03::1

say "two networks on it: it goes with the last"
"$CNM" network create -d macvlan -o parent=lan0.10 -o mode=private --subnet 10.4.0.0/24 second >/dev/null
leave c1
"$CNM" network rm lan >/dev/null
ip link show lan0.10 >/dev/null || fail "the parent of network second is gone"
create -d macvlan -o parent=lan0.10
"$CNM" network rm second >/dev/null
ip link show lan0.10 >/dev/null || fail "the parent of network lan is gone"
"$CNM" network rm lan >/dev/null
assert_baseline main

say "one that was there stays, with its name"
ip link add link lan0 name lan0.10 type vlan id 10
ip link set lan0.10 up
baseline there
create -d macvlan -o parent=lan0.10
join c1
assert_reaches yes c1 10.3.0.1 fd03::1
leave c1
"$CNM" network rm lan >/dev/null
assert_baseline there
ip link set lan0.10 down
ip link set lan0.10 name other
refused 'parent lan0.10: VLAN 10 of lan0 is another link already' network create -d macvlan -o parent=lan0.10 lan
ip link del other
ip link set lan0 down
refused 'parent lan0.10: interface lan0 is down' network create -d macvlan -o parent=lan0.10 lan
ip link set lan0 up
until_true 5 sh -c 'ip link show lan0 | grep -q "state UP"'
assert_baseline main

say "driver vlan: one endpoint for each id"
create -d vlan -o parent=lan0 -o id=10
join c1
ip netns add c2
refused 'interface eth0 exists already in the sandbox, or VLAN 10 of parent lan0 is a link elsewhere' \
	connect --netns /run/netns/c2 lan c2
ip netns del c2
refused 'parent lan0 carries network lan (vlan, id 10): the kernel has one link for each VLAN of a parent' \
	network create -d vlan -o parent=lan0 -o id=10 second
leave c1
"$CNM" network rm lan >/dev/null
refused 'driver vlan: option parent is missing' network create -d vlan -o id=10 lan
refused 'driver vlan: option cnm.vlan.id is missing' network create -d vlan -o parent=lan0 lan
refused 'option cnm.vlan.id: "4095" is not a number from 1 to 4094' network create -d vlan -o parent=lan0 -o id=4095 lan
assert_baseline main
