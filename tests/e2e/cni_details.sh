# SPDX-License-Identifier: GPL-2.0-or-later
# Details of the chained plugins: keys that change who is limited are refused, sysctls in both spellings, one port asked for twice, and the ifb
# device of a container whose namespace died.
. "$(dirname "$0")/lib.sh"

. "$CNM_SOURCE/tests/e2e/chain.inc.sh"
use "bridge cnm host-local portmap tuning bandwidth" ""
make_roots
ip netns add pod
list details 1.0.0 cnm >list
add list c1 /run/netns/pod || fail "ADD: $(cat "result.$i" err)"
cp result first

# by TYPE CONFIGURATION [CODE PATTERN]: an ADD behind the first plugin, which succeeds or has that code.
by() {
	printf '%s' "$2" | jq --slurpfile r first '{cniVersion: "1.0.0", name: "details", type: "'"$1"'", prevResult: $r[0]} + .' >given
	code=0
	call ADD "$1" c1 /run/netns/pod eth0 <given >out 2>err || code=$(jq .code out)
	assert_eq "ADD of $1, $2: $(cat out err)" "${3:-0}" "$code"
	[ "$code" = 0 ] || assert_match "message" "$4" "$(jq -r .msg out)"
}

ifbs() {
	ip -j -d link | jq -r '.[] | select(.linkinfo.info_kind == "ifb") | .ifname'
}

say "bandwidth of some subnets only"
baseline
limits='"ingressRate":8000000,"ingressBurst":800000,"egressRate":8000000,"egressBurst":800000'
by bandwidth "{$limits,\"unshapedSubnets\":[\"10.0.0.0/8\"]}" 2 'unshapedSubnets.*10\.0\.0\.0/8'
by bandwidth "{\"runtimeConfig\":{\"bandwidth\":{$limits,\"shapedSubnets\":[\"fd00::/8\"]}}}" 2 'shapedSubnets'
assert_baseline main "a refused ADD of bandwidth"
by bandwidth "{$limits,\"shapedSubnets\":[],\"unshapedSubnets\":null}"
call DEL bandwidth c1 /run/netns/pod eth0 <given || fail "DEL"

say "sysctls with slashes"
by tuning '{"sysctl":{"net/core/somaxconn":"78","net/ipv4/conf/IFNAME/arp_filter":"1"}}'
assert_eq "somaxconn" 78 "$(ip netns exec pod cat /proc/sys/net/core/somaxconn)"
assert_eq "arp_filter" 1 "$(ip netns exec pod cat /proc/sys/net/ipv4/conf/eth0/arp_filter)"
call DEL tuning c1 /run/netns/pod eth0 <given || fail "DEL"
assert_eq "somaxconn after DEL" 4096 "$(ip netns exec pod cat /proc/sys/net/core/somaxconn)"
by tuning '{"sysctl":{"net/../kernel/hostname":"x"}}' 7 'net/\.\./kernel'
by tuning '{"sysctl":{"kernel/hostname":"x"}}' 7 'kernel.hostname'

say "a port of every address, and the same of one"
ports() { echo "{\"runtimeConfig\":{\"portMappings\":[$1]}}"; }
all='{"hostPort":8080,"containerPort":80,"protocol":"tcp"}'
one='{"hostPort":8080,"containerPort":80,"protocol":"tcp","hostIP":"127.0.0.1"}'
for mappings in "$all,$one" "$one,$all"; do
	by portmap "$(ports "$mappings")"
	call CHECK portmap c1 /run/netns/pod eth0 <given >out || fail "CHECK: $(cat out)"
	assert_match "published" 'tcp \. 8080 .*10\.8\.0\.2 \. 80' "$(nft list map inet cnm ports4)"
	call DEL portmap c1 /run/netns/pod eth0 <given || fail "DEL"
done
by portmap "$(ports "$all,$(echo "$one" | sed 's/:80,/:81,/')")" 7 'published twice'

say "resolvConf that cannot be read: an I/O failure"
for type in host-local bridge; do
	echo '{"cniVersion":"1.0.0","name":"r","type":"'$type'","bridge":"br-r","ipam":{"type":"host-local","subnet":"10.9.0.0/24","resolvConf":"/run/nosuch"}}' >given
	call ADD $type c2 /run/netns/pod eth1 <given >out && fail "a missing resolvConf was accepted"
	assert_json "error" '.code == 5 and (.msg | test("/run/nosuch"))' "$(cat out)"
done

say "cnm gc takes the ifb of a container whose namespace died, and no other"
ip netns add other
call ADD cnm c3 /run/netns/other eth0 <<'CONF' >first || fail "ADD: $(cat first)"
{"cniVersion": "1.0.0", "name": "details", "type": "cnm"}
CONF
jq --slurpfile r first '{cniVersion: "1.0.0", name: "details", type: "bandwidth", prevResult: $r[0], '"$limits"'}' -n >given
call ADD bandwidth c3 /run/netns/other eth0 <given >out || fail "ADD: $(cat out)"
mine=$(ifbs)
ip link add foreign type ifb
"$CNM" gc >out
assert_eq "nothing is garbage" "" "$(cat out)"
ip netns del other
# The pair goes a moment after its namespace.
gone() { ! ip link show type veth | grep -q 'alias cnm:details/c3@'; }
until_true 20 gone || fail "the pair of a dead namespace stays"
"$CNM" gc --dry-run >out
assert_match "dry run" "^link $mine \\(cnm bandwidth details c3@eth0\\): ." "$(cat out)"
assert_eq "ifb devices after a dry run" "$mine foreign" "$(ifbs | paste -sd' ')"
"$CNM" gc >out
assert_match "gc" "^link $mine \\(cnm bandwidth details c3@eth0\\): ." "$(cat out)"
assert_eq "ifb devices" foreign "$(ifbs)"
