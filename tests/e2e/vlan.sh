# SPDX-License-Identifier: GPL-2.0-or-later
# VLAN parents and the driver vlan, by their tags on the wire. A kernel without VLANs is told: that is all then.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/parent.inc.sh"

make_roots
make_lan
needs_kernel macvlan vlan -o parent=lan0.10
move_lan_to_vlan
baseline

# tags_seen COMMAND...: VLAN ids of the ICMP packets that the switch's port sees meanwhile.
tags_seen() {
	ip netns exec beyond tcpdump -Z root -i port -e -n -l -U 'vlan and icmp or icmp' >"$TMPDIR/frames" 2>"$TMPDIR/tcpdump" &
	pid=$!
	until_true 60 grep -q listening "$TMPDIR/tcpdump" || fail "tcpdump does not start: $(cat "$TMPDIR/tcpdump")"
	"$@"
	until_true 20 grep -q ICMP "$TMPDIR/frames" || fail "no packet is seen"
	kill $pid
	wait $pid || true
	if grep ICMP "$TMPDIR/frames" | grep -qv 802.1Q; then echo untagged; fi
	sed -n 's/.*vlan \([0-9]*\), p.*/\1/p' "$TMPDIR/frames" | sort -u
}

for driver in macvlan ipvlan; do
	kernel_has $driver || continue
	say "$driver on lan0.10, which is not there"
	create -d $driver -o parent=lan0.10
	assert_json "parent" '.linkinfo.info_kind == "vlan" and .linkinfo.info_data.id == 10 and .link == "lan0" and (.flags | contains(["UP", "LOWER_UP"]))' \
		"$(ip -d -j link show lan0.10 | jq '.[0]')"
	join c1
	join c2
	assert_eq "VLAN ids on the wire" 10 "$(tags_seen ping_switch)"
	# shellcheck disable=SC2154
	assert_row $driver "on PARENT.VID" "$(reaches c1 "$c2_4" "$c2_6")" "$(reaches c1 10.3.0.1 fd03::1)" no
	leave c1 c2
	"$CNM" network rm lan >/dev/null
	assert_baseline main
done

say "driver vlan: the endpoint is the VLAN itself"
create -d vlan -o parent=lan0 -o id=10
join c1
assert_json "link" '.linkinfo.info_kind == "vlan" and .linkinfo.info_data.id == 10' "$(ip -n c1 -d -j link show eth0 | jq '.[0]')"
assert_eq "VLAN ids on the wire" 10 "$(tags_seen ping_switch)"
assert_row vlan "id" - "$(reaches c1 10.3.0.1 fd03::1)" no
leave c1
"$CNM" network rm lan >/dev/null
assert_baseline main
