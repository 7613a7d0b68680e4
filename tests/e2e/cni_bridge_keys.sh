# SPDX-License-Identifier: GPL-2.0-or-later
# What our `bridge` refuses, what newer reference plugins have and Debian's have not, and whom its isolation keeps apart.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/same.inc.sh"

# conf CONFIGURATION: into the file `given`.
conf() {
	printf '%s' "$1" | jq '{cniVersion: "1.1.0", name: "new", type: "bridge", bridge: "br-new", isGateway: true} + .' >given
}
# refuse CODE PATTERN CONFIGURATION
refuse() {
	conf "$3"
	call ours ADD pod <given >out 2>err && fail "accepted: $3"
	assert_json "error for $3" ".code == $1 and (.msg | test(\"$2\"))" "$(cat out)"
	assert_baseline refused "after a refused ADD something"
}
ip netns add pod
ip netns add other
baseline refused
refuse 2 'vlan, 7' '{"vlan":7,'"$V4"'}'
refuse 2 'vlanTrunk, 5 to 9' '{"vlanTrunk":[{"minID":5,"maxID":9}],'"$V4"'}'
refuse 7 'mtu' '{"mtu":-1,'"$V4"'}'
refuse 7 'promiscMode.*hairpinMode|hairpinMode.*promiscMode' '{"promiscMode":true,"hairpinMode":true,'"$V4"'}'
refuse 7 'disableContainerInterface' '{"disableContainerInterface":true,'"$V4"'}'
refuse 7 '10.7.0.300' '{"ipam":{'"$LOCAL"',"subnet":"10.7.0.300/24"}}'
refuse 7 'subnet|range' '{"ipam":{'"$LOCAL"'}}'
refuse 7 'sandbox|interface' '{"prevResult":{"interfaces":7},'"$V4"'}'
conf '{"disableContainerInterface":true}'
call ours ADD pod <given >result || fail "ADD: $(cat result)"
ip -n pod -j link show dev eth0 | jq -e '.[0].flags | index("UP") | not' >/dev/null || fail "eth0 is up"
call ours DEL pod <given || fail DEL

say "isolated ports reach the gateway, and not each other; a forged MAC reaches nobody"
# pair CONFIGURATION: two containers, first and second address in $a and $b.
pair() {
	conf "$1"
	call ours ADD pod <given >result.a || fail "ADD: $(cat result.a)"
	call ours ADD other <given >result.b || fail "ADD: $(cat result.b)"
	a=$(address_in /run/netns/pod inet eth0)
	b=$(address_in /run/netns/other inet eth0)
}
reaches() { ip netns exec pod ping -c 1 -W 1 -q "$1" >out 2>&1; }
drop_pair() {
	call ours DEL pod <given && call ours DEL other <given || fail "DEL"
	"$CNM" network prune >/dev/null
}
pair "{$V4}"
reaches "$b" || fail "containers of a network do not reach each other"
ip -n pod link set eth0 address 02:00:00:00:00:66
reaches "$b" || fail "a container that changed its MAC is cut off without macspoofchk"
drop_pair
pair '{"portIsolation":true,'"$V4"'}'
reaches 10.7.0.1 || fail "an isolated port does not reach the gateway"
reaches "$b" && fail "isolated ports reach each other"
drop_pair
pair '{"macspoofchk":true,'"$V4"'}'
reaches "$b" && reaches 10.7.0.1 || fail "macspoofchk cuts off who has his own MAC"
ip -n pod link set eth0 address 02:00:00:00:00:66
reaches "$b" && fail "a forged MAC reaches another container"
reaches 10.7.0.1 && fail "a forged MAC reaches the gateway"
jq --slurpfile r result.a '.prevResult = $r[0]' given >again
ip link set "$(bridge -j link | jq -r '.[0].ifname')" type bridge_slave locked off
ip link set "$(bridge -j link | jq -r '.[1].ifname')" type bridge_slave locked off
call ours CHECK pod <again >out && fail "CHECK does not see that the port is unlocked"
drop_pair
assert_baseline refused
