# SPDX-License-Identifier: GPL-2.0-or-later
# Others flush the firewall, wholly or in part: CHECK says what is missing, `cnm reconcile` restores it out of the records and says what, once;
# so does the next join. What others have in their own tables is left alone.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/ports.inc.sh"

# cni COMMAND <CONFIGURATION: for pod c1.
cni() {
	env -i PATH="$PATH" CNM_ROOT="$CNM_ROOT" CNM_STATE="$CNM_STATE" CNI_COMMAND="$1" CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/c1 \
		CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin "$CNM"
}

# lines of the own table in an order of their own: elements are listed as they come.
content() {
	nft -j list table inet cnm | jq -S '[.nftables[] | select(.metainfo | not) | walk(if type == "object" then del(.handle) else . end)
		| if .set? .elem? then .set.elem |= sort else . end | if .map? .elem? then .map.elem |= sort else . end]'
}

works() {
	matrix 4 "tcp udp sctp" <<'ROWS'
far host 8080 = far 7777 r1
far host 8091 = far 8091 r1
far second 8081 = far 7778 r1
host loop 8082 = red 7777 r1
far host 8100 = far 7777 b1
far t1 7777 = far 7777 t1
far t1 7778 = -
far o1 7779 = far 7779 o1
far r1 7777 = -
b1 r1 7777 = -
q1 q2 7777 = -
nb i1 7777 = -
i1 far 7777 = -
b1 far 7777 = host 7777 far
ROWS
	matrix 6 tcp <<'ROWS'
far host 8080 = far 7777 r1
far host 8095 = far 8095 r1
far t1 7777 = far 7777 t1
far r1 7777 = -
b1 far 7777 = host 7777 far
ROWS
}

# broken_by WHAT COMMAND...: after it CHECK fails for a reason, and reconcile puts everything back.
broken_by() {
	what=$1
	shift
	say "$what"
	"$@"
	! content >broken 2>/dev/null || ! cmp -s whole broken || fail "$what: nothing is broken"
	if cni CHECK <check >out 2>err; then
		fail "$what: CHECK sees nothing"
	fi
	assert_json "$what: CHECK" '(.code | type) == "number" and (.msg | length) > 0' "$(cat out)"
	printf '   CHECK: %s\n' "$(jq -r '[.msg, .details // empty] | join(": ")' out)"
	"$CNM" reconcile >out 2>err || fail "$what: reconcile: $(cat out err)"
	sed 's/^/   /' out
	assert_match "$what: reconcile says what" 'network red' "$(cat out)"
	content >now
	cmp -s whole now || fail "$what: reconcile restored something else:
$(diff -U2 whole now | head -60)"
	assert_eq "$what: reconcile once more" "nothing was missing" "$("$CNM" reconcile)"
	content >now
	cmp -s whole now || fail "$what: reconcile on a healthy host changed something"
}

make_roots
make_world
bridge_filter 0 || :
serve_at far 7777
baseline
"$CNM" network create --subnet 10.10.0.0/24 --subnet fd00:10::/64 red >/dev/null
# shellcheck disable=SC2034
red_4=10.10.0.1 red_6=fd00:10::1
"$CNM" network create --subnet 10.11.0.0/24 --subnet fd00:11::/64 blue >/dev/null
"$CNM" network create --subnet 10.12.0.0/24 --subnet fd00:12::/64 --internal closed >/dev/null
"$CNM" network create --subnet 10.13.0.0/24 --subnet fd00:13::/64 -o icc=false quiet >/dev/null
"$CNM" network create --subnet 10.14.0.0/24 --subnet fd00:14::/64 -o gateway_mode_ipv4=routed -o gateway_mode_ipv6=routed routed >/dev/null
"$CNM" network create --subnet 10.15.0.0/24 --subnet fd00:15::/64 -o gateway_mode_ipv4=nat-unprotected open >/dev/null
for p in tcp udp sctp; do
	echo "-p 8080:7777/$p -p 8090-8099:8090-8099/$p -p 192.0.2.9:8081:7778/$p -p 127.0.0.1:8082:7777/$p -p 8060-8063:7777-7780/$p"
