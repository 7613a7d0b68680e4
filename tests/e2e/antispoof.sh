# SPDX-License-Identifier: GPL-2.0-or-later
# Option anti_spoof: what a container may say it is. Real frames out of a container's interface, looked for at its neighbour's.
. "$(dirname "$0")/lib.sh"
PROBE=$(dirname "$CNM")/tests/probe

make_roots
# Its own checks of addresses and checksums are not what is tested.
for f in /proc/sys/net/bridge/bridge-nf-call-*; do
	[ ! -e "$f" ] || echo 0 >"$f"
done
# A host that was a router already: what the others lose with a flushed table is not the subject here.
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
baseline empty
"$CNM" network create --subnet 10.20.0.0/24 --subnet fd00:20::/64 -o anti_spoof=true -o name=br-pin pinned >/dev/null
# Nor is what it makes of multicast reports.
ip link set br-pin type bridge mcast_snooping 0
baseline
for n in a b c; do
	ip netns add $n
done
baseline joined
for n in a b; do
	"$CNM" connect --netns /run/netns/$n pinned $n
done

mac_in() {
	ip -n "$1" -j link show dev eth0 | jq -r '.[0].address'
}
ll_in() {
	ip -n "$1" -j addr show dev eth0 | jq -r '.[].addr_info[] | select(.local | startswith("fe80:")).local'
}
port_of() {
	bridge -j link show | jq -r --arg a "cnm:pinned/$1@eth0" '.[].ifname' | while read -r p; do
		[ "$(ip -j link show dev "$p" | jq -r '.[0].ifalias')" != "cnm:pinned/$1@eth0" ] || echo "$p"
	done
}
mac=$(mac_in a) peer=$(mac_in b) port=$(port_of a)
a4=$(address_in /run/netns/a inet eth0) b4=$(address_in /run/netns/b inet eth0)
a6=$(address_in /run/netns/a inet6 eth0) b6=$(address_in /run/netns/b inet6 eth0)
ll=$(ll_in a) ll_b=$(ll_in b)
other=02:00:00:00:00:99

# Frames are a list: what is to happen, the name, the bytes.
pass() {
	name=$1
	shift
	echo "pass $name|$*" >>frames
}
drop() {
	name=$1
	shift
	echo "drop $name|$*" >>frames
}
judge() {
	{
		echo "$peer $mac 0806 0001080006040001 $mac $a4 00000000beef $b4"
		cat frames
	} | "$PROBE" frames a eth0 b eth0 >verdicts || fail "$1: $(cat verdicts)"
	printf '   %s frames\n' "$(wc -l <frames)"
	: >frames
}
: >frames

# ip4 SOURCE PROTOCOL LENGTH PAYLOAD...: behind the frame's header. Lengths in hexadecimal, of the whole packet.
ip4() {
	source=$1 protocol=$2 length=$3
	shift 3
	echo "0800 4500$length 00000000 40$protocol 0000 $source ${to:-$b4} $*"
}
# ip6 SOURCE NEXT LENGTH PAYLOAD...: the length is the payload's.
ip6() {
	source=$1 next=$2 length=$3
	shift 3
	echo "86dd 60000000 $length ${next}ff $source $b6 $*"
}
# udp SOURCE-PORT DESTINATION-PORT
udp() {
	echo "$1 $2 0008 0000"
}
# arp OPERATION SENDER-MAC SENDER TARGET [TYPES]
arp() {
	echo "0806 ${5:-000108000604}$1 $2 $3 000000000000 $4"
}
nonce=0e01010203040506

say "MAC address"
pass "own MAC" "$peer" "$mac" "$(ip4 "$a4" 11 001c "$(udp 03e8 07d0)")"
drop "another MAC" "$peer" "$other" "$(ip4 "$a4" 11 001c "$(udp 03e8 07d0)")"
drop "the neighbour's MAC" "$peer" "$peer" "$(ip4 "$a4" 11 001c "$(udp 03e8 07d0)")"
# What an ARP packet says is another matter.
drop "ARP from another MAC" "$peer" $other "0806 0001080006040001 $mac $a4 000000000000 $b4"
pass "ARP from the own MAC" "$peer" "$mac" "0806 0001080006040001 $mac $a4 000000000000 $b4"
judge "MAC address"

