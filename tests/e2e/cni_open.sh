# SPDX-License-Identifier: GPL-2.0-or-later
# Who reaches a container by its own address: what the reference's `bridge` leaves open is open with ours, what its `firewall` closes is closed.
# And a bridge that others have in use, the host's own uplink on it, stays theirs.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/chain.inc.sh"

ip -n outside route add 10.0.0.0/8 via 192.0.2.1
echo 0 >/proc/sys/net/ipv4/ip_forward

# net NAME SUBNET KEYS PLUGIN...: a list with a bridge of its own
net() {
	name=$1 subnet=$2 keys=$3
	shift 3
	jq -n --arg n "$name" --arg s "$subnet" --arg d "$TMPDIR/ipam" --argjson k "$keys" '{type: "bridge", bridge: "br-\($n)", isGateway: true,
		ipam: {type: "host-local", dataDir: $d, ranges: [[{subnet: $s}]], routes: [{dst: "0.0.0.0/0"}]}} + $k' >conf.bridge
	list "$name" 1.0.0 bridge "$@" >"list.$name"
}

# up LIST CONTAINER: its address is in $address
up() {
	ip netns add "$2"
	add "list.$1" "$2" "/run/netns/$2" || fail "ADD $1 $2: $(cat "result.$i" err)"
	cp result "result.of.$2"
	address=$(jq -r '.ips[0].address | split("/")[0]' result)
	serve ip netns exec "$2"
}

down() {
	cp "result.of.$2" result
	undo "list.$1" "$2" "/run/netns/$2"
	ip netns pids "$2" | xargs -r kill
	ip netns del "$2"
}

# who ADDRESS NAMESPACE: yes or no
who() {
	[ -n "$(ASK_SECONDS=1 ask "$1" ip netns exec "$2")" ] && echo yes || echo no
}

# see: what reaches what, in the two networks of the lists a and b
see() {
	up a a1
	a1=$address
	up a a2
	a2=$address
	up b b1
	b1=$address
	echo "outside to a1: $(who "$a1" outside), outside to b1: $(who "$b1" outside)"
	echo "a1 to b1: $(who "$b1" a1), b1 to a1: $(who "$a1" b1)"
	echo "a1 to a2: $(who "$a2" a1), a1 to outside: $(who 192.0.2.2 a1)"
	for c in "a a1" "a a2" "b b1"; do
		# shellcheck disable=SC2086
		down $c
	done
}

# forget: the host without bridges and rules of either
forget() {
	"$CNM" network prune >/dev/null
	for link in br-a br-b; do ip link del $link 2>/dev/null || :; done
	nft flush ruleset
	rm -rf "$TMPDIR/ipam"
	echo 0 >/proc/sys/net/ipv4/ip_forward
}

# same WHAT KEYS FIREWALL-CONFIGURATION: two networks, by theirs and by ours
same() {
	echo "$3" >conf.firewall
	net a 10.7.0.0/24 "$2" firewall
	net b 10.8.0.0/24 "$2" firewall
	use "" "bridge host-local firewall"
	see >seen.theirs
	forget
	use "bridge host-local firewall" ""
	see >seen.ours
	forget
	diff -U3 seen.theirs seen.ours >difference || fail "$1: ours differs: $(cat difference)"
	say "$1: $(paste -sd' ' seen.ours)"
}

same "open" '{}' '{"type": "firewall"}'
same "open, masqueraded" '{"ipMasq": true}' '{"type": "firewall", "ingressPolicy": "open"}'
same "closed to other bridges" '{"ipMasq": true}' '{"type": "firewall", "ingressPolicy": "same-bridge"}'

say "closed to its neighbours too: the policy closes the network behind a bridge that left it open"
use "bridge host-local firewall" ""
echo '{"type": "firewall", "ingressPolicy": "isolated"}' >conf.firewall
net a 10.7.0.0/24 '{"ipMasq": true}' firewall
net b 10.8.0.0/24 '{"ipMasq": true}' firewall
see >seen
assert_eq "isolated" "outside to a1: yes, outside to b1: yes a1 to b1: no, b1 to a1: no a1 to a2: no, a1 to outside: yes" \
	"$(paste -sd' ' seen)"
say "CHECK sees a policy that was taken away"
up a a1
conf list.a 1 result >given
call CHECK firewall a1 /run/netns/a1 eth0 <given >out || fail "CHECK: $(cat out)"
nft flush set inet cnm closed
call CHECK firewall a1 /run/netns/a1 eth0 <given >out && fail "CHECK passes without the element"
"$CNM" reconcile >/dev/null
call CHECK firewall a1 /run/netns/a1 eth0 <given >out || fail "CHECK after reconcile: $(cat out)"
down a a1
forget

say "CHECK sees a route that is gone, and repairs nothing"
echo '{"type": "firewall"}' >conf.firewall
net a 10.7.0.0/24 '{}' firewall
up a a1
conf list.a 0 result >given.bridge
conf list.a 1 result >given.firewall
# checked 0|1 TYPE
checked() {
	assert_status "$1" sh -c "$(command -v env) -i PATH='$PATH' CNM_ROOT='$CNM_ROOT' CNM_STATE='$CNM_STATE' CNI_COMMAND=CHECK CNI_CONTAINERID=a1 \
		CNI_NETNS=/run/netns/a1 CNI_IFNAME=eth0 CNI_PATH='$TMPDIR/plugins' '$TMPDIR/plugins/$2' <given.$2"
}
checked 0 bridge
checked 0 firewall
ip -n a1 route del default
checked 1 bridge
assert_match "CHECK" "lacks the route to 0.0.0.0/0" "$(cat out)"
ip -n a1 route add default via 10.7.0.1
checked 0 bridge
nft flush chain inet cnm forward
baseline broken
checked 1 firewall
assert_baseline broken "after CHECK of a broken firewall something"
"$CNM" reconcile >out
assert_match "reconcile" "network a" "$(cat out)"
checked 0 firewall
down a a1
forget

