# SPDX-License-Identifier: GPL-2.0-or-later
# Lists of CNI plugins, run as a runtime runs them: our plugins under the reference's names, Debian's, and both in one list, in both
# orders. Results are passed on whole, the kernel has what the configuration says, and nothing is left.
. "$(dirname "$0")/lib.sh"

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
host_drops
ALL="bridge host-local cnm loopback portmap firewall tuning bandwidth"

say "Debian's bridge, ours behind it, in both orders"
use "portmap firewall tuning bandwidth" "bridge host-local"
list foreign 0.4.0 bridge tuning bandwidth portmap firewall >list
life "tuning, bandwidth, portmap, firewall"
ROUNDS=2
list foreign 1.0.0 bridge firewall portmap bandwidth tuning >list
life "firewall, portmap, bandwidth, tuning"
assert_eq "networks" "" "$("$CNM" network ls -q)"

say "while it is attached, the record shows it; it goes with its namespace"
list foreign 1.0.0 bridge portmap firewall >list
ip netns add pod
add list c1 /run/netns/pod || fail "ADD: $(cat "result.$i" err)"
address=$(jq -r '.ips[0].address' result)
assert_json "network" '.[0] | .Driver == "foreign" and .Described and (.Containers | length) == 1' "$("$CNM" network inspect foreign)"
assert_match "rules of the host" "-s ${address%/*}/32 .*-j ACCEPT" "$(iptables -S FORWARD)"
say "a second container cannot have the port, and its failed ADD leaves nothing"
ip netns add other
conf list 0 /dev/null >given
call ADD bridge c2 /run/netns/other eth0 <given >result.other || fail "ADD: $(cat result.other)"
baseline before
conf list 1 result.other >given
call ADD portmap c2 /run/netns/other eth0 <given >out && fail "a port was given twice"
assert_json "error" '.code == 100 and (.msg | test("7777"))' "$(cat out)"
assert_baseline before "after an ADD that failed something"
conf list 0 result.other >given
call DEL bridge c2 /run/netns/other eth0 <given
ip netns del other
ip netns del pod
"$CNM" gc >/dev/null
assert_eq "rules of the host" "-P FORWARD DROP" "$(iptables -S FORWARD)"
undo list c1 ""

say "our cnm, Debian's plugins behind it"
iptables -P FORWARD ACCEPT
use "cnm" "portmap firewall tuning bandwidth"
# Debian's (version 1.1.1) knows no txQLen, and takes the link down to change its MAC, by which the routes are lost; its CHECK does not replace
# IFNAME.
cp conf.tuning conf.tuning.ours
jq 'del(.mac, .txQLen) | .sysctl |= with_entries(.key |= sub("IFNAME"; "eth0"))' conf.tuning.ours >conf.tuning
ROUNDS="1 2"
list ours 0.4.0 cnm tuning bandwidth portmap firewall >list
life "tuning, bandwidth, portmap, firewall"
ROUNDS=2
list ours 1.0.0 cnm firewall portmap bandwidth tuning >list
life "firewall, portmap, bandwidth, tuning"

say "all of them ours"
cp conf.tuning.ours conf.tuning
use "$ALL" ""
ROUNDS="1 2"
list ours 0.3.1 cnm portmap firewall tuning bandwidth >list
life "0.3.1: portmap, firewall, tuning, bandwidth"
ROUNDS=2
list ours 1.1.0 cnm bandwidth tuning firewall portmap >list
life "1.1.0: bandwidth, tuning, firewall, portmap"

say "prevResult comes back whole, whoever wrote it"
ip netns add pod
list ours 1.0.0 cnm loopback portmap firewall tuning bandwidth >list
conf list 0 /dev/null >given
call ADD cnm c1 /run/netns/pod eth0 <given | jq '. + {"example.com/x": [1, {"y": null}], dns: {domain: "d"}} | .ips[0].z = "1"' >result
cp result first
for i in 1 2 3 4 5; do
	conf list $i result >given
	call ADD "$(jq -r .type given)" c1 /run/netns/pod eth0 <given >next || fail "ADD: $(cat next)"
	jq -e --slurpfile f first '."example.com/x" == $f[0]."example.com/x" and .dns == $f[0].dns and .ips == $f[0].ips' next >/dev/null ||
		fail "$(jq -r .type given) lost something: $(cat next)"
	cp next result
done
undo list c1 /run/netns/pod
assert_eq "what tuning changed, after DEL" 4096 "$(ip netns exec pod cat /proc/sys/net/core/somaxconn)"