say "IPv4"
pass "own address" "$peer" "$mac" "$(ip4 "$a4" 11 001c "$(udp 03e8 07d0)")"
drop "free address" "$peer" "$mac" "$(ip4 10.20.0.200 11 001c "$(udp 03e8 07d0)")"
drop "the neighbour's address" "$peer" "$mac" "$(ip4 "$b4" 11 001c "$(udp 03e8 07d0)")"
drop "the gateway's address" "$peer" "$mac" "$(ip4 10.20.0.1 11 001c "$(udp 03e8 07d0)")"
drop "no address" "$peer" "$mac" "$(ip4 0.0.0.0 11 001c "$(udp 03e8 07d0)")"
pass "DHCP client" "$peer" "$mac" "$(ip4 "$a4" 11 001c "$(udp 0044 0043)")"
drop "from a DHCP server's port" "$peer" "$mac" "$(ip4 "$a4" 11 001c "$(udp 0043 07d0)")"
drop "to a DHCP client's port" "$peer" "$mac" "$(ip4 "$a4" 11 001c "$(udp 03e8 0044)")"
pass "ICMP echo" "$peer" "$mac" "$(ip4 "$a4" 01 001c 0800000000010001)"
drop "ICMP redirect" "$peer" "$mac" "$(ip4 "$a4" 01 001c 0501000000010001)"
judge IPv4

say "ARP"
pass "request" "$peer" "$mac" "$(arp 0001 "$mac" "$a4" "$b4")"
pass "reply" "$peer" "$mac" "$(arp 0002 "$mac" "$a4" "$b4")"
pass "announcement" ffffffffffff "$mac" "$(arp 0001 "$mac" "$a4" "$a4")"
pass "probe for the own address" ffffffffffff "$mac" "$(arp 0001 "$mac" 0.0.0.0 "$a4")"
drop "probe for another's address" ffffffffffff "$mac" "$(arp 0001 "$mac" 0.0.0.0 "$b4")"
drop "probe with another MAC" ffffffffffff "$mac" "$(arp 0001 $other 0.0.0.0 "$a4")"
drop "reply from 0.0.0.0" "$peer" "$mac" "$(arp 0002 "$mac" 0.0.0.0 "$a4")"
drop "sender is the gateway" "$peer" "$mac" "$(arp 0002 "$mac" 10.20.0.1 "$b4")"
drop "sender is the neighbour" "$peer" "$mac" "$(arp 0001 "$mac" "$b4" "$b4")"
drop "sender has another MAC" "$peer" "$mac" "$(arp 0002 $other "$a4" "$b4")"
drop "RARP operation" "$peer" "$mac" "$(arp 0003 "$mac" "$a4" "$b4")"
drop "hardware type" "$peer" "$mac" "$(arp 0001 "$mac" "$a4" "$b4" 000608000604)"
drop "protocol type" "$peer" "$mac" "$(arp 0001 "$mac" "$a4" "$b4" 000186dd0604)"
drop "hardware length" "$peer" "$mac" "$(arp 0001 "$mac" "$a4" "$b4" 000108000804)"
drop "protocol length" "$peer" "$mac" "$(arp 0001 "$mac" "$a4" "$b4" 000108000610)"
judge ARP

