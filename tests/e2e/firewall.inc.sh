# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# For the scripts about firewalls of others, that drop what they do not know: networks work beside them, whoever was there first; what others closed stays
# closed; when our networks go, their rules are as before.
. "$CNM_SOURCE/tests/e2e/ports.inc.sh"

# A virtual machine's bridge, of somebody who is neither cnm nor the outside.
make_vm() {
	ip netns add vm
	ip link add virbr9 type bridge forward_delay 0
	ip addr add 10.99.0.1/24 dev virbr9
	ip addr add fd00:99::1/64 dev virbr9 nodad
	ip link set virbr9 up
	wire vm eth0 10.99.0.2/24 fd00:99::2/64 host vnet9
	ip link set vnet9 master virbr9
	ip -n vm route add default via 10.99.0.1
	ip -n vm -6 route add default via fd00:99::1
	# shellcheck disable=SC2034
	vm_4=10.99.0.2 vm_6=fd00:99::2
	serve_at vm 7777
}

start_cnm() {
	"$CNM" network create --subnet 10.10.0.0/24 --subnet fd00:10::/64 -o name=br-red "$@" red >/dev/null
	"$CNM" network create --subnet 10.11.0.0/24 --subnet fd00:11::/64 -o name=br-blue "$@" blue >/dev/null
	"$CNM" network create --subnet 10.12.0.0/24 --subnet fd00:12::/64 -o name=br-open -o gateway_mode_ipv4=routed \
		-o gateway_mode_ipv6=routed "$@" open >/dev/null
	"$CNM" network create --subnet 10.13.0.0/24 --subnet fd00:13::/64 -o name=br-closed --internal "$@" closed >/dev/null
	# shellcheck disable=SC2034
	red_4=10.10.0.1 red_6=fd00:10::1
	join red c1 -p 8080:7777 -p 8080:7777/udp
	join red c2
	join blue c3
	join open t1 -p 7777 -p 7777/udp
	join closed i1
	join closed i2
}

end_cnm() {
	leave c1 c2 c3 t1 i1 i2
	for n in red blue open closed; do
		"$CNM" network rm $n >/dev/null
	done
}

# What nobody but the admin opens.
is_closed() {
	cat <<'ROWS'
c1 c3 7777 = -
c1 vm 7777 = -
t1 vm 7777 = -
vm c2 7777 = -
vm t1 7778 = -
far c1 7777 = -
nb c2 7777 = -
far t1 7778 = -
i1 far 7777 = -
far i1 7777 = -
nb foreign 7777 = -
far vm 7777 = -
c1 host 7000 = -
ROWS
}

# works [FAMILIES [PROTOCOLS]]
works() {
	for family in ${1:-4 6}; do
		matrix $family "${2:-tcp udp}" <<'ROWS'
c1 far 7777 = host 7777 far
c3 far 7777 = host 7777 far
t1 far 7777 = t1 7777 far
far host 8080 = far 7777 c1
nb host 8080 = nb 7777 c1
host host 8080 = host 7777 c1
vm host 8080 = vm 7777 c1
c1 c2 7777 = c1 7777 c2
c2 host 8080 = red 7777 c1
c3 host 8080 = c3 7777 c1
far t1 7777 = far 7777 t1
c1 t1 7777 = c1 7777 t1
i1 i2 7777 = i1 7777 i2
ROWS
		is_closed | matrix $family "${2:-tcp udp}"
	done
	matrix 4 tcp <<'ROWS'
host loop 8080 = red 7777 c1
ROWS
}

# The tables of others.
others() {
	nft -j list ruleset | jq -S '[.nftables[] | select(.metainfo | not) | select((.table.name? // .chain.table? // .set.table? // .map.table? // .rule.table?) != "cnm")
		| walk(if type == "object" then del(.handle, .packets, .bytes) else . end)]'
}

# beside WHAT FIREWALL-COMMAND: the firewall is there first, and then it comes again under the networks.
beside() {
	say "$1: first"
	"$2"
	others >before
	start_cnm
	works
	assert_eq "$1: reconcile" "nothing was missing" "$("$CNM" reconcile)"
	others | grep -q 'cnm [0-9a-f]* red: its published ports' || fail "$1: no rule says whose it is"
	end_cnm
	others >after
	cmp -s before after || fail "$1: the tables of others have changed: $(diff -U2 before after | head -40)"
	say "$1: later"
	nft flush ruleset
	start_cnm
	"$2"
	matrix 4 tcp <<'ROWS'
c1 far 7777 = -
ROWS
	"$CNM" reconcile >out
	for n in red blue open closed; do
		assert_match "$1: reconcile" "network $n: chain .* is closed" "$(cat out)"
	done
	assert_eq "$1: reconcile once more" "nothing was missing" "$("$CNM" reconcile)"
	works "4 6" tcp
	say "$1: loaded again, and the next join opens it"
	others | jq -S 'sort_by(tostring)' >with
	"$2"
	ip netns add n1
	for n in red blue open closed; do
		"$CNM" connect --netns /run/netns/n1 $n n1
	done
	others | jq -S 'sort_by(tostring)' >now
	cmp -s with now || fail "$1: the join restored something else: $(diff -U2 with now | head -40)"
	"$CNM" sandbox rm n1 >/dev/null
	ip netns del n1
	end_cnm
	others >after
	cmp -s before after || fail "$1: the tables of others have changed: $(diff -U2 before after | head -40)"
	say "$1: kept as it is"
	start_cnm -o foreign_firewall=keep
	others >after
	cmp -s before after || fail "$1: it was not kept: $(diff -U2 before after | head -40)"
	matrix 4 tcp <<'ROWS'
c1 far 7777 = -
ROWS
	assert_eq "$1: reconcile" "nothing was missing" "$("$CNM" reconcile)"
	end_cnm
	nft flush ruleset
}

start_firewall_test() {
	make_roots
	make_world
	make_vm
	serve_at far 7777-7778
	serve_at foreign 7777
	serve_at host 7000
}
