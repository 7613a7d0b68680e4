# SPDX-License-Identifier: GPL-2.0-or-later
# `cnm doctor` finds each thing that can be wrong, says what mends it, and that does; its exit status tells. It changes nothing itself.
. "$(dirname "$0")/lib.sh"

mkdir plugins hooks
ln -s "$CNM" plugins/cnm
doctor() {
	"$CNM" doctor --plugin-dir "$PWD/plugins" --hooks-dir "$PWD/hooks" "$@"
}

# finds SEVERITY SUBJECT PROBLEM REMEDY: expressions; then the exit status must fit.
finds() {
	expected=1
	[ "$1" = note ] && expected=0
	assert_status $expected doctor --format json
	jq -e --arg s "$1" --arg t "$2" --arg p "$3" --arg r "$4" \
		'any(.[]; .Severity == $s and (.Subject | test($t)) and (.Problem | test($p)) and (.Remedy | test($r)))' out >/dev/null ||
		fail "$1 $2: $3: $4 is not among $(cat out)"
}

finds_nothing() {
	assert_status 0 doctor
	assert_eq "a host without faults" "nothing is wrong" "$(cat out)"
}

make_roots
"$CNM" network create --subnet 10.1.0.0/24 n >/dev/null
"$CNM" sandbox create s >/dev/null
"$CNM" connect n s -p 8080:80 >/dev/null

say "a host on which all is well"
baseline well
finds_nothing
assert_status 0 doctor --format json
assert_json "no findings" '. == []' "$(cat out)"
assert_baseline well "after doctor something"

say "a parent that was made for a network is no leftover"
"$CNM" network create -d macvlan --subnet 10.9.0.0/24 inside >/dev/null
finds_nothing
"$CNM" network rm inside >/dev/null

say "what others took from the kernel: links, forwarding, rules, and their own rules that cut ours"
nft flush ruleset
finds error '^network n$' 'table inet cnm' 'cnm reconcile'
assert_status 1 doctor
assert_match "text" '^error: network n: ' "$(cat out)"
assert_eq "rules after doctor" "" "$(nft list ruleset)"
"$CNM" reconcile >/dev/null
finds_nothing
echo 0 >/proc/sys/net/ipv4/ip_forward
finds error '^network n$' 'does not forward IPv4' 'cnm reconcile'
"$CNM" reconcile >/dev/null
nft add table inet other
nft 'add chain inet other f { type filter hook forward priority 0; policy drop; }'
finds error '^network n$' 'chain f of table other is closed' 'cnm reconcile'
nft delete table inet other
bridge=$("$CNM" network inspect n | jq -r '.[0].Options | .["com.docker.network.bridge.name"] // empty')
[ "$bridge" ] || bridge=$(ip -j link show type bridge | jq -r '.[0].ifname')
ip link set "$bridge" down
finds error '^network n$' "bridge $bridge is down" 'cnm reconcile'
"$CNM" reconcile >/dev/null
finds_nothing
nsenter --net="$CNM_STATE/netns/s" ip addr flush dev eth0
finds error '^endpoint n/s@eth0$' 'lacks|missing|address' 'start the container anew'
"$CNM" disconnect n s
"$CNM" connect n s -p 8080:80 >/dev/null
finds_nothing

say "records without objects: what gc would take"
ip netns add c1
"$CNM" connect n c1 --netns /run/netns/c1 >/dev/null
ip netns del c1
finds warning 'endpoint n/c1@eth0' 'namespace is gone' 'cnm gc'
"$CNM" gc >/dev/null
mkdir "$CNM_ROOT/networks/half"
finds warning 'network half' 'interrupted' 'cnm gc'
"$CNM" gc >/dev/null
finds_nothing

say "objects without records: nothing takes them unasked"
ip link add lost0 type veth peer name lost1
ip link set lost0 alias cnm:n/gone@eth0
finds warning '^link lost0$' 'endpoint n/gone@eth0' 'ip link del lost0'
ip link del lost0
nft 'add element inet cnm bridges { "br-gone" }'
finds warning 'br-gone' 'no network' 'nft delete element inet cnm bridges'
nft 'delete element inet cnm bridges { "br-gone" }'
nft 'add element inet cnm claims { ipv4 . tcp . 99 comment "0123456789ab n/gone" }'
finds warning 'published port of 0123456789ab n/gone' 'no record' 'cnm reconcile'
nft 'delete element inet cnm claims { ipv4 . tcp . 99 }'
finds_nothing

say "records that cannot be read are named, and harm no other"
for record in "$CNM_STATE/networks/n/endpoints/x.json" "$CNM_STATE/networks/n/endpoints/y.joining"; do
	echo '{"version":1,' >"$record"
	finds error 'record of endpoint n/[xy]' 'unexpected end' 'set aside'
	rm "$record"
done
mkdir "$CNM_ROOT/networks/bad"
ln -s /etc/passwd "$CNM_ROOT/networks/bad/network.json"
finds error 'record of network bad' 'symbolic link' 'set aside'
rm -r "$CNM_ROOT/networks/bad"
"$CNM" gc >/dev/null
finds_nothing

say "plugin folders and hook files"
rm plugins/cnm
finds note 'plugin folders' 'none has cnm' 'make install'
ln -s "$CNM" plugins/cnm
ln -s /nowhere/cnm plugins/bridge
finds error 'plugins/bridge$' '/nowhere/cnm' 'make install'
rm plugins/bridge
hook() {
	printf '{"version":"1.0.0","hook":{"path":"%s","args":["cnm"]},"when":{"always":true},"stages":["%s"]}' "$1" "$2" >hooks/50-cnm.json
}
hook "$CNM" createRuntime
finds_nothing
hook /nowhere/cnm createRuntime
finds error 'hooks/50-cnm.json$' 'does not exist: /nowhere/cnm' 'install'
hook "$CNM" createruntime
finds error 'hooks/50-cnm.json$' 'unknown stage "createruntime"' 'remove'
echo '{' >hooks/50-cnm.json
finds error 'hooks/50-cnm.json$' 'unexpected end' 'correct'
rm hooks/50-cnm.json
finds_nothing

say "roots that cannot be trusted"
chmod 777 "$CNM_STATE"
finds error '^roots$' 'others may write' 'mode'
chmod 700 "$CNM_STATE"
finds_nothing
