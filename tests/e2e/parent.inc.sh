# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# For scripts about networks on a parent: a switch beyond the parent `lan0`, who reaches whom, and the table of docs/drivers.md, each row of
# which is what a test found.

# The world beyond lan0: a switch in namespace `beyond`, with the addresses that everybody takes for the gateway's.
make_lan() {
	ip netns add beyond
	ip link add lan0 type veth peer name port netns beyond
	ip -n beyond link add br0 type bridge
	ip -n beyond link set port master br0
	ip -n beyond link set port up
	ip netns exec beyond sh -c 'echo 0 >/proc/sys/net/ipv6/conf/br0/accept_dad'
	ip -n beyond link set br0 up
	ip -n beyond addr add 10.3.0.1/24 dev br0
	ip -n beyond addr add fd03::1/64 dev br0 nodad
	echo 1 >/proc/sys/net/ipv6/conf/lan0/disable_ipv6
	ip link set lan0 up
	until_true 5 sh -c 'ip link show lan0 | grep -q "state UP"' || fail "lan0 does not come up"
}

# The switch's own addresses are in VLAN 10 from now on.
move_lan_to_vlan() {
	ip -n beyond addr flush dev br0
	ip -n beyond link add link br0 name br0.10 type vlan id 10
	ip netns exec beyond sh -c 'echo 0 >/proc/sys/net/ipv6/conf/br0.10/accept_dad'
	ip -n beyond link set br0.10 up
	ip -n beyond addr add 10.3.0.1/24 dev br0.10
	ip -n beyond addr add fd03::1/64 dev br0.10 nodad
}

ping_switch() {
	ip netns exec c1 ping -c 2 -i 0.2 -W 2 10.3.0.1 >/dev/null || fail "c1 does not reach the switch"
}

# kernel_has KIND: whether this kernel makes such links; asked with other means than ours.
kernel_has() {
	args=
	[ "$1" != vlan ] || args='id 77'
	# shellcheck disable=SC2086
	ip link add link lan0 name probe type "$1" $args 2>/dev/null || return 1
	ip link del probe
}

# needs_kernel DRIVER KIND OPTIONS...: where the kernel lacks the kind, the driver says so and makes nothing; the script ends there.
needs_kernel() {
	if kernel_has "$2"; then
		return 0
	fi
	driver=$1 kind=$2
	shift 2
	baseline lacking
	assert_status 1 "$CNM" network create -d "$driver" "$@" lan
	config=$(echo "$kind" | tr '[:lower:]' '[:upper:]')
	[ "$kind" != vlan ] || config=VLAN_8021Q
	assert_eq "error" "cnm: network lan: driver $driver: this kernel has no $kind (CONFIG_$config)" "$(cat "$TMPDIR/err")"
	assert_baseline lacking
	say "this kernel has no $kind, and the driver said so"
	exit 0
}

# create ARGUMENT...: the network `lan`, both families.
create() {
	"$CNM" network create --subnet 10.3.0.0/24 --subnet fd03::/64 "$@" lan >/dev/null
}

# join CONTAINER [ARGUMENT...]: a namespace of that name on network lan; its addresses are in NAME_4 and NAME_6.
join() {
	c=$1
	shift
	[ -e "/run/netns/$c" ] || ip netns add "$c"
	"$CNM" connect --netns "/run/netns/$c" "$@" "${NETWORK:-lan}" "$c" >/dev/null
	a4=$(address_in "/run/netns/$c" inet eth0)
	a6=$(address_in "/run/netns/$c" inet6 eth0)
	eval "${c}_4=\$a4 ${c}_6=\$a6"
}

leave() {
	for c in "$@"; do
		"$CNM" disconnect "${NETWORK:-lan}" "$c" >/dev/null
		ip netns del "$c"
	done
}

ping_once() {
	ip netns exec "$1" ping -c 1 -W "${PING_SECONDS:-0.5}" "$2" >/dev/null 2>&1
}

# reaches NAMESPACE IPV4 IPV6: "yes" or "no", in both families; a "no" is no late "yes".
reaches() {
	answers=
	for a in "$2" "$3"; do
		if ping_once "$1" "$a" || ping_once "$1" "$a"; then answers="$answers yes"; else answers="$answers no"; fi
	done
	case $answers in
	" yes yes") echo yes ;;
	" no no") echo no ;;
	*) echo "IPv4, IPv6:$answers" ;;
	esac
}

# assert_reaches yes|no NAMESPACE IPV4 IPV6
assert_reaches() {
	assert_eq "does $2 reach $3 and $4" "$1" "$(reaches "$2" "$3" "$4")"
}

# assert_row DRIVER MODE ANSWER...: what was found is what docs/drivers.md says.
assert_row() {
	row="|"
	for cell in "$@"; do row="$row $cell |"; done
	say "found: $row"
	grep -qxF -- "$row" "$CNM_SOURCE/docs/drivers.md" || fail "docs/drivers.md has no row: $row"
}

# refused TEXT ARGUMENT...: `cnm ARGUMENT...` fails with the one line that ends in TEXT, and changes nothing.
refused() {
	text=$1
	shift
	baseline refused
	assert_status 1 "$CNM" "$@"
	assert_eq "lines on stderr" 1 "$(wc -l <"$TMPDIR/err")"
	case $(cat "$TMPDIR/err") in
	*": $text") ;;
	*) fail "error of cnm $*: $(cat "$TMPDIR/err")" ;;
	esac
	assert_baseline refused "after a refusal, something"
}
