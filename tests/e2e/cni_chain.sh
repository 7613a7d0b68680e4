# SPDX-License-Identifier: GPL-2.0-or-later
# Lists of CNI plugins, run as a runtime runs them: our plugins under the reference's names, Debian's, and both in one list, in both
# orders. Results are passed on whole, the kernel has what the configuration says, and nothing is left.
. "$(dirname "$0")/lib.sh"

. "$CNM_SOURCE/tests/e2e/chain.inc.sh"

host_drops
ALL="bridge host-local cnm loopback portmap firewall tuning bandwidth"

say "Debian's bridge, ours behind it, in both orders"
use "portmap firewall tuning bandwidth" "bridge host-local"
list foreign 0.4.0 bridge tuning bandwidth portmap firewall >list
life "tuning, bandwidth, portmap, firewall"
ROUNDS=2
list foreign 1.0.0 bridge firewall portmap bandwidth tuning >list
life "firewall, portmap, bandwidth, tuning"
assert_eq "networks" "" "$("$CNM" network ls -q)"

say "while it is attached, the record shows it; it goes with its namespace"
list foreign 1.0.0 bridge portmap firewall >list
ip netns add pod
add list c1 /run/netns/pod || fail "ADD: $(cat "result.$i" err)"
address=$(jq -r '.ips[0].address' result)
assert_json "network" '.[0] | .Driver == "foreign" and .Described and (.Containers | length) == 1' "$("$CNM" network inspect foreign)"
assert_match "rules of the host" "-s ${address%/*}/32 .*-j ACCEPT" "$(iptables -S FORWARD)"
say "a second container cannot have the port, and its failed ADD leaves nothing"
ip netns add other
conf list 0 /dev/null >given
call ADD bridge c2 /run/netns/other eth0 <given >result.other || fail "ADD: $(cat result.other)"
baseline before
conf list 1 result.other >given
call ADD portmap c2 /run/netns/other eth0 <given >out && fail "a port was given twice"
assert_json "error" '.code == 100 and (.msg | test("7777"))' "$(cat out)"
assert_baseline before "after an ADD that failed something"
conf list 0 result.other >given
call DEL bridge c2 /run/netns/other eth0 <given
ip netns del other
ip netns del pod
"$CNM" gc >/dev/null
assert_eq "rules of the host" "-P FORWARD DROP" "$(iptables -S FORWARD)"
undo list c1 ""

say "our cnm, Debian's plugins behind it"
iptables -P FORWARD ACCEPT
use "cnm" "portmap firewall tuning bandwidth"
# Debian's (version 1.1.1) knows no txQLen, and takes the link down to change its MAC, by which the routes are lost; its CHECK does not replace
# IFNAME.
cp conf.tuning conf.tuning.ours
jq 'del(.mac, .txQLen) | .sysctl |= with_entries(.key |= sub("IFNAME"; "eth0"))' conf.tuning.ours >conf.tuning
ROUNDS="1 2"
list ours 0.4.0 cnm tuning bandwidth portmap firewall >list
life "tuning, bandwidth, portmap, firewall"
ROUNDS=2
list ours 1.0.0 cnm firewall portmap bandwidth tuning >list
life "firewall, portmap, bandwidth, tuning"

say "all of them ours"
cp conf.tuning.ours conf.tuning
use "$ALL" ""
ROUNDS="1 2"
list ours 0.3.1 cnm portmap firewall tuning bandwidth >list
life "0.3.1: portmap, firewall, tuning, bandwidth"
ROUNDS=2
list ours 1.1.0 cnm bandwidth tuning firewall portmap >list
life "1.1.0: bandwidth, tuning, firewall, portmap"

say "prevResult comes back whole, whoever wrote it"
ip netns add pod
list ours 1.0.0 cnm loopback portmap firewall tuning bandwidth >list
conf list 0 /dev/null >given
call ADD cnm c1 /run/netns/pod eth0 <given | jq '. + {"example.com/x": [1, {"y": null}], dns: {domain: "d"}} | .ips[0].z = "1"' >result
cp result first
for i in 1 2 3 4 5; do
	conf list $i result >given
	call ADD "$(jq -r .type given)" c1 /run/netns/pod eth0 <given >next || fail "ADD: $(cat next)"
	jq -e --slurpfile f first '."example.com/x" == $f[0]."example.com/x" and .dns == $f[0].dns and .ips == $f[0].ips' next >/dev/null ||
		fail "$(jq -r .type given) lost something: $(cat next)"
	cp next result
done
undo list c1 /run/netns/pod
assert_eq "what tuning changed, after DEL" 4096 "$(ip netns exec pod cat /proc/sys/net/core/somaxconn)"

