# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# same.inc.sh for the plugins whose links stand on a master, lan0.
. "$CNM_SOURCE/tests/e2e/same.inc.sh"
. "$CNM_SOURCE/tests/e2e/parent.inc.sh"

# look CONTAINER: what the container has, and whom it reaches.
look() {
	ip -n "$1" -d -j addr show dev eth0 | jq -cS '.[0] | {mtu, up: (.flags | index("UP") != null), promisc: (.flags | index("PROMISC") != null),
		kind: .linkinfo.info_kind, data: (.linkinfo.info_data | {mode, id, protocol, bridge, private, vepa}),
		addresses: [.addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen)"]}'
	ip -n "$1" -j link show dev eth0 | jq -r '.[0].address' | grep '^02:00:00' || :
	for f in -4 -6; do
		ip -n "$1" $f -j route show | jq -cS '[.[] | select(.dst | test("^fe80|^ff00|^multicast") | not)
			| {dst: (if .dst == "::/0" or .dst == "0.0.0.0/0" then "default" else .dst end), gateway, dev}] | sort_by(.dst)'
	done
	# Once announced, an address is known to be where it is now. The reference's vlan does not: docs/cni.md.
	[ "$TYPE" = vlan ] || echo "announces $(ip netns exec "$1" cat /proc/sys/net/ipv4/conf/eth0/arp_notify)"
	if ping_once "$1" 10.3.0.1 || ping_once "$1" 10.3.0.1; then echo "reaches the gateway"; fi
	ip -j link show dev lan0 | jq -cS '.[0] | {flags, mtu, promiscuity}'
}

forget() {
	ip -n beyond neigh flush all
	"$CNM" network prune >/dev/null
	assert_eq "networks, after prune" "" "$("$CNM" network ls -q)"
	rm -rf "$TMPDIR/ipam"
}

make_lan
LOCAL='"type":"host-local","dataDir":"'$TMPDIR'/ipam"'
V4='"ipam":{'$LOCAL',"ranges":[[{"subnet":"10.3.0.0/24","rangeStart":"10.3.0.20"}]],"routes":[{"dst":"0.0.0.0/0"},{"dst":"10.99.0.0/16","gw":"10.3.0.2"}]}'
V46='"ipam":{'$LOCAL',"ranges":[[{"subnet":"10.3.0.0/24","rangeStart":"10.3.0.20"}],[{"subnet":"fd03::/64"}]],"routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]}'
STATIC='"ipam":{"type":"static","addresses":[{"address":"10.3.0.77/24","gateway":"10.3.0.1"}],"routes":[{"dst":"0.0.0.0/0"}]}'
ON='"master":"lan0"'