say "IPv6"
pass "own address" "$peer" "$mac" "$(ip6 "$a6" 11 0008 "$(udp 03e8 07d0)")"
pass "own link-local address" "$peer" "$mac" "$(ip6 "$ll" 11 0008 "$(udp 03e8 07d0)")"
drop "free address" "$peer" "$mac" "$(ip6 fd00:20::200 11 0008 "$(udp 03e8 07d0)")"
drop "the neighbour's address" "$peer" "$mac" "$(ip6 "$b6" 11 0008 "$(udp 03e8 07d0)")"
drop "the neighbour's link-local address" "$peer" "$mac" "$(ip6 "$ll_b" 11 0008 "$(udp 03e8 07d0)")"
drop "the gateway's link-local address" "$peer" "$mac" "$(ip6 fe80::1 11 0008 "$(udp 03e8 07d0)")"
drop "no address" "$peer" "$mac" "$(ip6 :: 11 0008 "$(udp 03e8 07d0)")"
pass "DHCP client" "$peer" "$mac" "$(ip6 "$ll" 11 0008 "$(udp 0222 0223)")"
drop "from a DHCP server's port" "$peer" "$mac" "$(ip6 "$ll" 11 0008 "$(udp 0223 07d0)")"
drop "to a DHCP client's port" "$peer" "$mac" "$(ip6 "$ll" 11 0008 "$(udp 03e8 0222)")"
pass "behind destination options" "$peer" "$mac" "$(ip6 "$a6" 3c 0010 1100010400000000 "$(udp 03e8 07d0)")"
drop "options with nothing behind" "$peer" "$mac" "$(ip6 "$a6" 3c 0008 3c00010400000000)"
drop "options as long as to hide what is behind" "$peer" "$mac" "$(ip6 "$a6" 2c 0010 3c00000100000001 11ff010400000000)"
pass "first fragment" "$peer" "$mac" "$(ip6 "$a6" 2c 0010 1100000100000001 "$(udp 03e8 07d0)")"
pass "later fragment" "$peer" "$mac" "$(ip6 "$a6" 2c 0010 1100000800000001 "$(udp 03e8 07d0)")"
drop "first fragment to a DHCP client's port" "$peer" "$mac" "$(ip6 "$a6" 2c 0010 1100000100000001 "$(udp 03e8 0222)")"
drop "later fragment from another's address" "$peer" "$mac" "$(ip6 "$b6" 2c 0010 1100000800000001 "$(udp 03e8 07d0)")"
pass "MLD report without an address" 333300000016 "$mac" "$(ip6 :: 00 0024 3a00050200000000 8f00000000000001 04000000 ff020000000000000000000000000001)"
drop "MLD query without an address" 333300000016 "$mac" "$(ip6 :: 00 0024 3a00050200000000 8200000000000001 00000000 ff020000000000000000000000000001)"
judge IPv6

say "neighbour discovery"
pass "echo request" "$peer" "$mac" "$(ip6 "$a6" 3a 0008 8000000000010001)"
drop "router advertisement" 333300000001 "$mac" "$(ip6 "$ll" 3a 0010 8600000040000708 0000000000000000)"
drop "router advertisement behind options" 333300000001 "$mac" "$(ip6 "$ll" 3c 0018 3a00010400000000 8600000040000708 0000000000000000)"
drop "redirect" "$peer" "$mac" "$(ip6 "$ll" 3a 0028 8900000000000000 "$b6" "$b6")"
pass "router solicitation" 333300000002 "$mac" "$(ip6 "$ll" 3a 0008 8500000000000000)"
pass "router solicitation with the own MAC" 333300000002 "$mac" "$(ip6 "$ll" 3a 0010 8500000000000000 0101 "$mac")"
drop "router solicitation with another MAC" 333300000002 "$mac" "$(ip6 "$ll" 3a 0010 8500000000000000 0101 $other)"
drop "router solicitation with another option" 333300000002 "$mac" "$(ip6 "$ll" 3a 0010 8500000000000000 0201 "$mac")"
drop "router solicitation from another's address" 333300000002 "$mac" "$(ip6 "$ll_b" 3a 0008 8500000000000000)"
drop "router solicitation with another MAC from another's address" 333300000002 "$mac" "$(ip6 "$ll_b" 3a 0010 8500000000000000 0101 "$mac")"
drop "router solicitation with two options" 333300000002 "$mac" "$(ip6 "$ll" 3a 0018 8500000000000000 0101 "$mac" 0101 $other)"
drop "router solicitation behind options" 333300000002 "$mac" "$(ip6 "$ll" 3c 0008 3a00010400000000 8500000000000000)"

