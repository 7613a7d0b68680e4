# SPDX-License-Identifier: GPL-2.0-or-later
# host-local: inside our `bridge`, and as a plugin of its own, called by us and by Debian's bridge: the addresses, routes, gateways and DNS settings
# that the reference gives for the same configuration; none twice, none lost.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/same.inc.sh"

# alone WHAT CONFIGURATION-OF-IPAM [MORE]: host-local without a bridge, by both.
alone() {
	printf '%s' "{\"ipam\":{$LOCAL,$2}${3:-}}" | jq '{cniVersion: "1.0.0", name: "ref", type: "bridge"} + .' >given
	for plugins in theirs ours; do
		if call $plugins ADD pod host-local <given >out 2>err; then
			jq -S '.routes //= []' out >"seen.$plugins"
			call $plugins DEL pod host-local <given >out || fail "DEL: $(cat out)"
		else
			echo refused >"seen.$plugins"
			cp out "error.$plugins"
			assert_eq "networks, after an ADD of $plugins that failed" "" "$("$CNM" network ls -q)"
		fi
	done
	rm -rf ipam
	"$CNM" network prune >/dev/null
	diff -U3 seen.theirs seen.ours >difference || fail "$1: ours differs:
$(cat difference error.*)"
	say "$1: $(jq -c '[.ips[].address]' seen.ours 2>/dev/null || cat seen.ours)"
}

alone "a subnet" '"subnet":"10.7.0.0/24"'
alone "a subnet, by an address of it" '"subnet":"10.7.0.77/24"'
alone "a gateway" '"subnet":"10.7.0.0/24","gateway":"10.7.0.254"'
alone "the gateway is the first that could be given" '"subnet":"10.7.0.0/24","gateway":"10.7.0.1"'
alone "a range" '"subnet":"10.7.0.0/24","rangeStart":"10.7.0.100","rangeEnd":"10.7.0.101"'
alone "a range that is an address" '"subnet":"10.7.0.0/24","rangeStart":"10.7.0.100","rangeEnd":"10.7.0.100"'
alone "a small subnet" '"subnet":"10.7.0.8/30"'
alone "too small a subnet" '"subnet":"10.7.0.8/31"'
alone "a range backwards" '"subnet":"10.7.0.0/24","rangeStart":"10.7.0.101","rangeEnd":"10.7.0.100"'
alone "a range outside" '"subnet":"10.7.0.0/24","rangeStart":"10.8.0.101"'
echo '{"cniVersion":"1.0.0","name":"ref","type":"bridge","ipam":{"type":"host-local","subnet":"10.7.0.0/24","gateway":"10.8.0.1"}}' >given
call ours ADD pod host-local <given >out && fail "a gateway outside of its subnet was accepted"
assert_json "error" '.code == 7 and (.msg | test("10.8.0.1 is not in subnet 10.7.0.0/24"))' "$(cat out)"
alone "two sets" '"ranges":[[{"subnet":"10.7.0.0/24"}],[{"subnet":"fd00:7::/64"}]]'
alone "three sets" '"ranges":[[{"subnet":"fd00:7::/64"}],[{"subnet":"10.8.0.0/24"}],[{"subnet":"10.7.0.0/24"}]]'
alone "two ranges in a set" '"ranges":[[{"subnet":"10.7.0.0/24","rangeEnd":"10.7.0.9"},{"subnet":"10.7.0.0/24","rangeStart":"10.7.0.20"}]]'
alone "two subnets in a set" '"ranges":[[{"subnet":"10.8.0.0/24"},{"subnet":"10.7.0.0/24"}]]'
alone "two families in a set" '"ranges":[[{"subnet":"10.8.0.0/24"},{"subnet":"fd00::/64"}]]'
alone "sets that overlap" '"ranges":[[{"subnet":"10.7.0.0/24"}],[{"subnet":"10.7.0.128/25"}]]'
alone "a subnet and ranges" '"subnet":"10.6.0.0/24","ranges":[[{"subnet":"10.7.0.0/24"}]]'
alone "routes" '"subnet":"10.7.0.0/24","routes":[{"dst":"0.0.0.0/0"},{"dst":"10.98.0.0/16","gw":"10.7.0.200"}]'
printf 'domain example.org\nsearch a.example b.example\nnameserver 10.7.0.53\nnameserver fd00:7::53\noptions ndots:2\n# x\n' >resolv
alone "resolvConf" '"subnet":"10.7.0.0/24","resolvConf":"'"$TMPDIR"'/resolv"'
alone "resolvConf that is not there" '"subnet":"10.7.0.0/24","resolvConf":"'"$TMPDIR"'/nosuch"'
alone "no ranges" '"routes":[]'
alone "ranges of the runtime" '"subnet":"10.7.0.0/24"' ',"runtimeConfig":{"ipRanges":[[{"subnet":"10.9.0.0/24","rangeStart":"10.9.0.50"}]]}'
alone "an address of the runtime" '"ranges":[[{"subnet":"10.7.0.0/24"}],[{"subnet":"fd00:7::/64"}]]' ',"runtimeConfig":{"ips":["10.7.0.44","fd00:7::44/64"]}'
alone "an address out of range" '"subnet":"10.7.0.0/24"' ',"runtimeConfig":{"ips":["10.6.0.44"]}'
alone "the gateway's address" '"subnet":"10.7.0.0/24"' ',"runtimeConfig":{"ips":["10.7.0.1"]}'
alone "an address by args" '"subnet":"10.7.0.0/24"' ',"args":{"cni":{"ips":["10.7.0.45"]}}'
ARGS='IgnoreUnknown=1;IP=10.7.0.46'
alone "an address by CNI_ARGS" '"subnet":"10.7.0.0/24"'
ARGS=

