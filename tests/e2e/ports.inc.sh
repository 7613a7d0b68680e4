# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# A small world around the host, for the scripts about published ports:
#
#   far --- router --+-- neighbour        the neighbour and the router have routes to the containers by the host
#                    |
#                    +-- host ---- foreign      the host forwards: it is a router already
#
# Everybody has a short name, and its address of either family is in NAME_4 and NAME_6. Questions are asked at the same time.
PROBE=$(dirname "$CNM")/tests/probe

# wire NAMESPACE IFNAME ADDRESS4/PREFIX ADDRESS6/PREFIX PEER-NAMESPACE PEER-IFNAME
wire() {
	ip link add "$2" netns "$1" type veth peer name "$6" netns "$5"
	ip -n "$1" addr add "$3" dev "$2"
	ip -n "$1" addr add "$4" dev "$2" nodad
	ip -n "$1" link set "$2" up
	ip -n "$5" link set "$6" up
}

make_world() {
	# A name for this namespace too.
	ip netns attach host $$
	for n in lan nb router far foreign; do
		ip netns add $n
		ip -n $n link set lo up
	done
	ip -n lan link add lan0 type bridge forward_delay 0
	ip -n lan link set lan0 up
	wire host uplink 192.0.2.1/24 2001:db8:2::1/64 lan host
	wire nb eth0 192.0.2.2/24 2001:db8:2::2/64 lan nb
	wire router eth0 192.0.2.3/24 2001:db8:2::3/64 lan router
	for n in host nb router; do
		ip -n lan link set $n master lan0
	done
	wire far eth0 198.51.100.2/24 2001:db8:3::2/64 router eth1
	ip -n router addr add 198.51.100.1/24 dev eth1
	ip -n router addr add 2001:db8:3::1/64 dev eth1 nodad
	wire foreign eth0 203.0.113.2/24 2001:db8:4::2/64 host uplink2
	ip addr add 203.0.113.1/24 dev uplink2
	ip addr add 2001:db8:4::1/64 dev uplink2 nodad
	ip addr add 192.0.2.9/32 dev uplink
	ip addr add 2001:db8:2::9/128 dev uplink nodad preferred_lft 0
	# shellcheck disable=SC2034
	host_4=192.0.2.1 host_6=2001:db8:2::1 second_4=192.0.2.9 second_6=2001:db8:2::9 host2_4=203.0.113.1 host2_6=2001:db8:4::1 \
		nb_4=192.0.2.2 nb_6=2001:db8:2::2 far_4=198.51.100.2 far_6=2001:db8:3::2 \
		foreign_4=203.0.113.2 foreign_6=2001:db8:4::2 loop_4=127.0.0.1 loop_6=::1
	for n in host router; do
		ip netns exec $n sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	done
	for family in 4 6; do
		if [ $family = 4 ]; then by_host=192.0.2.1 by_router=192.0.2.3; else by_host=2001:db8:2::1 by_router=2001:db8:2::3; fi
		ip -$family route add default via $by_router
		ip -n nb -$family route add default via $by_host
		ip -n router -$family route add default via $by_host
	done
	ip -n far route add default via 198.51.100.1
	ip -n far -6 route add default via 2001:db8:3::1
	ip -n foreign route add default via 203.0.113.1
	ip -n foreign -6 route add default via 2001:db8:4::1
	# Redirects would teach the neighbour and the router a shorter way, which is another test.
	echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects
	until_true 5 wire_is_up || fail "the world does not come up"
}

wire_is_up() {
	ip netns exec far ping -c 1 -W 1 192.0.2.1 >/dev/null 2>&1 && ip netns exec far ping -c 1 -W 1 2001:db8:2::1 >/dev/null 2>&1 &&
		ip netns exec nb ping -c 1 -W 1 2001:db8:4::2 >/dev/null 2>&1 && link_locals_are_up
}

# What is compared later would change by itself.
link_locals_are_up() {
	! ip -6 addr show tentative | grep -q inet6
}

# bridge_filter 0|1: whether bridges hand packets to netfilter (br_netfilter, which others load). 0 without it.
bridge_filter() {
	for file in /proc/sys/net/bridge/bridge-nf-call-iptables /proc/sys/net/bridge/bridge-nf-call-ip6tables; do
		[ -e $file ] || { [ "$1" = 0 ]; return; }
		echo "$1" >$file
	done
}

