# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The reference's plugins and ours, given the same configuration one after the other: the same result but for the values that are the
# plugin's to choose, the same to the container, the same to the bridge, and packets that take the same way.
# In the folder `ours` stand our plugins, in `theirs` Debian's.

DEBIAN=/usr/lib/cni
[ -x $DEBIAN/bridge ] || fail "$DEBIAN/bridge is missing (package containernetworking-plugins)"
mkdir ours theirs
for t in bridge macvlan ipvlan vlan host-local portmap firewall tuning; do
	ln -s "$CNM" ours/$t
	ln -s $DEBIAN/$t theirs/$t
done
ln -s $DEBIAN/static ours/static
ln -s $DEBIAN/static theirs/static

# call PLUGINS COMMAND CONTAINER [TYPE] <CONFIGURATION. $ARGS is CNI_ARGS, $TYPE the type of what is compared.
ARGS=
TYPE=bridge
call() {
	env -i PATH="$PATH" CNM_ROOT="$CNM_ROOT" CNM_STATE="$CNM_STATE" CNI_COMMAND="$2" CNI_CONTAINERID="$3" \
		CNI_NETNS="/run/netns/$3" CNI_IFNAME=eth0 CNI_ARGS="$ARGS" CNI_PATH="$TMPDIR/$1" "$TMPDIR/$1/${4:-$TYPE}"
}

# shape <RESULT: the plugin's to choose are the MAC, unless one was asked for, and the host's name for the pair.
shape() {
	jq -S '.interfaces |= [.[]? | (if .name | test("^veth") then .name = "VETH" else . end)
			| (if .sandbox and (.mac | test("^02:00:00")) then . else .mac = "MAC" end)
			| .sandbox //= "" | del(.mtu)]
		| .routes |= (. // [] | sort_by(.dst)) | .dns //= {}'
}

# look CONTAINER PLUGINS: what the container has, and what the bridge.
look() {
	echo "# container"
	ip -n "$1" -j addr show dev eth0 | jq -cS '.[0] | {mtu, up: (.flags | index("UP") != null), promisc: (.flags | index("PROMISC") != null),
		addresses: [.addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen)"]}'
	ip -n "$1" -j link show dev eth0 | jq -r '.[0].address' | grep '^02:00:00' || :
	for f in -4 -6; do
		ip -n "$1" $f -j route show | jq -cS '[.[] | select(.dst | test("^fe80|^ff00|^multicast") | not)
			| {dst: (if .dst == "::/0" or .dst == "0.0.0.0/0" then "default" else .dst end), gateway, dev}] | sort_by(.dst)'
	done
	echo "# host"
	ip -j addr show dev "$BRIDGE" | jq -cS '.[0] | {mtu, up: (.flags | index("UP") != null), promisc: (.flags | index("PROMISC") != null),
		addresses: [.addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen)"] | sort}'
	bridge -j -d link show | jq -cS --arg b "$BRIDGE" '[.[] | select(.master == $b) | {hairpin, isolated, learning, mtu}]'
	echo "forwarding $(cat /proc/sys/net/ipv4/ip_forward) $(cat /proc/sys/net/ipv6/conf/all/forwarding)"
	# Where nobody else's having an address is waited for first.
	case $2:$(tr -d ' \n' <given) in theirs:*fd00* | *'"enabledad":true'*) sleep 2 ;; esac
	for address in 192.0.2.2 2001:db8:2::2; do
		echo "asks $address as: $(ASK_SECONDS=1 ask $address ip netns exec "$1")"
	done
	serve ip netns exec "$1"
	for address in $(ip -n "$1" -j addr show dev eth0 | jq -r '.[0].addr_info[] | select(.scope == "global").local'); do
		echo "is asked from outside by: $(ASK_SECONDS=1 ask "$address" ip netns exec outside)"
	done
	ip netns pids "$1" | xargs -r kill
}

# forget: the host as it was, whoever's plugin was called last.
forget() {
	ip link del "$BRIDGE" 2>/dev/null || :
	iptables -t nat -F
	ip6tables -t nat -F
	"$CNM" network prune >/dev/null
	assert_eq "networks, after prune" "" "$("$CNM" network ls -q)"
	nft list tables | grep -q cnm && fail "rules of a pruned network are left: $(nft list ruleset)"
	rm -rf "$TMPDIR/ipam"
	echo 0 >/proc/sys/net/ipv4/ip_forward
	echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
}

# run PLUGINS: a container's life by the configuration in the file `given`; what is seen of it is in the file seen.PLUGINS.
run() {
	ip netns add pod
	if call "$1" ADD pod <given >"result.$1" 2>err; then
		{ echo 'accepted'; shape <"result.$1"; look pod "$1"; } >"seen.$1"
		jq --slurpfile r "result.$1" '.prevResult = $r[0]' given >again
		# The reference's (version 1.1.1) has CHECKs that never pass: without IPAM for example.
		case $1:$version in
		theirs:* | ours:0.[123].*) ;;
		*) call "$1" CHECK pod <again >out 2>&1 || fail "CHECK: $(cat out)" ;;
		esac
		call "$1" DEL pod <again >out 2>&1 || fail "DEL by $1: $(cat out)"
		ip -n pod link show dev eth0 >/dev/null 2>&1 && fail "DEL by $1 leaves eth0"
	else
		echo 'refused' >"seen.$1"
	fi
	ip netns del pod
}

# both CONFIGURATION: the lives by theirs and by ours. $before is run before each.
before=
both() {
	printf '%s' "$1" | jq --arg t $TYPE '{cniVersion: "1.0.0", name: "ref", type: $t} + .' >given
	version=$(jq -r .cniVersion given)
	BRIDGE=$(jq -r '.bridge // "cni0"' given)
	for plugins in theirs ours; do
		[ -z "$before" ] || $before
		run $plugins
		forget
	done
}

# same WHAT CONFIGURATION [SED-COMMAND]: the command changes what the reference does where we differ on purpose.
same() {
	both "$2"
	[ -z "${3:-}" ] || sed -i -E "$3" seen.theirs
	diff -U3 seen.theirs seen.ours >difference || fail "$1: ours differs:
$(cat difference result.*)"
	say "$1: $(head -n 1 seen.ours)"
}

# better WHAT CONFIGURATION: the reference refuses it, and we do what it says.
better() {
	both "$2"
	assert_eq "$1, by the reference" refused "$(cat seen.theirs)"
	assert_eq "$1, by ours" accepted "$(head -n 1 seen.ours)"
	say "$1: accepted, and not by the reference"
}

make_roots
make_outside
# Who is not masqueraded is answered too.
ip -n outside route add 10.0.0.0/8 via 192.0.2.1
ip -n outside -6 route add fd00::/8 via 2001:db8:2::1
LOCAL='"type":"host-local","dataDir":"'$TMPDIR'/ipam"'
V4='"ipam":{'$LOCAL',"ranges":[[{"subnet":"10.7.0.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}]}'
V46='"ipam":{'$LOCAL',"ranges":[[{"subnet":"10.7.0.0/24"}],[{"subnet":"fd00:7::/64"}]],"routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]}'