say "behind a bridge"
same "part of a subnet" '{"isGateway":true,"ipam":{'"$LOCAL"',"subnet":"10.7.0.0/24","rangeStart":"10.7.0.100","rangeEnd":"10.7.0.101"}}'
same "another gateway" '{"isGateway":true,"ipMasq":true,"ipam":{'"$LOCAL"',"subnet":"10.7.0.0/24","gateway":"10.7.0.254","routes":[{"dst":"0.0.0.0/0"}]}}'
same "routes" '{"isGateway":true,"ipam":{'"$LOCAL"',"subnet":"10.7.0.0/24","routes":[{"dst":"10.99.0.0/16"},{"dst":"10.98.0.0/16","gw":"10.7.0.200"}]}}'
same "routes of both families" '{"isGateway":true,"ipam":{'"$LOCAL"',"ranges":[[{"subnet":"10.7.0.0/24"}],[{"subnet":"fd00:7::/64"}]],"routes":[{"dst":"::/0","gw":"fd00:7::99"},{"dst":"10.98.0.0/16"}]}}'
# All gateways stand on the bridge from the beginning: the reference refuses the second container that needs another one.
same "two ranges in a set" '{"isGateway":true,"ipam":{'"$LOCAL"',"ranges":[[{"subnet":"10.7.0.0/24"},{"subnet":"10.8.0.0/24"}]]}}' 's/"10.7.0.1.24"\],"mtu/"10.7.0.1\/24","10.8.0.1\/24"],"mtu/'
same "two sets of a family" '{"ipam":{'"$LOCAL"',"ranges":[[{"subnet":"10.7.0.0/24"}],[{"subnet":"10.8.0.0/24"}],[{"subnet":"fd00:7::/64"}]],"routes":[{"dst":"0.0.0.0/0"}]}}'
better "two sets of a family, gateways" '{"isGateway":true,"ipMasq":true,"ipam":{'"$LOCAL"',"ranges":[[{"subnet":"10.7.0.0/24"}],[{"subnet":"10.8.0.0/24"}]]}}'
same "ranges of the runtime alone" '{"isGateway":true,"runtimeConfig":{"ipRanges":[[{"subnet":"10.9.0.0/24"}]]},"ipam":{'"$LOCAL"'}}'
same "addresses of the runtime" '{"isGateway":true,"runtimeConfig":{"ips":["10.7.0.44","fd00:7::44"]},'"$V46"'}'
ARGS='IgnoreUnknown=1;IP=10.7.0.44'
same "an address by CNI_ARGS" '{"isGateway":true,'"$V4"'}'
ARGS=
same "DNS settings of the configuration" '{"isGateway":true,"dns":{"nameservers":["10.1.1.1"]},"ipam":{'"$LOCAL"',"subnet":"10.7.0.0/24","resolvConf":"'"$TMPDIR"'/resolv"}}'
# Debian's version drops them; newer ones do as we do.
both '{"isGateway":true,"ipam":{'"$LOCAL"',"subnet":"10.7.0.0/24","resolvConf":"'"$TMPDIR"'/resolv"}}'
assert_json "DNS settings of resolvConf" '.dns.nameservers == ["10.7.0.53", "fd00:7::53"] and .dns.domain == "example.org"' "$(cat result.ours)"