# serve_at NAME PORT[-END]: a server over each protocol, that tells its name.
serve_at() {
	ip netns exec "$1" "$PROBE" serve -b -n "$1" tcp "$2" udp "$2" sctp "$2" </dev/null >/dev/null 2>&1
}

# addresses_of NAME IFNAME: notes them.
addresses_of() {
	a4=$(address_in "/run/netns/$1" inet "$2")
	a6=$(address_in "/run/netns/$1" inet6 "$2")
	eval "$1_4=\$a4 $1_6=\$a6"
}

# join NETWORK CONTAINER [OPTION...]: a container with a server on port 7777 to 7780.
join() {
	network=$1 name=$2
	shift 2
	ip netns add "$name"
	"$CNM" connect --netns "/run/netns/$name" "$network" "$name" "$@" >/dev/null
	addresses_of "$name" eth0
	serve_at "$name" 7777-7780
}

# leave CONTAINER...
leave() {
	for name in "$@"; do
		"$CNM" sandbox rm "$name" >/dev/null
		ip netns pids "$name" | xargs -r kill
		ip netns del "$name"
	done
}

# answer FROM PROTOCOL ADDRESS PORT MILLISECONDS: who answers: CLIENT SERVER-PORT NAME, "-" when nobody does.
answer() {
	# shellcheck disable=SC2046
	set -- $(nsenter --net="/run/netns/$1" "$PROBE" ask "$2" "$3" "$4" -w "$5" 2>/dev/null)
	[ $# -eq 0 ] && echo - || echo "$1 $3 ${4:-}"
}

# compare FROM PROTOCOL ADDRESS PORT EXPECTED WHAT: a silence is short, since all of them are waited for.
compare() {
	[ "$5" = - ] && patience=300 || patience=3000
	# A datagram, or a lone chunk of SCTP, may be lost, on a busy machine more than once.
	for _ in 1 2 3 4; do
		got=$(answer "$1" "$2" "$3" "$4" $patience)
		[ "$got" = - ] && [ "$5" != - ] || break
	done
	[ "$got" = "$5" ] || echo "$6 ($2 $3 port $4): expected \"$5\", got \"$got\"" >>"$TMPDIR/failures"
}

settle() {
	wait
	[ ! -s "$TMPDIR/failures" ] || fail "${1:-who reaches whom}:
$(sort "$TMPDIR/failures")"
}

# matrix FAMILY PROTOCOLS <ROWS: each row is FROM ADDRESS PORT = CLIENT SERVER-PORT NAME, or FROM ADDRESS PORT = - for silence; addresses and clients
# by their names. What stands behind # is a remark. $MATRIX_PROTOCOLS stands in for PROTOCOLS where time is short (make mutation).
matrix() {
	asked=0
	while read -r from to port _ client server_port name _; do
		case $from in '' | '#'*) continue ;; esac
		eval "to_address=\$${to}_$1"
		if [ "$client" = - ]; then
			expected=-
		else
			eval "expected=\"\$${client}_$1 $server_port $name\""
		fi
		for protocol in ${MATRIX_PROTOCOLS:-$2}; do
			compare "$from" "$protocol" "$to_address" "$port" "$expected" "IPv$1: $from asks $to" </dev/null &
			asked=$((asked + 1))
			[ $((asked % 48)) -ne 0 ] || wait
		done
	done
	settle "IPv$1"
}

# craft NAME: from now on NAME sends what is for 127.0.0.1 and ::1 to the host, or to its default gateway.
craft() {
	by4=$(ip -n "$1" -4 -j route show default | jq -r '.[0].gateway')
	by6=$(ip -n "$1" -6 -j route show default | jq -r '.[0].gateway')
	ip netns exec "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet'
	ip -n "$1" addr flush dev lo
	ip -n "$1" route add 127.0.0.1/32 via "$by4" dev eth0
	ip -n "$1" -6 route add ::1/128 via "$by6" dev eth0
}

# ruleset: the own table as text, the same for the same content.
ruleset() {
	nft list table inet cnm 2>/dev/null
}

# refused PATTERN COMMAND...: fails in one line that matches, and leaves nothing. $BEFORE is a baseline that still holds.
refused() {
	pattern=$1
	shift
	[ -n "${BEFORE:-}" ] || baseline refusal
	assert_status 1 "$@"
	assert_match "refusal" "$pattern" "$(cat "$TMPDIR/err")"
	assert_eq "lines of the refusal" 1 "$(wc -l <"$TMPDIR/err")"
	assert_baseline "${BEFORE:-refusal}" "after \"$(cat "$TMPDIR/err")\" something"
}
