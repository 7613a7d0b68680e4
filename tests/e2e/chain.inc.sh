# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# A small list runner: plugins of a list one after the other, as a runtime runs them, and what must be true of a container that has been through one.
DEBIAN=/usr/lib/cni
[ -x $DEBIAN/bridge ] || fail "$DEBIAN/bridge is missing (package containernetworking-plugins)"

# use OURS THEIRS: the folder from which lists are run: our executable under the first names, Debian's plugins under the others.
use() {
	rm -rf "$TMPDIR/plugins"
	mkdir "$TMPDIR/plugins"
	for t in $1; do ln -s "$CNM" "$TMPDIR/plugins/$t"; done
	for t in $2; do ln -s "$DEBIAN/$t" "$TMPDIR/plugins/$t"; done
}

# call COMMAND TYPE CONTAINER NETNS IFNAME <CONFIGURATION
call() {
	env -i PATH="$PATH" CNM_ROOT="$CNM_ROOT" CNM_STATE="$CNM_STATE" CNI_COMMAND="$1" CNI_CONTAINERID="$3" CNI_NETNS="$4" \
		CNI_IFNAME="$5" CNI_PATH="$TMPDIR/plugins" "$TMPDIR/plugins/$2"
}

# conf LIST INDEX PREVIOUS-RESULT-FILE: what a runtime gives to a plugin: name and version of the list, capabilities as runtimeConfig out of
# the file `caps`, the previous result where there is one.
conf() {
	jq --argjson i "$2" --slurpfile prev "$3" --slurpfile caps caps '. as $l | .plugins[$i] as $p
		| $p + {name: $l.name, cniVersion: $l.cniVersion}
		+ (if $p.capabilities then {runtimeConfig: ($caps[0] | with_entries(select($p.capabilities[.key])))} else {} end)
		+ (if ($prev | length) > 0 then {prevResult: $prev[0]} else {} end)' "$1"
}

# add LIST CONTAINER NETNS: the last result is in the file `result`, each one in `result.INDEX`.
add() {
	: >result
	for i in $(jq -r '.plugins | keys[]' "$1"); do
		conf "$1" "$i" result >given
		call ADD "$(jq -r .type given)" "$2" "$3" eth0 <given >"result.$i" 2>err || return 1
		cp "result.$i" result
	done
}

# undo LIST CONTAINER NETNS: DEL in the reverse order, with the last result.
undo() {
	for i in $(jq -r '.plugins | keys | reverse[]' "$1"); do
		conf "$1" "$i" result >given
		call DEL "$(jq -r .type given)" "$2" "$3" eth0 <given >out 2>err || fail "DEL of $(jq -r .type given): $(cat out err)"
		assert_eq "output of DEL" "" "$(cat out)"
	done
}

# check LIST CONTAINER NETNS. Debian's portmap wants a chain of ip6tables where there is no IPv6, and is not asked.
check() {
	for i in $(jq -r '.plugins | keys[]' "$1"); do
		conf "$1" "$i" result >given
		[ "$(readlink "$TMPDIR/plugins/$(jq -r .type given)")" != $DEBIAN/portmap ] || continue
		call CHECK "$(jq -r .type given)" "$2" "$3" eth0 <given >out 2>err || fail "CHECK of $(jq -r .type given): $(cat out err)"
	done
}

# list NAME VERSION PLUGIN...: a list out of the files of plugins.
list() {
	name=$1 version=$2
	shift 2
	for p in "$@"; do cat "conf.$p"; done | jq -s --arg n "$name" --arg v "$version" '{name: $n, cniVersion: $v, plugins: .}'
}

cat >caps <<'CAPS'
{"portMappings": [{"HostPort": 7777, "ContainerPort": 7777, "Protocol": "tcp"}],
 "bandwidth": {"ingressRate": 8000000, "ingressBurst": 800000, "egressRate": 16000000, "egressBurst": 800000}}
