# SPDX-License-Identifier: GPL-2.0-or-later
# A container with CAP_NET_RAW says that it is the router (CVE-2020-10749, CVE-2020-13401): neither a neighbour nor the host believes it. And a network
# without IPv6 has none at all (CVE-2024-32473).
. "$(dirname "$0")/lib.sh"
PROBE=$(dirname "$CNM")/tests/probe

make_roots
"$CNM" network create --subnet 10.10.0.0/24 --subnet fd00:10::/64 -o name=br-red red >/dev/null
"$CNM" network create --subnet 10.15.0.0/24 -o name=br-four four >/dev/null
for c in red:a red:b four:f four:g; do
	ip netns add ${c#*:}
	"$CNM" connect --netns "/run/netns/${c#*:}" "${c%:*}" "${c#*:}"
done
for c in a b f g; do
	eval "mac_$c=\$(ip -n $c -j link show dev eth0 | jq -r '.[0].address')"
done

# checksum SOURCE MESSAGE: of an ICMPv6 message to ff02::1, which has zeros there; both in hexadecimal, four digits a word.
checksum() {
	# The header that goes before it: the destination, the length, the protocol.
	sum=$((0xff02 + 1 + $(printf '%s' "$2" | tr -d ' ' | wc -c) / 2 + 58))
	for word in $1 $2; do sum=$((sum + 0x$word)); done
	sum=$(((sum & 0xffff) + (sum >> 16)))
	printf '%04x' $((~(sum + (sum >> 16)) & 0xffff))
}

# advertise FROM TO: fd00:bad::/64 is on this link, and the sender is everybody's way out. It arrives at TO's interface.
advertise() {
	eval "mac=\$mac_$1 peer=\$mac_$2"
	# shellcheck disable=SC2046
	set -- "$1" "$2" $(echo "$mac" | tr : ' ')
	from="fe80 0000 0000 0000 $(printf '%02x' $((0x$3 ^ 2)))$4 $5ff fe$6 $7$8"
	body="4000 0708 0000 0000 0000 0000 0304 40c0 0000 0708 0000 0708 0000 0000 fd00 0bad 0000 0000 0000 0000 0000 0000"
	printf '%s\n' "$peer $mac 88b5 0001" \
		"pass an advertisement|333300000001 $mac 86dd 60000000 0030 3aff $from ff02 0000 0000 0000 0000 0000 0000 0001 8600 $(checksum "$from" "8600 0000 $body") $body" |
		"$PROBE" frames "$1" eth0 "$2" eth0 || fail "$1 does not reach $2"
}

# believes COMMAND...: whether there is a route or an address that came by it, where that `ip` command looks.
believes() {
	"$@" -6 route show | grep -E 'proto ra|fd00:bad|default via fe80' || "$@" -6 addr show | grep fd00:bad
}

say "neighbour and host"
# Who forwards believes no router whatever it is told. A host that stops is no better a victim.
echo 0 >/proc/sys/net/ipv6/conf/br-red/forwarding
assert_eq "accept_ra of the bridge" 0 "$(cat /proc/sys/net/ipv6/conf/br-red/accept_ra)"
for link in $(ip -j link show master br-red | jq -r '.[].ifname'); do
	echo 0 >"/proc/sys/net/ipv6/conf/$link/forwarding"
	assert_eq "IPv6 is off at $link" 1 "$(cat "/proc/sys/net/ipv6/conf/$link/disable_ipv6")"
done
advertise a b
! believes ip -n b || fail "b believes a"
! believes ip || fail "the host believes a"

say "the same, believed by one that listens: it was no empty threat"
ip netns exec b sh -c 'echo 1 >/proc/sys/net/ipv6/conf/eth0/accept_ra'
advertise a b
until_true 3 believes ip -n b >/dev/null || fail "b does not even believe when it should"

say "a network without IPv6"
advertise f g
for c in f g; do
	assert_eq "IPv6 addresses of $c" "" "$(ip -n $c -6 -o addr show dev eth0)"
done
assert_eq "IPv6 addresses of the bridge" "" "$(ip -6 -o addr show dev br-four)"