pass "solicitation" "$peer" "$mac" "$(ip6 "$a6" 3a 0018 8700000000000000 "$b6")"
pass "solicitation with the own MAC" "$peer" "$mac" "$(ip6 "$a6" 3a 0020 8700000000000000 "$b6" 0101 "$mac")"
pass "solicitation from the link-local address" "$peer" "$mac" "$(ip6 "$ll" 3a 0020 8700000000000000 "$b6" 0101 "$mac")"
drop "solicitation with another MAC" "$peer" "$mac" "$(ip6 "$a6" 3a 0020 8700000000000000 "$b6" 0101 $other)"
drop "solicitation with another option" "$peer" "$mac" "$(ip6 "$a6" 3a 0020 8700000000000000 "$b6" 0201 "$mac")"
drop "solicitation with an option behind another" "$peer" "$mac" "$(ip6 "$a6" 3a 0028 8700000000000000 "$b6" $nonce 0101 $other)"
drop "solicitation from another's address" "$peer" "$mac" "$(ip6 "$b6" 3a 0018 8700000000000000 "$b6")"
drop "solicitation with the own MAC from another's address" "$peer" "$mac" "$(ip6 "$ll_b" 3a 0020 8700000000000000 "$b6" 0101 "$mac")"
drop "solicitation behind options" "$peer" "$mac" "$(ip6 "$a6" 3c 0018 3a00010400000000 8700000000000000 "$b6")"
pass "probe for the own address" 333300000001 "$mac" "$(ip6 :: 3a 0018 8700000000000000 "$a6")"
pass "probe for the own link-local address" 333300000001 "$mac" "$(ip6 :: 3a 0018 8700000000000000 "$ll")"
pass "probe with a nonce" 333300000001 "$mac" "$(ip6 :: 3a 0020 8700000000000000 "$a6" $nonce)"
drop "probe for another's address" 333300000001 "$mac" "$(ip6 :: 3a 0018 8700000000000000 "$b6")"

pass "advertisement" "$peer" "$mac" "$(ip6 "$a6" 3a 0018 8800000060000000 "$a6")"
pass "advertisement with the own MAC" "$peer" "$mac" "$(ip6 "$a6" 3a 0020 8800000060000000 "$a6" 0201 "$mac")"
drop "advertisement of another's address" "$peer" "$mac" "$(ip6 "$a6" 3a 0020 8800000060000000 "$b6" 0201 "$mac")"
drop "advertisement of the gateway" "$peer" "$mac" "$(ip6 "$ll" 3a 0018 88000000e0000000 fd00:20::1)"
drop "advertisement from another's address" "$peer" "$mac" "$(ip6 "$b6" 3a 0018 8800000060000000 "$a6")"
drop "advertisement with another MAC" "$peer" "$mac" "$(ip6 "$a6" 3a 0020 8800000060000000 "$a6" 0201 $other)"
drop "advertisement with another option" "$peer" "$mac" "$(ip6 "$a6" 3a 0020 8800000060000000 "$a6" 0101 "$mac")"
drop "advertisement with two options" "$peer" "$mac" "$(ip6 "$a6" 3a 0028 8800000060000000 "$a6" 0201 "$mac" 0201 $other)"
drop "advertisement behind options" "$peer" "$mac" "$(ip6 "$a6" 3c 0018 3a00010400000000 8800000060000000 "$a6")"
judge "neighbour discovery"

say "what is not looked into"
drop "VLAN tag" "$peer" "$mac" 81000001 "$(ip4 "$a4" 11 001c "$(udp 03e8 07d0)")"
drop "two VLAN tags" "$peer" "$mac" 88a80001 81000001 "$(ip4 10.20.0.1 11 001c "$(udp 03e8 07d0)")"
drop "another protocol" "$peer" "$mac" 88b5 00000000000000000000000000000000
drop "spanning tree" 0180c2000000 "$mac" 0026 424203000000000080000200000000000000000080000200000000000000000014000200
judge "what is not looked into"