done | tr '\n' ' ' >publish
# shellcheck disable=SC2046
join red r1 $(cat publish)
serve_at r1 8090-8099
join blue b1 -p 8100:7777/tcp -p 8100:7777/udp -p 8100:7777/sctp
join closed i1
join quiet q1
join quiet q2
join routed t1 -p 7777/tcp -p 7777/udp -p 7777/sctp
join open o1
ip netns add c1
printf '{"cniVersion":"1.0.0","name":"red","type":"cnm","capabilities":{"portMappings":true},
	"runtimeConfig":{"portMappings":[{"hostPort":8070,"containerPort":80,"protocol":"tcp"}]}}' >conf
cni ADD <conf >result || fail "ADD: $(cat result)"
jq --slurpfile r result '.prevResult = $r[0]' conf >check
content >whole
works

say "on a healthy host nothing is missing, and CHECK is content"
cni CHECK <check >out || fail "CHECK: $(cat out)"
assert_eq "reconcile" "nothing was missing" "$("$CNM" reconcile)"
assert_json "reconcile for programs" '. == []' "$("$CNM" --format json reconcile)"
content >now
cmp -s whole now || fail "reconcile changed something"

nft add table ip others
nft 'add chain ip others input { type filter hook input priority 10; policy accept; }'
nft add rule ip others input tcp dport 1 counter
nft list table ip others >others

broken_by "the table is gone" nft delete table inet cnm
works
assert_eq "the table of others" "$(cat others)" "$(nft list table ip others)"
broken_by "a network is forgotten" nft flush set inet cnm bridges
broken_by "a published port of the pod is gone" nft 'delete element inet cnm ports4 { tcp . 8070 }'
broken_by "a published port leads elsewhere" nft 'delete element inet cnm ports4 { tcp . 8070 }; add element inet cnm ports4 { tcp . 8070 : 10.10.0.99 . 80 }'
broken_by "all claims are gone" nft flush set inet cnm claims
broken_by "all maps are empty" sh -c 'for m in ports4 ports6 ranges4 ranges6 ports_of4; do nft flush map inet cnm $m; done'
works

say "the whole ruleset is flushed, and reconcile restores all that is ours"
nft flush ruleset
"$CNM" reconcile >out
for n in red blue closed quiet routed open; do
	assert_match "reconcile" "network $n" "$(cat out)"
done
content >now
cmp -s whole now || fail "reconcile restored something else: $(diff -U2 whole now | head -60)"
works

say "the whole ruleset is flushed, and the next join restores it for everybody"
nft flush ruleset
ip netns add n1
"$CNM" connect --netns /run/netns/n1 blue n1
content >now
cmp -s whole now || fail "the join restored something else: $(diff -U2 whole now | head -60)"
works
"$CNM" sandbox rm n1 >/dev/null
say "the same with a port of its own, and one that conflicts with a port that was lost"
nft flush ruleset
assert_status 1 "$CNM" connect --netns /run/netns/n1 blue n1 -p 8080:80
assert_match "refusal" '8080/tcp is published by red/r1@eth0' "$(cat err)"
content >now
cmp -s whole now || fail "the refused join restored something else: $(diff -U2 whole now | head -60)"
"$CNM" connect --netns /run/netns/n1 blue n1 -p 8200:80
"$CNM" sandbox rm n1 >/dev/null
content >now
cmp -s whole now || fail "the join restored something else: $(diff -U2 whole now | head -60)"

say "who leaves while the ruleset is flushed leaves nothing"
nft flush ruleset
leave q2
cni DEL <check >out || fail "DEL: $(cat out)"
"$CNM" reconcile >/dev/null
assert_eq "ports of the pod" "" "$(content | grep 8070 || :)"
leave r1 b1 i1 q1 t1 o1
ip netns del c1
ip netns del n1
for n in red blue closed quiet routed open; do
	"$CNM" network rm $n >/dev/null
done
assert_baseline