say "behind a bridge of others: FORWARD is loaded anew, and reconcile opens it again"
use "firewall" "bridge host-local"
echo 1 >/proc/sys/net/ipv4/ip_forward
iptables -P FORWARD DROP
up a a1
iptables -S FORWARD | sed 's/-m comment.*-j/-j/' >rules
[ "$(wc -l <rules)" -gt 1 ] || fail "FORWARD was not opened"
iptables -F FORWARD
"$CNM" reconcile >out
assert_match "reconcile" "ports of network" "$(cat out)"
iptables -S FORWARD | sed 's/-m comment.*-j/-j/' >rules.now
cmp rules rules.now || fail "FORWARD: $(diff rules rules.now)"
assert_eq "reconcile once more" "nothing was missing" "$("$CNM" reconcile)"
down a a1
assert_eq "FORWARD, after DEL" "-P FORWARD DROP" "$(iptables -S FORWARD)"
iptables -P FORWARD ACCEPT
forget
use "bridge host-local firewall" ""

# The host's uplink becomes a port of a bridge, and virtual machines of somebody else are on another.
ip addr flush dev uplink scope global
ip link add br0 type bridge
ip link set uplink master br0
ip link set br0 up
ip addr add 192.0.2.1/24 dev br0
ip route add default via 192.0.2.2
ip netns add vm
ip link add virbr0 type bridge
ip addr add 192.168.122.1/24 dev virbr0
ip link set virbr0 up
ip link add vnet0 type veth peer name eth0 netns vm
ip link set vnet0 master virbr0
ip link set vnet0 up
ip -n vm addr add 192.168.122.2/24 dev eth0
ip -n vm link set eth0 up
ip -n vm route add default via 192.168.122.1
ip -n outside route add 192.168.122.0/24 via 192.0.2.1
serve ip netns exec vm
until_true 5 sh -c 'ping -c 1 -W 1 192.0.2.2 >/dev/null' || fail "the uplink does not come up"

say "a network of cnm's own stays closed beside an open one"
"$CNM" network create --subnet 10.10.0.0/24 web >/dev/null
"$CNM" sandbox create s1 >/dev/null
"$CNM" connect --ip 10.10.0.9 web s1 >/dev/null
serve "$CNM" exec s1 --
echo '{"type": "firewall"}' >conf.firewall
net a 10.7.0.0/24 '{}' firewall
up a a1
assert_eq "from the open network to the closed one" no "$(who 10.10.0.9 a1)"
assert_eq "from outside to the closed one" no "$(who 10.10.0.9 outside)"
assert_eq "from the closed network to the open one" "" "$(ASK_SECONDS=1 ask "$address" "$CNM" exec s1 --)"
down a a1
"$CNM" network prune >/dev/null

say "a bridge with the host's uplink on it: neither a network of ours nor a virtual machine of others loses the outside"
others_work() {
	assert_eq "$1: vm to outside" yes "$(who 192.0.2.2 vm)"
	assert_eq "$1: vm is asked from outside" "$2" "$(who 192.168.122.2 outside)"
	assert_eq "$1: s1 to outside" 192.0.2.1 "$(ask 192.0.2.2 "$CNM" exec s1 --)"
	assert_eq "$1: s1 is asked from outside" no "$(who 10.10.0.9 outside)"
}
# We turned forwarding on: the host does not become a router for those outside.
others_work "before" no
baseline lan
lan='{"bridge":"br0","isGateway":false,"ipam":{"type":"host-local","subnet":"192.0.2.0/24","rangeStart":"192.0.2.100","rangeEnd":"192.0.2.120"}}'
net lan 192.0.2.0/24 "$lan"
up lan pod
assert_eq "pod to outside" "$address" "$(ask 192.0.2.2 ip netns exec pod)"
assert_eq "pod is asked from outside" yes "$(who "$address" outside)"
others_work "with a guest by CNI" no
[ "$("$CNM" reconcile)" = "nothing was missing" ] || fail "reconcile has something to do"
down lan pod
"$CNM" network prune >/dev/null
assert_baseline lan "after the guest something"
"$CNM" network create --subnet 192.0.2.0/24 --gateway 192.0.2.1 -o name=br0 lan2 >/dev/null
others_work "with a network" no
"$CNM" network rm web 2>/dev/null && fail "a network with an endpoint was removed"
"$CNM" disconnect web s1
"$CNM" network rm web >/dev/null
nft list set inet cnm lans | grep -q br0 || fail "the table went with the other network"
"$CNM" network rm lan2 >/dev/null
"$CNM" sandbox rm s1 >/dev/null

say "with virtual machines of others on the host forwarding stays on, and transit closed; without them both end"
assert_eq "vm to outside" yes "$(who 192.0.2.2 vm)"
assert_eq "vm is asked from outside" no "$(who 192.168.122.2 outside)"
ip link del virbr0
"$CNM" network create --subnet 10.10.0.0/24 web >/dev/null
"$CNM" network rm web >/dev/null
assert_eq "forwarding" 0 "$(cat /proc/sys/net/ipv4/ip_forward)"
assert_eq "tables after the last network" "" "$(nft list tables | grep cnm)"
pidof busybox | xargs -r kill
