# SPDX-License-Identifier: GPL-2.0-or-later
# An IPAM plugin that is none of ours is run as CNI says: found in CNI_PATH, given everything, its answer used as it is, its DEL called when the
# ADD fails after it.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/same.inc.sh"

say "Debian's static, behind the reference's bridge and behind ours"
STATIC='"ipam":{"type":"static","addresses":[{"address":"10.7.0.9/24","gateway":"10.7.0.1"},{"address":"fd00:7::9/64"}],"routes":[{"dst":"0.0.0.0/0"}]}'
same "masquerading" '{"isGateway":true,"ipMasq":true,'"$STATIC"'}'
same "no gateway" '{'"$STATIC"'}'
same "default gateway" '{"isDefaultGateway":true,"ipam":{"type":"static","addresses":[{"address":"10.7.0.9/24"}]}}'
same "an address without a subnet" '{"ipam":{"type":"static","addresses":[{"address":"10.7.0.9/32"}]}}'
same "two of one subnet" '{"isGateway":true,"ipam":{"type":"static","addresses":[{"address":"10.7.0.9/24"},{"address":"10.7.0.10/24"}]}}'
same "nothing" '{"isGateway":true,"ipam":{"type":"static","addresses":[]}}'
# Debian's version drops them; newer ones do as we do.
both '{"ipam":{"type":"static","addresses":[{"address":"10.7.0.9/24"}],"dns":{"nameservers":["10.1.1.1"]}}}'
assert_json "DNS settings" '.dns == {"nameservers": ["10.1.1.1"]}' "$(cat result.ours)"

say "one that leases, as DHCP does: it remembers what it gave, and to whom"
mkdir leases
cat >ours/lease <<'PLUGIN'
#!/bin/sh
# What it was given is in the files calls and stdin; what it has given, one file a lease, in leases.
cd "$(dirname "$0")/.."
stdin=$(cat)
echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME $CNI_ARGS $CNI_PATH" >>calls
printf '%s' "$stdin" >stdin
echo "a word for the log" >&2
[ ! -e fail.$CNI_COMMAND ] || { cat fail.$CNI_COMMAND; exit 1; }
case $CNI_COMMAND in
ADD)
	n=$(ls leases | wc -l)
	touch "leases/$CNI_CONTAINERID@$CNI_IFNAME"
	[ ! -e answer ] || { cat answer; exit; }
	echo '{"cniVersion":"1.0.0","ips":[{"address":"10.5.'$n'.7/24","gateway":"10.5.'$n'.1"}],"routes":[{"dst":"0.0.0.0/0"}],"dns":{"search":["lease.example"]}}'
	;;
DEL) rm -f "leases/$CNI_CONTAINERID@$CNI_IFNAME" ;;
CHECK) [ -e "leases/$CNI_CONTAINERID@$CNI_IFNAME" ] ;;
esac
PLUGIN
chmod +x ours/lease
CONF='{"cniVersion":"1.1.0","name":"leased","type":"bridge","bridge":"br-lease","isGateway":true,"ipMasq":true,"x":{"y":[1,null]},"ipam":{"type":"lease","z":"1"}}'
echo "$CONF" >given
ip netns add pod
ip netns add other
baseline lease
ARGS='IgnoreUnknown=1;K8S_POD_NAME=p'
call ours ADD pod <given >result 2>err || fail "ADD: $(cat result err)"
ARGS=
assert_eq "its environment" "ADD pod /run/netns/pod eth0 IgnoreUnknown=1;K8S_POD_NAME=p $TMPDIR/ours" "$(cat calls)"
assert_json "its input" "$(jq -c --argjson c "$CONF" -n '$c') == ." "$(cat stdin)"
assert_eq "its words for the log" "a word for the log" "$(cat err)"
assert_json "result" '.ips == [{"address":"10.5.0.7/24","gateway":"10.5.0.1","interface":2}] and .dns == {"search":["lease.example"]}' "$(cat result)"
assert_eq "who asks outside" 192.0.2.1 "$(ask 192.0.2.2 ip netns exec pod)"
say "the next lease is of another subnet: both have their gateway"
call ours ADD other <given >result.other 2>err || fail "ADD: $(cat result.other err)"
assert_eq "who asks outside" 192.0.2.1 "$(ask 192.0.2.2 ip netns exec other)"
assert_eq "who asks outside, the first" 192.0.2.1 "$(ask 192.0.2.2 ip netns exec pod)"
assert_json "network" '.[0] | .Name == "leased" and .Described and (.Containers | length) == 2' "$("$CNM" network inspect leased)"
jq --slurpfile r result '.prevResult = $r[0]' given >again
call ours CHECK pod <again >out 2>err || fail "CHECK: $(cat out)"
rm leases/pod@eth0
call ours CHECK pod <again >out 2>err && fail "CHECK does not ask the plugin"
touch leases/pod@eth0
ip link set br-lease down
call ours CHECK pod <again >out 2>err && fail "CHECK asks nobody but the plugin"
ip link set br-lease up
: >calls
call ours STATUS "" <given >out 2>err || fail "STATUS: $(cat out)"
jq '."cni.dev/valid-attachments" = [{"containerID": "other", "ifname": "eth0"}]' given >gc
call ours GC "" <gc >out 2>err || fail "GC: $(cat out)"
assert_eq "forwarded" "STATUS GC" "$(cut -d' ' -f1 calls | paste -sd' ')"
assert_json "what GC was given" '."cni.dev/valid-attachments" == [{"containerID": "other", "ifname": "eth0"}]' "$(cat stdin)"
assert_eq "endpoints after GC" "other@eth0" "$(endpoints)"
say "DEL reaches it, also without namespace, also repeated"
for c in pod other pod; do call ours DEL $c <given >out 2>err || fail "DEL: $(cat out)"; done
assert_eq "leases" "" "$(ls leases)"
"$CNM" network prune >/dev/null
assert_baseline lease

