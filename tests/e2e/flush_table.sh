# SPDX-License-Identifier: GPL-2.0-or-later
# `nft flush table` takes the rules and leaves the elements: CHECK says so, `cnm reconcile` and the next ADD put the rules back.
. "$(dirname "$0")/lib.sh"
PROBE=$(dirname "$CNM")/tests/probe

make_roots
make_outside
ip netns add r1
ip netns add c1
"$CNM" network create --subnet 10.10.0.0/24 --subnet fd00:10::/64 red >/dev/null
"$CNM" connect --netns /run/netns/r1 red r1 -p 8080:7777 -p 9000-9099:9000-9099
ip netns exec r1 "$PROBE" serve -b -n r1 tcp 7777 </dev/null >/dev/null 2>&1
printf '{"cniVersion":"1.0.0","name":"red","type":"cnm"}' >conf
cni() {
	CNI_COMMAND=$1 CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/c1 CNI_IFNAME=eth0 CNI_PATH=/ "$CNM"
}
add() {
	cni ADD <conf >result
	jq '. + {prevResult: $r[0]}' --slurpfile r result conf >conf2
}
add
cni CHECK <conf2
# Rules in the order of the file, and elements by value: a set has no order.
ruleset() {
	nft -j list ruleset | jq -cS '.nftables[] | if .set or .map then (.set // .map) | {name, elem: (.elem // [] | sort)} elif .rule then .rule | {chain, expr} else . end
		| walk(if type == "object" then del(.handle) else . end)'
}
published() {
	ip netns exec outside "$PROBE" ask tcp 192.0.2.1 8080 -w 1000 >answer 2>/dev/null || return 1
	grep -q 'r1$' answer
}
published || fail "the port is not published"
ruleset >before

# lost CHAIN COMMAND...: the chain that CHECK names, by the command that empties it.
lost() {
	chain=$1
	shift
	"$@"
	! cni CHECK <conf2 >out || fail "CHECK after $*"
	assert_match "CHECK after $*" "chain $chain of table inet cnm holds 0 rules instead of [1-9]" "$(jq -r .msg out)"
	"$CNM" reconcile >out
	assert_match "reconcile after $*" 'network red' "$(cat out)"
	ruleset | cmp -s - before || fail "after reconcile: $(ruleset | diff before -)"
	cni CHECK <conf2 || fail "CHECK after reconcile"
	assert_eq "reconcile again" "nothing was missing" "$("$CNM" reconcile)"
	published || fail "the port is not published after reconcile"
}

say "CHECK and reconcile"
lost '[a-z_]*' nft flush table inet cnm
# Any one chain is missed too.
for chain in $(nft -j list table inet cnm | jq -r '.nftables[].chain.name // empty'); do
	lost "$chain" nft flush chain inet cnm "$chain"
done

say "a rule too many"
nft add rule inet cnm forward accept
! cni CHECK <conf2 >out || fail "CHECK with a rule too many"
assert_match "CHECK" 'chain forward of table inet cnm holds [0-9]* rules instead of' "$(jq -r .msg out)"
"$CNM" reconcile >/dev/null
ruleset | cmp -s - before || fail "after reconcile: $(ruleset | diff before -)"

say "the next ADD"
cni DEL <conf
ruleset >before
nft flush table inet cnm
! published || fail "the port is published without rules"
add
cni DEL <conf
ruleset | cmp -s - before || fail "after the next ADD: $(ruleset | diff before -)"
published || fail "the port is not published after the next ADD"

say "several at once"
nft flush table inet cnm
for n in 1 2 3 4 5 6; do
	ip netns add p$n
	"$CNM" connect --netns /run/netns/p$n red p$n &
done
wait
for n in 1 2 3 4 5 6; do
	"$CNM" disconnect red p$n
done
ruleset | cmp -s - before || fail "after several at once: $(ruleset | diff before -)"

"$CNM" disconnect red r1
"$CNM" network rm red >/dev/null
assert_eq "ruleset" "" "$(nft list ruleset)"