say "frames to the group addresses of bridges, which no hook sees: the bridge learns nothing from them, and the host hears nothing"
knows() {
	bridge -j fdb show br br-pin dynamic | jq -e --arg m "$1" 'any(.[]; .mac == $m)' >/dev/null
}
# send WORDS...: not to the neighbour, so "drop" is right whatever becomes of it.
send() {
	drop "not to the neighbour" "$@"
	judge send
}
to=10.20.0.1 bridge_mac=$(ip -j link show dev br-pin | jq -r '.[0].address')
nc -u -l -k 10.20.0.1 7777 >heard 2>/dev/null &
nc=$!
until_true 5 sh -c 'ss -lun | grep -q :7777' || fail "nc does not listen"
# The words "grup", "fake" and "good".
for dst in 0180c200000e 0180c2000002; do
	send $dst "$mac" "$(ip4 "$a4" 11 0020 03e8 1e61 000c 0000 67727570)"
	send $dst $other "$(ip4 10.20.0.200 11 0020 03e8 1e61 000c 0000 66616b65)"
done
send "$bridge_mac" "$mac" "$(ip4 10.20.0.200 11 0020 03e8 1e61 000c 0000 66616b65)"
send "$bridge_mac" "$mac" "$(ip4 "$a4" 11 0020 03e8 1e61 000c 0000 676f6f64)"
until_true 5 grep -q good heard || fail "the host does not hear the container"
assert_eq "what the host hears" good "$(cat heard)"
kill $nc
! knows $other || fail "the bridge learned a MAC address from a frame to a group address"
to=

say "traffic as it should be"
for pair in "a 10.20.0.1" "a fd00:20::1" "a $b4" "a $b6" "b $a4" "b $a6"; do
	ip netns exec "${pair% *}" ping -c 1 -W 2 "${pair#* }" >ping 2>&1 || fail "${pair% *} does not reach ${pair#* }: $(cat ping)"
done
# Duplicate address detection and all else that a stack does by itself, and an address that is not its own.
ip -n a addr add fd00:20::a00/64 dev eth0
until_true 5 sh -c '! ip -n a addr show dev eth0 | grep -q tentative' || fail "an address stays tentative"
! ip netns exec a ping -c 1 -W 1 -I fd00:20::a00 "$b6" >/dev/null 2>&1 || fail "an added address is used"
ip -n a addr del fd00:20::a00/64 dev eth0
ip -n a addr add 10.20.0.99/24 dev eth0
! ip netns exec a ping -c 1 -W 1 -I 10.20.0.99 "$b4" >/dev/null 2>&1 || fail "an added address is used"
ip -n a addr del 10.20.0.99/24 dev eth0
ip netns exec a ping -c 1 -W 2 "$b6" >/dev/null || fail "a does not reach b any more"

say "a lost table: CHECK says so, reconcile and the next ADD put it back"
printf '{"cniVersion":"1.0.0","name":"pinned","type":"cnm"}' >conf
CNI_COMMAND=ADD CNI_CONTAINERID=c CNI_NETNS=/run/netns/c CNI_IFNAME=eth0 CNI_PATH=/ "$CNM" <conf >result
jq '. + {prevResult: $r[0]}' --slurpfile r result conf >conf2
check() {
	CNI_COMMAND=CHECK CNI_CONTAINERID=c CNI_NETNS=/run/netns/c CNI_IFNAME=eth0 CNI_PATH=/ "$CNM" <conf2 >out
}
check || fail "CHECK: $(cat out)"
elements() {
	nft -j list table bridge cnm | jq -cS '[.nftables[] | (.set // .map) | select(.) | {(.name): (.elem | sort?)}]'
}
elements >before
# lost WHAT PATTERN COMMAND...: after the command CHECK fails with the pattern, and reconcile puts all back.
lost() {
	what=$1 pattern=$2
	shift 2
	"$@"
	! check || fail "CHECK after $what"
	assert_match "CHECK after $what" "$pattern" "$(jq -r .msg out)"
	"$CNM" reconcile >out
	assert_match "reconcile after $what" 'network pinned' "$(cat out)"
	check || fail "CHECK after reconcile: $(cat out)"
	assert_eq "reconcile again" "nothing was missing" "$("$CNM" reconcile)"
	elements | cmp -s - before || fail "elements after $what: $(elements) instead of $(cat before)"
	drop "the gateway's address" "$peer" "$mac" "$(ip4 10.20.0.1 11 001c "$(udp 03e8 07d0)")"
	drop "another MAC" "$peer" "$other" "$(ip4 "$a4" 11 001c "$(udp 03e8 07d0)")"
	pass "own address" "$peer" "$mac" "$(ip4 "$a4" 11 001c "$(udp 03e8 07d0)")"
	judge "after $what"
}
lost "nft flush ruleset" 'table' nft flush ruleset
lost "nft delete table" 'table bridge cnm lacks' nft delete table bridge cnm
lost "nft flush table" 'chain [a-z]* of table bridge cnm holds 0 rules' nft flush table bridge cnm
lost "nft flush chain" 'chain from_arp of table bridge cnm holds 0 rules' nft flush chain bridge cnm from_arp
lost "nft flush map" "lacks veth[0-9a-f]* in set ports" nft flush map bridge cnm ports
for s in sources4 sources6 targets link_options; do
	lost "nft flush set $s" "lacks veth[0-9a-f]* in set $s" nft flush set bridge cnm $s
