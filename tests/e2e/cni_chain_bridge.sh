# SPDX-License-Identifier: GPL-2.0-or-later
# Lists that begin with `bridge`: ours before Debian's plugins, Debian's with our host-local, all of them ours; in two orders.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/chain.inc.sh"

# Debian's (version 1.1.1) knows no txQLen, and takes the link down to change its MAC, by which the routes are lost; its CHECK does not replace
# IFNAME.
cp conf.tuning conf.tuning.ours
jq 'del(.mac, .txQLen) | .sysctl |= with_entries(.key |= sub("IFNAME"; "eth0"))' conf.tuning.ours >conf.tuning

say "our bridge, Debian's plugins behind it"
use "bridge" "host-local portmap firewall tuning bandwidth"
list ours 0.4.0 bridge portmap firewall tuning bandwidth >list
life "portmap, firewall, tuning, bandwidth"
assert_json "network" '.[0] | .Driver == "bridge" and .Described' "$("$CNM" network inspect ours)"
ROUNDS=2
list ours 1.0.0 bridge bandwidth tuning firewall portmap >list
life "bandwidth, tuning, firewall, portmap"
"$CNM" network prune >/dev/null

say "Debian's bridge with our host-local, Debian's plugins behind it"
use "host-local" "bridge portmap firewall tuning bandwidth"
ROUNDS="1 2"
list theirs 1.0.0 bridge portmap firewall tuning bandwidth >list
life "host-local"
assert_json "network" '.[0] | .Driver == "reserve" and .Described' "$("$CNM" network inspect theirs.host-local)"
"$CNM" network prune >/dev/null
ip link del br-chain

say "all of them ours"
cp conf.tuning.ours conf.tuning
use "bridge host-local portmap firewall tuning bandwidth" ""
list all 0.4.0 bridge portmap firewall tuning bandwidth >list
life "portmap, firewall, tuning, bandwidth"
ROUNDS=2
list all 1.1.0 bridge bandwidth tuning firewall portmap >list
life "bandwidth, tuning, firewall, portmap"

say "a description that changed: replaced while nobody is on it, an error while somebody is"
ip netns add pod
list all 1.0.0 bridge >list
add list c1 /run/netns/pod || fail "ADD: $(cat "result.$i" err)"
jq '.plugins[0].ipam.ranges = [[{subnet: "10.9.0.0/24"}]]' list >changed
ip netns add other
baseline changed
conf changed 0 /dev/null >second
call ADD bridge c2 /run/netns/other eth0 <second >out && fail "a contradicting description was accepted"
assert_json "error" '.code == 7 and (.msg | test("10.7.0.0/24.*10.9.0.0/24"))' "$(cat out)"
assert_baseline changed "after a contradicting ADD something"
undo list c1 /run/netns/pod
call ADD bridge c2 /run/netns/other eth0 <second >out || fail "ADD: $(cat out)"
assert_json "address" '.ips[0].address == "10.9.0.2/24"' "$(cat out)"
call DEL bridge c2 /run/netns/other eth0 <second || fail "DEL"
say "a bridge that others deleted is made again; a renamed configuration gets its bridge"
ip link del br-chain
call ADD bridge c2 /run/netns/other eth0 <second >out || fail "ADD: $(cat out)"
ip -j addr show dev br-chain | jq -e '.[0].addr_info[0].local == "10.9.0.1"' >/dev/null || fail "br-chain has no address"
jq '.name = "renamed"' second >renamed
call ADD bridge c1 /run/netns/pod eth0 <renamed >out && fail "two networks have one bridge"
call DEL bridge c2 /run/netns/other eth0 <second || fail "DEL"
call ADD bridge c1 /run/netns/pod eth0 <renamed >out || fail "ADD: $(cat out)"
assert_eq "networks" "renamed" "$("$CNM" network ls --format json | jq -r '.[].Name')"
call DEL bridge c1 /run/netns/pod eth0 <renamed || fail "DEL"
"$CNM" gc >/dev/null
assert_eq "networks, after gc" "" "$("$CNM" network ls -q)"
