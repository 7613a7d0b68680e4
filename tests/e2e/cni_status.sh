# SPDX-License-Identifier: GPL-2.0-or-later
# STATUS says no, with the reason, wherever an ADD of the same configuration fails, and yes where it succeeds; it changes nothing.
. "$(dirname "$0")/lib.sh"

. "$CNM_SOURCE/tests/e2e/chain.inc.sh"
use "bridge host-local cnm portmap firewall bandwidth" ""
make_roots
for pod in a b; do ip netns add $pod; done

# Files, links and rules: less than a snapshot, and asked often.
things() {
	find "$CNM_ROOT" "$CNM_STATE" /run/netns | grep -v /cursors
	ip -o link | cut -d: -f2
	nft list ruleset
}

# status TYPE CONFIGURATION CODE [PATTERN]: STATUS has that code (0: it succeeds), and leaves everything as it was.
status() {
	printf '%s' "$2" | jq '{cniVersion: "1.1.0", name: "net", type: "'"$1"'"} + .' >given
	things >before
	code=0
	call STATUS "$1" "" "" "" <given >out 2>err || code=$(jq .code out)
	things >after
	assert_eq "STATUS of $1, $2: $(cat out err)" "$3" "$code"
	[ "$3" = 0 ] || assert_match "message" "${4:-.}" "$(jq -r .msg out)"
	cmp -s before after || fail "STATUS of $1 changed something: $(diff before after)"
}

# adds CODE: and the ADD of the same configuration has that code, and leaves nothing.
adds() {
	code=0
	jq '.cniVersion = "1.0.0"' given >given.add
	call ADD "$(jq -r .type given)" b /run/netns/b eth0 <given.add >out 2>err || code=$(jq .code out)
	assert_eq "ADD: $(cat out err)" "$1" "$code"
	call DEL "$(jq -r .type given)" b /run/netns/b eth0 <given.add >out || fail "DEL: $(cat out)"
}

say "each set of addresses needs a free one, not each family"
for type in bridge host-local; do
	sets='"ipam":{"type":"host-local","ranges":[[{"subnet":"10.6.0.0/24","rangeStart":"10.6.0.5","rangeEnd":"10.6.0.5"}],[{"subnet":"10.7.0.0/24"}]]}'
	status $type "{\"bridge\":\"br-a\",$sets}" 0
	call ADD $type a /run/netns/a eth0 <given >out || fail "ADD: $(cat out)"
	status $type "{\"bridge\":\"br-a\",$sets}" 50 'no free address is left in 10\.6\.0\.0/24'
	adds 11
	call DEL $type a /run/netns/a eth0 <given >out || fail "DEL: $(cat out)"
	status $type "{\"bridge\":\"br-a\",$sets}" 0
	# Within a set the one or the other does.
	status $type '{"name":"one","bridge":"br-b","ipam":{"type":"host-local","ranges":[[{"subnet":"10.16.0.0/30","rangeStart":"10.16.0.1","rangeEnd":"10.16.0.1"},{"subnet":"10.17.0.0/24"}]]}}' 0
	adds 0
	"$CNM" network prune >/dev/null
done

say "a network that only the configuration describes: as its making would go"
"$CNM" network create --subnet 10.8.0.0/24 -o name=br-taken taken >/dev/null
net() { echo "{\"bridge\":\"$1\",\"ipam\":{\"type\":\"host-local\",\"subnet\":\"$2\"}}"; }
status bridge "$(net br-b 10.8.0.0/25)" 50 'network net: .*10\.8\.0\.0/25 overlaps 10\.8\.0\.0/24 of network taken'
adds 100
status cnm '{"driver":"bridge","subnets":["10.8.0.0/24"]}' 50 'overlaps .* of network taken'
adds 100
status bridge "$(net lo 10.9.0.0/24)" 50 'link lo exists and is no bridge'
adds 100
status bridge "$(net br-taken 10.9.0.0/24)" 50 'bridge br-taken belongs to network taken'
adds 100
status bridge '{"bridge":"lo","ipam":{}}' 50 'link lo exists and is no bridge'
status cnm '{"driver":"bridge","options":{"nosuch":"1"}}' 50 'nosuch'
status bridge "$(net br-b 10.9.0.0/24)" 0
adds 0

say "a described network that nobody is on makes room"
status bridge "{\"name\":\"old\",\"isGateway\":true,$(net br-b 10.9.0.0/24 | cut -c2-)" 0
call ADD bridge a /run/netns/a eth0 <given >out || fail "ADD: $(cat out)"
cp given old
status bridge "$(net br-b 10.9.0.0/24)" 50 'network old'
adds 100
status bridge "{\"name\":\"old\",$(net br-c 10.10.0.0/24 | cut -c2-)" 50 'network old exists with'
adds 7
call DEL bridge a /run/netns/a eth0 <old >out || fail "DEL: $(cat out)"
assert_eq "networks" "old taken" "$("$CNM" network ls --format json | jq -r '[.[].Name] | sort | join(" ")')"
status bridge "{\"name\":\"old\",$(net br-c 10.8.0.0/24 | cut -c2-)" 50 'of network taken'
adds 100
status bridge "{\"name\":\"old\",$(net br-taken 10.10.0.0/24 | cut -c2-)" 50 'belongs to network taken'
status bridge "$(net br-b 10.9.0.0/24)" 0
status bridge "$(net br-c 10.9.0.0/24)" 0
adds 0
assert_eq "networks" "net taken" "$("$CNM" network ls --format json | jq -r '[.[].Name] | sort | join(" ")')"
"$CNM" network prune >/dev/null

say "portmap and firewall need nftables"
for type in portmap firewall; do status $type '{}' 0; done
status portmap '{"masqAll":true}' 2 masqAll
status firewall '{"ingressPolicy":"nosuch"}' 7 ingressPolicy
library=$(ldconfig -p | awk '/libnftables\.so\.1 / { print $NF; exit }')
[ -n "$library" ] || fail "libnftables.so.1 is nowhere"
# Without the library nft does not start either: what STATUS leaves is seen before and after.
mount --bind /dev/null "$(readlink -f "$library")"
for type in portmap firewall bridge; do
	printf '%s' "$(net br-b 10.9.0.0/24)" | jq '{cniVersion: "1.1.0", name: "net", type: "'$type'"} + .' >given
	call STATUS $type "" "" "" <given >out 2>err && fail "STATUS of $type without libnftables succeeds"
	assert_json "STATUS of $type" '.code == 50 and (.msg | test("libnftables"))' "$(cat out)"
done
umount "$(readlink -f "$library")"
"$CNM" network create --subnet 10.8.0.0/24 web >/dev/null
mount --bind /dev/null "$(readlink -f "$library")"
for type in portmap firewall bridge; do
	jq ".type = \"$type\"" given >again
	call STATUS $type "" "" "" <again >out 2>err || fail "STATUS of $type, with the table in place: $(cat out)"
done
umount "$(readlink -f "$library")"