say "bad input: the code of the specification, and nothing changed"
baseline bad
# refuse TYPE CODE PATTERN CONFIGURATION
refuse() {
	printf '%s' "$4" | jq '. + {name: "ours", cniVersion: "1.0.0", type: "'"$1"'"}' >given
	call ADD "$1" c1 /run/netns/pod eth0 <given >out 2>err && fail "$1 accepted $4"
	assert_json "$1, error for $4" ".code == $2" "$(cat out)"
	assert_match "$1, message for $4" "$3" "$(jq -r .msg out)"
	assert_baseline bad "after a refused ADD of $1 something"
}
PREV='{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":"/run/netns/pod"}],"ips":[{"address":"10.7.0.9/24","interface":0}]}'
for t in portmap firewall tuning bandwidth; do
	refuse $t 7 prevResult '{}'
	refuse $t 7 prevResult '{"prevResult":{"ips":[{"address":"10.7.0.300/24"}]}}'
done
refuse portmap 2 'conditionsV4.*iptables' '{"prevResult":'"$PREV"',"conditionsV4":["-s","1.2.3.4"]}'
refuse portmap 2 'masqAll' '{"prevResult":'"$PREV"',"masqAll":true}'
refuse firewall 7 'ingressPolicy' '{"prevResult":'"$PREV"',"ingressPolicy":"no-such"}'
refuse firewall 2 'same-bridge' '{"prevResult":'"$PREV"',"ingressPolicy":"same-bridge"}'
refuse tuning 7 'kernel.hostname' '{"prevResult":'"$PREV"',"sysctl":{"kernel.hostname":"x"}}'
refuse tuning 7 'No such device' '{"prevResult":'"$PREV"',"mtu":1400}'
refuse tuning 7 'not|No such file' '{"prevResult":'"$PREV"',"sysctl":{"net.core.somaxconn":"9","net.no.such":"1"}}'
refuse bandwidth 7 'burst|Burst' '{"prevResult":'"$PREV"',"ingressRate":1000}'
refuse bandwidth 7 'eth0' '{"prevResult":'"$PREV"',"ingressRate":1000000,"ingressBurst":100000}'
assert_eq "somaxconn, after a refused sysctl beside it" 4096 "$(ip netns exec pod cat /proc/sys/net/core/somaxconn)"

say "loopback"
ip netns add lo
echo '{"name":"lo","cniVersion":"0.4.0","type":"loopback"}' >given
call ADD loopback c1 /run/netns/lo lo <given >result || fail "ADD: $(cat result)"
assert_json "result" '.interfaces == [{"name":"lo","mac":"00:00:00:00:00:00","sandbox":"/run/netns/lo"}]
	and [.ips[].address] == ["127.0.0.1/8", "::1/128"]' "$(cat result)"
jq --slurpfile r result '.prevResult = $r[0]' given >check.lo
call CHECK loopback c1 /run/netns/lo lo <check.lo || fail "CHECK"
call DEL loopback c1 /run/netns/lo lo <check.lo || fail "DEL"
ip -n lo link show lo | grep -q 'state DOWN' || fail "lo is up after DEL"
call CHECK loopback c1 /run/netns/lo lo <check.lo >out && fail "CHECK did not see that lo is down"
assert_json "error of CHECK" '.code == 102' "$(cat out)"
echo plain >/run/plain
for path in "" /run/netns/nosuch /run/plain; do
	call DEL loopback c1 "$path" lo <given || fail "DEL with namespace \"$path\""
done

say "GC: the ifb of what the runtime does not name"
list ours 1.1.0 cnm bandwidth >list
add list c1 /run/netns/pod || fail "ADD: $(cat "result.$i" err)"
conf list 1 /dev/null | jq '. + {"cni.dev/valid-attachments": [{"containerID": "c1", "ifname": "eth0"}]}' >given
call GC bandwidth "" "" "" <given || fail "GC"
has_limits
jq '."cni.dev/valid-attachments" = []' given >none
call GC bandwidth "" "" "" <none || fail "GC"
assert_eq "ifb devices after GC" "" "$(ip -j -d link | jq -r '.[] | select(.linkinfo.info_kind == "ifb") | .ifname')"
call STATUS bandwidth "" "" "" <given || fail "STATUS"
undo list c1 /run/netns/pod

say "the banner names the plugin"
for t in loopback portmap firewall tuning bandwidth; do
	assert_match "banner" "^CNI $t plugin v[0-9]" "$(env -i "$TMPDIR/plugins/$t" 2>&1 </dev/null)"
done