say "CHECK, GC, STATUS and DEL of the plugin"
echo '{"cniVersion":"1.1.0","name":"pool","type":"bridge","ipam":{"type":"host-local","ranges":[[{"subnet":"10.7.0.0/29"}]]}}' >given
baseline pool
for c in a b c d e; do call ours ADD $c host-local <given >"result.$c" || fail "ADD $c: $(cat "result.$c")"; done
assert_eq "addresses" "10.7.0.2/29 10.7.0.3/29 10.7.0.4/29 10.7.0.5/29 10.7.0.6/29" "$(cat result.? | jq -r '.ips[].address' | sort | paste -sd' ')"
assert_json "visible" '.[0] | .Name == "pool.host-local" and .Driver == "reserve" and (.Described)' "$("$CNM" network inspect pool.host-local)"
call ours ADD f host-local <given >out && fail "an address of an exhausted range was given"
assert_json "exhausted" '.code == 11 and (.msg | test("10.7.0.0/29"))' "$(cat out)"
call ours ADD a host-local <given >out && fail "two addresses were given for one interface"
call ours STATUS "" host-local <given >out && fail "STATUS does not see that there is no address"
assert_json "STATUS" '.code == 50' "$(cat out)"
jq --slurpfile r result.b '.prevResult = $r[0]' given >again
call ours CHECK b host-local <again >out || fail "CHECK: $(cat out)"
call ours DEL b host-local <given || fail "DEL"
call ours STATUS "" host-local <given || fail "STATUS"
call ours CHECK b host-local <again >out && fail "CHECK of what was released passes"
assert_json "error of CHECK" '.code == 3' "$(cat out)"
call ours DEL b host-local <given || fail "DEL, repeated"
call ours GC "" host-local <given || fail "GC without the key"
call ours CHECK a host-local <again || fail "GC without the key took something"
jq '."cni.dev/valid-attachments" = [{"containerID": "c", "ifname": "eth0"}, {"containerID": "d", "ifname": "eth1"}]' given >gc
call ours GC "" host-local <gc || fail "GC"
call ours CHECK c host-local <again || fail "GC took what is valid"
for c in a d e; do
	call ours CHECK $c host-local <again >/dev/null && fail "GC left $c"
done
call ours DEL c host-local <given
"$CNM" network prune >/dev/null
assert_baseline pool

say "twenty at once get twenty addresses"
echo '{"cniVersion":"1.0.0","name":"pool","type":"bridge","ipam":{"type":"host-local","subnet":"10.7.0.0/24"}}' >given
pids=
for i in $(seq 20); do
	call ours ADD "p$i" host-local <given >"many.$i" &
	pids="$pids $!"
done
for p in $pids; do wait "$p" || fail "an ADD failed: $(cat many.*)"; done
assert_eq "different addresses" 20 "$(cat many.* | jq -r '.ips[0].address' | sort -u | wc -l)"
for i in $(seq 20); do call ours DEL "p$i" host-local <given || fail "DEL"; done
"$CNM" network prune >/dev/null
assert_baseline pool