CAPS
cat >conf.bridge <<CONF
{"type": "bridge", "bridge": "br-chain", "isGateway": true, "ipMasq": true, "hairpinMode": true,
 "ipam": {"type": "host-local", "dataDir": "$TMPDIR/ipam", "ranges": [[{"subnet": "10.7.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}
CONF
echo '{"type": "cnm", "driver": "bridge", "subnets": ["10.8.0.0/24"]}' >conf.cnm
echo '{"type": "loopback"}' >conf.loopback
echo '{"type": "portmap", "capabilities": {"portMappings": true}}' >conf.portmap
echo '{"type": "firewall"}' >conf.firewall
echo '{"type": "bandwidth", "capabilities": {"bandwidth": true}}' >conf.bandwidth
cat >conf.tuning <<'CONF'
{"type": "tuning", "mac": "02:00:00:00:00:77", "mtu": 1400, "promisc": true, "allmulti": true, "txQLen": 77,
 "sysctl": {"net.core.somaxconn": "77", "net.ipv4.conf.IFNAME.arp_filter": "1"}}
CONF

# The host drops what it forwards unless a rule knows it, as one with dockerd does.
host_drops() {
	iptables -P FORWARD DROP
	iptables -t nat -S >/dev/null
}

# has_limits: both directions, as the configuration says, by whatever name the ifb has.
has_limits() {
	index=$(ip -n pod -j link show eth0 | jq -r '.[0].link_index')
	veth=$(ip -j link | jq -r --argjson i "$index" '.[] | select(.ifindex == $i) | .ifname')
	ifb=$(ip -j -d link | jq -r '.[] | select(.linkinfo.info_kind == "ifb") | .ifname')
	assert_match "limit of $veth" 'qdisc tbf .* root .*rate 8Mbit' "$(tc qdisc show dev "$veth")"
	assert_match "redirection of $veth" "Egress Redirect to device $ifb" "$(tc filter show dev "$veth" parent ffff:)"
	assert_match "limit of $ifb" 'qdisc tbf .* root .*rate 16Mbit' "$(tc qdisc show dev "$ifb")"
	assert_json "result: $ifb" "[.interfaces[].name] | index(\"$ifb\")" "$(cat result)"
}

has_tuning() {
	link=$(ip -n pod -d -j link show eth0 | jq '.[0]')
	assert_json "tuned link" '.mtu == 1400 and (.flags | index("PROMISC") and index("ALLMULTI"))' "$link"
	if jq -e '.plugins[] | select(.type == "tuning") | .mac' list >/dev/null; then
		assert_json "tuned link" '.address == "02:00:00:00:00:77" and .txqlen == 77' "$link"
	fi
	assert_eq "somaxconn" 77 "$(ip netns exec pod cat /proc/sys/net/core/somaxconn)"
	assert_eq "arp_filter" 1 "$(ip netns exec pod cat /proc/sys/net/ipv4/conf/eth0/arp_filter)"
	assert_eq "MAC, in the result of tuning" "$(echo "$link" | jq -r .address)" \
		"$(jq -r '.interfaces[] | select(.sandbox == "/run/netns/pod" and .name == "eth0") | .mac' result)"
}

# Packets find their way: out under the host's address, and in by the published port: from outside, from the host, from its loopback.
has_traffic() {
	assert_eq "who asks outside" 192.0.2.1 "$(ask 192.0.2.2 ip netns exec pod)"
	assert_eq "the published port, from outside" 192.0.2.2 "$(ask 192.0.2.1 ip netns exec outside)"
	[ -n "$(ask 192.0.2.1 env)" ] || fail "the host does not reach its own published port"
	[ -n "$(ask 127.0.0.1 env)" ] || fail "the published port is not reached by 127.0.0.1"
	[ -n "$(ask 192.0.2.1 ip netns exec pod)" ] || fail "the container does not reach its own published port"
}

# What later plugins pass on is what the earlier ones said, also what nobody knows.
has_everything() {
	assert_json "version" ".cniVersion == \"$1\"" "$(cat result)"
	assert_json "address" '.ips | length == 1 and (.[0].address | test("^10\\.[78]\\.0\\.[0-9]+/24$"))' "$(cat result)"
	assert_json "container's interface" '[.interfaces[] | select(.sandbox == "/run/netns/pod")] | length == 1' "$(cat result)"
	last=$(jq '.plugins | length - 1' list)
	for i in $(seq 1 "$last"); do
		jq -e --slurpfile now "result.$i" '.ips == $now[0].ips and .routes == $now[0].routes and .dns == $now[0].dns
			and (.interfaces | map(.name)) == ($now[0].interfaces | map(.name))[:(.interfaces | length)]' "result.$((i - 1))" \
			>/dev/null || fail "plugin $i lost something: $(cat "result.$((i - 1))" "result.$i")"
	done
}

# iptables counts packets in each of its rules.
zero_counters() {
	iptables -Z
	iptables -t nat -Z
}

# life WHAT: the list in the file `list`. Debian's plugins leave what they made for everybody (bridges, chains), we a described network: what
# a second life, after that, leaves is compared. Later lives of the same list need no first one: ROUNDS=2.
ROUNDS="1 2"
life() {
	version=$(jq -r .cniVersion list)
	for round in $ROUNDS; do
		ip netns add pod
		zero_counters
		[ $round = 1 ] || baseline round
		add list c1 /run/netns/pod || fail "$1: ADD: $(cat "result.$i" err)"
		serve ip netns exec pod
		has_everything "$version"
		has_tuning
		has_limits
		has_traffic
		case $version in 0.3.*) ;; *) check list c1 /run/netns/pod ;; esac
		undo list c1 /run/netns/pod
		assert_eq "$1: ifb devices" "" "$(ip -j -d link | jq -r '.[] | select(.linkinfo.info_kind == "ifb") | .ifname')"
		zero_counters
		if [ $round = 2 ]; then
			assert_baseline round "$1: something"
		fi
		undo list c1 /run/netns/pod
		undo list c1 ""
		# The server goes with its namespace.
		ip netns pids pod | xargs -r kill
		ip netns del pod
	done
	say "$1: nothing is left"
}

make_roots
make_outside