say "bad input: the code of the specification, and nothing changed"
baseline bad
# refuse TYPE CODE PATTERN CONFIGURATION
refuse() {
	printf '%s' "$4" | jq '. + {name: "ours", cniVersion: "1.0.0", type: "'"$1"'"}' >given
	call ADD "$1" c1 /run/netns/pod eth0 <given >out 2>err && fail "$1 accepted $4"
	assert_json "$1, error for $4" ".code == $2" "$(cat out)"
	assert_match "$1, message for $4" "$3" "$(jq -r .msg out)"
	assert_baseline bad "after a refused ADD of $1 something"
}
PREV='{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":"/run/netns/pod"}],"ips":[{"address":"10.7.0.9/24","interface":0}]}'
for t in portmap firewall tuning bandwidth; do
	refuse $t 7 prevResult '{}'
	refuse $t 7 prevResult '{"prevResult":{"ips":[{"address":"10.7.0.300/24"}]}}'
done
refuse portmap 2 'conditionsV4.*iptables' '{"prevResult":'"$PREV"',"conditionsV4":["-s","1.2.3.4"]}'
refuse portmap 2 'masqAll' '{"prevResult":'"$PREV"',"masqAll":true}'
refuse firewall 7 'ingressPolicy' '{"prevResult":'"$PREV"',"ingressPolicy":"no-such"}'
refuse firewall 2 'same-bridge' '{"prevResult":'"$PREV"',"ingressPolicy":"same-bridge"}'
refuse tuning 7 'kernel.hostname' '{"prevResult":'"$PREV"',"sysctl":{"kernel.hostname":"x"}}'
refuse tuning 7 'No such device' '{"prevResult":'"$PREV"',"mtu":1400}'
refuse tuning 7 'not|No such file' '{"prevResult":'"$PREV"',"sysctl":{"net.core.somaxconn":"9","net.no.such":"1"}}'
refuse bandwidth 7 'burst|Burst' '{"prevResult":'"$PREV"',"ingressRate":1000}'
refuse bandwidth 7 'eth0' '{"prevResult":'"$PREV"',"ingressRate":1000000,"ingressBurst":100000}'
assert_eq "somaxconn, after a refused sysctl beside it" 4096 "$(ip netns exec pod cat /proc/sys/net/core/somaxconn)"

say "loopback"
ip netns add lo
echo '{"name":"lo","cniVersion":"0.4.0","type":"loopback"}' >given
call ADD loopback c1 /run/netns/lo lo <given >result || fail "ADD: $(cat result)"
assert_json "result" '.interfaces == [{"name":"lo","mac":"00:00:00:00:00:00","sandbox":"/run/netns/lo"}]
	and [.ips[].address] == ["127.0.0.1/8", "::1/128"]' "$(cat result)"
jq --slurpfile r result '.prevResult = $r[0]' given >check.lo
call CHECK loopback c1 /run/netns/lo lo <check.lo || fail "CHECK"
call DEL loopback c1 /run/netns/lo lo <check.lo || fail "DEL"
ip -n lo link show lo | grep -q 'state DOWN' || fail "lo is up after DEL"
call CHECK loopback c1 /run/netns/lo lo <check.lo >out && fail "CHECK did not see that lo is down"
assert_json "error of CHECK" '.code == 102' "$(cat out)"
echo plain >/run/plain
for path in "" /run/netns/nosuch /run/plain; do
	call DEL loopback c1 "$path" lo <given || fail "DEL with namespace \"$path\""
done

say "GC: the ifb of what the runtime does not name"
list ours 1.1.0 cnm bandwidth >list
add list c1 /run/netns/pod || fail "ADD: $(cat "result.$i" err)"
conf list 1 /dev/null | jq '. + {"cni.dev/valid-attachments": [{"containerID": "c1", "ifname": "eth0"}]}' >given
call GC bandwidth "" "" "" <given || fail "GC"
has_limits
jq '."cni.dev/valid-attachments" = []' given >none
call GC bandwidth "" "" "" <none || fail "GC"
assert_eq "ifb devices after GC" "" "$(ip -j -d link | jq -r '.[] | select(.linkinfo.info_kind == "ifb") | .ifname')"
call STATUS bandwidth "" "" "" <given || fail "STATUS"
undo list c1 /run/netns/pod

say "the banner names the plugin"
for t in loopback portmap firewall tuning bandwidth; do
	assert_match "banner" "^CNI $t plugin v1\\.7\\.1\\+cnm\\.[0-9]" "$(env -i "$TMPDIR/plugins/$t" 2>&1 </dev/null)"
done