done
readd() {
	CNI_COMMAND=DEL CNI_CONTAINERID=c CNI_NETNS=/run/netns/c CNI_IFNAME=eth0 CNI_PATH=/ "$CNM" <conf
	"$@"
	CNI_COMMAND=ADD CNI_CONTAINERID=c CNI_NETNS=/run/netns/c CNI_IFNAME=eth0 CNI_PATH=/ "$CNM" <conf >result
	jq '. + {prevResult: $r[0]}' --slurpfile r result conf >conf2
	check || fail "CHECK after ADD after $*: $(cat out)"
	assert_eq "reconcile after ADD after $*" "nothing was missing" "$("$CNM" reconcile)"
	drop "the gateway's address" "$peer" "$mac" "$(ip4 10.20.0.1 11 001c "$(udp 03e8 07d0)")"
	judge "ADD after $*"
}
readd nft flush ruleset
readd nft delete table bridge cnm
readd nft flush table bridge cnm

say "bad options, and what cannot be pinned does not join"
ip netns add d
baseline refusal
assert_status 1 "$CNM" network create --subnet 10.21.0.0/24 -o anti-spoof=perhaps bad
assert_match "refusal" 'anti_spoof.*neither true nor false' "$(cat err)"
assert_status 1 "$CNM" network create --subnet 10.21.0.0/24 -o anti-spoof=true -o anti_spoof=false bad
assert_match "refusal" 'anti_spoof is given twice' "$(cat err)"
assert_baseline refusal "after a refusal something"
# Nothing can load the table.
library=$(ldconfig -p | awk '/libnftables\.so\.1 / { print $NF; exit }')
nft delete table bridge cnm
baseline refusal
mount --bind /dev/null "$library"
assert_status 1 "$CNM" connect --netns /run/netns/d pinned d
umount "$library"
assert_match "refusal" 'libnftables1' "$(cat err)"
assert_baseline refusal "after a refusal something"
"$CNM" reconcile >/dev/null

say "a second network, and all is given back"
"$CNM" network create --subnet 10.21.0.0/24 -o anti-spoof=true second >/dev/null
"$CNM" connect --netns /run/netns/d second d
"$CNM" network inspect second | jq -e '.[0].Options["cnm.bridge.anti_spoof"] == "true"' >/dev/null || fail "option is not in the record"
"$CNM" disconnect second d
"$CNM" network rm second >/dev/null
ip netns del d
CNI_COMMAND=DEL CNI_CONTAINERID=c CNI_NETNS=/run/netns/c CNI_IFNAME=eth0 CNI_PATH=/ "$CNM" <conf
# The record is enough: the namespace of one is gone.
ip netns del a
"$CNM" disconnect pinned a
"$CNM" disconnect pinned b
ip netns add a
assert_baseline joined "after the leaves, something"
for n in a b c; do
	ip netns del $n
done
"$CNM" network rm pinned >/dev/null
assert_baseline empty "after the network, something"
assert_eq "ruleset" "" "$(nft list ruleset)"