say "an ADD that fails after it gives its lease back"
# undone CODE[,CODE...] PATTERN [JQ-FILTER]: ADD fails, and nothing is left.
undone() {
	printf '%s' "$CONF" | jq "${3:-.}" >given
	: >calls
	call ours ADD pod <given >out 2>err && fail "accepted: $(cat out)"
	assert_json "error" "(.code | IN($1)) and (.msg | test(\"$2\"))" "$(cat out)"
	assert_eq "leases" "" "$(ls leases)"
	assert_baseline lease "after an ADD that failed something"
}
ip -n pod link add eth0 type veth peer name eth9
baseline lease
undone 100 eth0
assert_eq "calls" "ADD DEL" "$(cut -d' ' -f1 calls | paste -sd' ')"
ip -n pod link del eth0
baseline lease
for answer in '{"cniVersion":"1.0.0","ips":[]}' '{"cniVersion":"1.0.0","ips":[{"address":"10.5.0.300/24"}]}' 'no JSON' '' \
	'{"cniVersion":"1.0.0","ips":[{"address":"10.5.0.7/24","gateway":"10.6.0.1"}]}' '[]'; do
	printf '%s' "$answer" >answer
	undone 7,100,999 'leased'
	assert_eq "calls after $answer" "ADD DEL" "$(cut -d' ' -f1 calls | paste -sd' ')"
done
rm answer

say "its own error is passed on, with its code"
echo '{"cniVersion":"1.0.0","code":11,"msg":"no offer yet"}' >fail.ADD
undone 11 'lease.*no offer yet'
echo 'not JSON' >fail.ADD
undone 999 'lease.*status 1'
rm fail.ADD
echo '{"cniVersion":"1.0.0","code":142,"msg":"no server"}' >fail.STATUS
call ours STATUS "" <given >out 2>err && fail "STATUS"
assert_json "STATUS" '.code == 50 and (.msg | test("no server"))' "$(cat out)"
echo '{"code":142,"msg":"no server"}' >fail.GC
call ours GC "" <gc >out 2>err && fail "an error of GC is swallowed"
rm fail.*
undone 7 'no IPAM plugin \"nosuch\" in CNI_PATH' '.ipam.type = "nosuch"'
undone 7 'no name of a plugin' '.ipam.type = "../ours/lease"'
touch ours/plain
undone 999 'plain.*(Permission|denied)' '.ipam.type = "plain"'
mkdir ours/folder
undone 7 'no IPAM plugin' '.ipam.type = "folder"'

say "a DEL whose plugin is gone says so, and has released what is ours"
printf '%s' "$CONF" >given
call ours ADD pod <given >result 2>err || fail "ADD: $(cat result)"
mv ours/lease lease.away
call ours DEL pod <given >out 2>err && fail "DEL is silent about a lease that it cannot release"
ip -n pod link show eth0 >/dev/null 2>&1 && fail "the link is left"
mv lease.away ours/lease
call ours DEL pod <given || fail "DEL: $(cat out)"
"$CNM" network prune >/dev/null
assert_baseline lease
assert_eq "leases" "" "$(ls leases)"
