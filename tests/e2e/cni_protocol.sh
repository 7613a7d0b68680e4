# SPDX-License-Identifier: GPL-2.0-or-later
# The CNI protocol through the executable: every version with every operation, STATUS, GC, chains, and each rule that a caller can
# break with its code.
. "$(dirname "$0")/lib.sh"

VERSIONS="0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0"
NS=/run/netns/pod

# cni COMMAND CONTAINER NETNS IFNAME [VARIABLE=VALUE...] <CONFIGURATION
cni() {
	cmd=$1 id=$2 netns=$3 ifname=$4
	shift 4
	env -i CNM_ROOT="$CNM_ROOT" CNM_STATE="$CNM_STATE" CNI_COMMAND="$cmd" CNI_CONTAINERID="$id" CNI_NETNS="$netns" \
		CNI_IFNAME="$ifname" CNI_PATH=/opt/cni/bin "$@" "$CNM"
}

# silent WHAT: the command has printed nothing; its streams are in out and err.
silent() {
	assert_eq "$1: standard output" "" "$(cat out)"
	assert_eq "$1: standard error" "" "$(cat err)"
}

# refused PATTERN CODE CONFIGURATION COMMAND [CONTAINER [NETNS [IFNAME [VARIABLE=VALUE...]]]]: and nothing is changed.
refused() {
	pattern=$1 code=$2
	printf '%s' "$3" >bad
	shift 3
	command=$1 container=${2-c9} netns=${3-$NS} ifname=${4-eth0}
	[ $# -lt 4 ] && set -- || shift 4
	baseline before
	got=0
	cni "$command" "$container" "$netns" "$ifname" "$@" <bad >out 2>err || got=$?
	what="$command of $(head -c 300 bad) with $container $netns $ifname $*"
	assert_eq "exit status of $what: $(cat out)" 1 "$got"
	assert_eq "standard error of $what" "" "$(cat err)"
	assert_json "$what" ".code == $code and (.msg | test(\"\\n\") | not) and (.cniVersion | type) == \"string\"" "$(cat out)"
	assert_match "message of $what" "$pattern" "$(jq -r .msg out)"
	assert_baseline before "after refused $what something"
	printf '   %s: %s\n' "$code" "$(jq -r .msg out)"
}

at_least() {
	[ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

make_roots
baseline empty
"$CNM" network create --subnet 10.3.0.0/24 --subnet fd00:3::/64 web >/dev/null
ip netns add pod
ip netns add pod2
baseline web

say "no command: the banner"
ln -s "$CNM" bridge
env -i ./bridge >out 2>err </dev/null || fail "the banner's exit status is not 0"
assert_eq "standard output" "" "$(cat out)"
assert_match "banner" '^CNI bridge plugin v1\.7\.1\+cnm\.[0-9]+\.[0-9]+\.[0-9]+$' "$(head -n 1 err)"
assert_eq "versions" "CNI protocol versions supported: $(echo $VERSIONS | sed 's/ /, /g')" "$(sed -n 2p err)"

# The golden results, with what differs from run to run replaced.
normal() {
	jq -cS --arg ns "$NS" 'walk(if type == "string" then sub("^veth[0-9a-f]+$"; "VETH") | sub("^br-[0-9a-f]+$"; "BRIDGE")
		| sub("^([0-9a-f]{2}:){5}[0-9a-f]{2}$"; "MAC") | if . == $ns then "NETNS" else . end else . end)' "$1"
}

golden() {
	case $1 in
	0.1.0 | 0.2.0)
		printf '{"cniVersion":"%s","dns":{"nameservers":["10.3.0.53"]},"ip4":{"gateway":"10.3.0.1","ip":"10.3.0.77/24","routes":[{"dst":"0.0.0.0/0","gw":"10.3.0.1"},{"dst":"10.99.0.0/16","gw":"10.3.0.1"}]},"ip6":{"gateway":"fd00:3::1","ip":"fd00:3::77/64","routes":[{"dst":"::/0","gw":"fd00:3::1"}]}}\n' "$1"
		return
		;;
	0.*) v4='"version":"4"' v6='"version":"6"' ;;
	*) v4='' v6='' ;;
	esac
	mtu=
	[ "$1" = 1.1.0 ] && mtu=',"mtu":1500'
	printf '{"cniVersion":"%s","dns":{"nameservers":["10.3.0.53"]},"interfaces":[{"mac":"MAC"%s,"name":"BRIDGE"},{"mac":"MAC"%s,"name":"VETH"},{"mac":"MAC"%s,"name":"eth0","sandbox":"NETNS"}],"ips":[{"address":"10.3.0.77/24","gateway":"10.3.0.1","interface":2%s},{"address":"fd00:3::77/64","gateway":"fd00:3::1","interface":2%s}],"routes":[{"dst":"0.0.0.0/0","gw":"10.3.0.1"},{"dst":"::/0","gw":"fd00:3::1"},{"dst":"10.99.0.0/16","gw":"10.3.0.1"}]}\n' \
		"$1" "$mtu" "$mtu" "$mtu" "${v4:+,$v4}" "${v6:+,$v6}"
}

say "every version with every operation"
for v in $VERSIONS; do
	printf '{"cniVersion":"%s","name":"web","type":"cnm","dns":{"nameservers":["10.3.0.53"]},"args":{"cni":{"ips":["10.3.0.77","fd00:3::77"]}},"routes":[{"dst":"10.99.0.0/16"}]}' $v >conf
	printf '{"cniVersion":"%s"}' $v | cni VERSION "" "" "" >out
	assert_json "VERSION" ".cniVersion == \"$v\" and (.supportedVersions | length) == 7" "$(cat out)"

	cni ADD c1 $NS eth0 <conf >result 2>err || fail "ADD $v: $(cat result)"
	assert_eq "result of $v" "$(golden $v)" "$(normal result)"
	ip -n pod route show 10.99.0.0/16 | grep -q "via 10.3.0.1" || fail "no static route"

	jq --slurpfile r result '.prevResult = $r[0]' conf >later
	if at_least $v 0.4.0; then
		cni CHECK c1 $NS eth0 <later >out 2>err || fail "CHECK $v: $(cat out)"
		silent "CHECK $v"
		refused 'prevResult' 7 "$(cat conf)" CHECK c1
	else
		refused "$v of CNI has no CHECK" 1 "$(cat later)" CHECK c1
		assert_match "details" '0\.1\.0, .*1\.1\.0' "$(jq -r .details out)"
	fi
	if at_least $v 1.1.0; then
		cni STATUS "" "" "" <conf >out 2>err || fail "STATUS: $(cat out)"
		silent "STATUS"
		cni GC "" "" "" <conf >out 2>err || fail "GC: $(cat out)"
		silent "GC"
		ip -n pod link show eth0 >/dev/null || fail "GC without a list removed something"
	else
		refused "$v of CNI has no STATUS" 1 "$(cat conf)" STATUS
		refused "$v of CNI has no GC" 1 "$(cat conf)" GC
	fi
	cni DEL c1 $NS eth0 <later >out 2>err || fail "DEL $v: $(cat out)"
	silent "DEL $v"
	cni DEL c1 $NS eth0 <later || fail "a second DEL"
	cni DEL c1 "" eth0 <conf || fail "DEL without namespace and prevResult"
	assert_baseline web
done
printf '{"name":"web","type":"cnm"}' >conf
cni ADD c1 $NS eth0 <conf >out
assert_json "a configuration without version is one of 0.1.0" '.cniVersion == "0.1.0" and has("ip4")' "$(cat out)"
cni DEL c1 $NS eth0 <conf

say "keys in other letter cases"
printf '{"CniVersion":"1.0.0","Name":"web","Type":"cnm","RuntimeConfig":{"Ips":["10.3.0.80"],"Mac":"02:00:00:00:00:80","Aliases":{"web":["a1"]}},"sysctls":{"net.ipv4.conf.IFNAME.rp_filter":2}}' >conf
cni ADD c1 $NS eth0 <conf >out || fail "ADD: $(cat out)"
assert_json "result" '.ips[0].address == "10.3.0.80/24" and .interfaces[2].mac == "02:00:00:00:00:80"' "$(cat out)"
assert_eq "sysctl" 2 "$(ip netns exec pod cat /proc/sys/net/ipv4/conf/eth0/rp_filter)"
cni DEL c1 $NS eth0 <conf

say "CNI_ARGS"
printf '{"cniVersion":"1.0.0","name":"web","type":"cnm"}' >conf
cni ADD c1 $NS eth0 'CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAME=p;X=y;IP=10.3.0.81;MAC=02:00:00:00:00:81;GATEWAY=10.3.0.1' <conf >out || fail "ADD: $(cat out)"
assert_json "result" '.ips[0].address == "10.3.0.81/24" and .interfaces[2].mac == "02:00:00:00:00:81"' "$(cat out)"
cni DEL c1 $NS eth0 'CNI_ARGS=nonsense' <conf || fail "DEL minds its arguments"

say "in a chain: what came before is passed on, with members that nobody here knows"
printf '{"cniVersion":"1.0.0","name":"web","type":"cnm","prevResult":{"cniVersion":"1.0.0","interfaces":[{"name":"ext0","mac":"02:00:00:00:00:01","sandbox":"%s","x-if":1}],"ips":[{"address":"10.9.0.2/24","interface":0}],"routes":[],"dns":{"domain":"d"},"x-top":{"a":[1]}}}' $NS >conf
cni ADD c1 $NS net1 <conf >out || fail "ADD: $(cat out)"
assert_json "chain" '.["x-top"] == {a: [1]} and .interfaces[0]["x-if"] == 1 and .dns.domain == "d"' "$(cat out)"
assert_json "chain" '.ips[0].interface == 0 and .ips[0].address == "10.9.0.2/24"' "$(cat out)"
assert_json "chain" '.interfaces[3].name == "net1" and ([.ips[1:][].interface] == [3, 3])' "$(cat out)"
say "CHECK passes when others changed what is theirs"
ip -n pod link set net1 address 02:00:00:00:00:99
ip -n pod addr add 10.9.9.9/24 dev net1
jq --slurpfile r out '.prevResult = $r[0] | .prevResult.interfaces[3].mac = "02:00:00:00:00:99"' conf >later
cni CHECK c1 $NS net1 <later >out2 || fail "CHECK: $(cat out2)"
say "and fails when what is ours has changed"
jq 'del(.prevResult.ips[1])' later >less
refused 'prevResult lacks address 10\.3\.0\.' 102 "$(cat less)" CHECK c1 $NS net1
refused 'no interface eth7' 3 "$(cat later)" CHECK c1 $NS eth7
refused 'no interface net1' 3 "$(cat later)" CHECK c7 $NS net1
refused 'pod2' 8 "$(cat later)" CHECK c1 /run/netns/pod2 net1
ip -n pod link set net1 down
until_true 5 sh -c 'ip route | grep -q linkdown' # the bridge hears of it a moment later
refused 'net1' 102 "$(cat later)" CHECK c1 $NS net1
ip -n pod link del net1
refused 'link veth[0-9a-f]* is missing' 102 "$(cat later)" CHECK c1 $NS net1
cni DEL c1 $NS net1 <later || fail "DEL of a link that is gone"
assert_baseline web

say "the plugin's own namespace, for a runtime that allows it"
# Its gateway would be its own address: an internal network has none.
"$CNM" network create --internal --subnet 10.6.0.0/24 inner >/dev/null
baseline own
printf '{"cniVersion":"1.1.0","name":"inner","type":"cnm"}' >own
refused "host's network namespace" 8 "$(cat own)" ADD c1 /proc/1/ns/net own0
refused "host's network namespace" 8 "$(cat own)" ADD c1 /proc/1/ns/net own0 CNI_NETNS_OVERRIDE=no
cni ADD c1 /proc/1/ns/net own0 CNI_NETNS_OVERRIDE=TRUE <own >out || fail "ADD: $(cat out)"
assert_json "result" '.interfaces[2] | .name == "own0" and .sandbox == "/proc/1/ns/net"' "$(cat out)"
ip -j -4 addr show dev own0 | jq -e '.[0].addr_info[0].local | startswith("10.6.0.")' >/dev/null || fail "own0 has no address"
jq --slurpfile r out '.prevResult = $r[0]' own >later
cni CHECK c1 /proc/1/ns/net own0 CNI_NETNS_OVERRIDE=1 <later >out || fail "CHECK: $(cat out)"
cni DEL c1 /proc/1/ns/net own0 CNI_NETNS_OVERRIDE=1 <later >out || fail "DEL: $(cat out)"
assert_baseline own
"$CNM" network rm inner >/dev/null
assert_baseline web

say "GC"
printf '{"cniVersion":"1.1.0","name":"web","type":"cnm"}' >conf
"$CNM" network create --subnet 10.4.0.0/24 other >/dev/null
jq '.name = "other"' conf >conf2
"$CNM" sandbox create person >/dev/null
"$CNM" connect web person >/dev/null
baseline uncollected
for c in g1 g2; do
	cni ADD $c $([ $c = g1 ] && echo $NS || echo /run/netns/pod2) eth0 <conf >out || fail "ADD: $(cat out)"
	cni ADD $c $([ $c = g1 ] && echo $NS || echo /run/netns/pod2) net0 <conf2 >out || fail "ADD: $(cat out)"
done
endpoints() {
	for n in web other; do
		"$CNM" --format json endpoint ls "$n" | jq -r '.. | strings | select(test("@"))'
	done | sort -u | xargs
}
all="g1@eth0 g1@net0 g2@eth0 g2@net0"
# gc KEY LIST: runs it on web.
gc() {
	jq --arg k "$1" --argjson l "$2" '.[$k] = $l' conf | cni GC "" "" "" >out 2>err || fail "GC: $(cat out)"
	silent GC
}
assert_eq "endpoints" "$all" "$(endpoints | sed 's/person@eth0//;s/ $//')"
gc cni.dev/valid-attachments '[{"containerID":"g1","ifname":"eth0"},{"containerID":"g2","ifname":"eth0"}]'
assert_eq "all valid" "$all" "$(endpoints | sed 's/person@eth0//;s/ $//')"
gc cni.dev/attachments '[{"containerID":"g1","ifname":"eth0"},{"containerID":"g2","ifname":"eth1"}]'
assert_eq "one of this network is not" "g1@eth0 g1@net0 g2@net0" "$(endpoints | sed 's/person@eth0//;s/ $//')"
refused 'valid-attachments\[1\]' 7 "$(jq '.["cni.dev/valid-attachments"] = [{"containerID":"g1","ifname":"eth0"},{"containerID":"g2"}]' conf)" GC
gc cni.dev/valid-attachments '[]'
assert_eq "none is" "g1@net0 g2@net0" "$(endpoints | sed 's/person@eth0//;s/ $//')"
nsenter --net="$CNM_STATE/netns/person" ip link show eth0 >/dev/null || fail "GC took what a person connected"
jq '.["cni.dev/valid-attachments"] = []' conf2 | cni GC "" "" "" || fail "GC"
assert_baseline uncollected
printf '{"cniVersion":"1.1.0","name":"nosuch","type":"cnm","cni.dev/valid-attachments":[]}' | cni GC "" "" "" || fail "GC of the unknown"
say "GC leaves what a person connected a container of the runtime's to"
cni ADD g1 $NS eth0 <conf >out || fail "ADD: $(cat out)"
"$CNM" connect other g1 --ifname mine >/dev/null
jq '.["cni.dev/valid-attachments"] = []' conf2 | cni GC "" "" "" || fail "GC"
gc cni.dev/valid-attachments '[]'
assert_eq "endpoints" "g1@mine" "$(endpoints | sed 's/person@eth0//;s/ $//')"
"$CNM" disconnect other g1 >/dev/null
assert_baseline uncollected
"$CNM" sandbox rm person >/dev/null
"$CNM" network rm other >/dev/null

say "STATUS"
"$CNM" network create --subnet 10.5.0.0/30 small >/dev/null
small='{"cniVersion":"1.1.0","name":"small","type":"cnm"}'
printf '%s' "$small" >conf
baseline small
cni STATUS "" "" "" <conf || fail "STATUS"
cni ADD s1 $NS eth0 <conf >out || fail "ADD: $(cat out)"
refused 'network small: no free address is left in 10\.5\.0\.0/30' 50 "$small" STATUS
refused 'no free address is left in 10\.5\.0\.0/30' 11 "$small" ADD s2 /run/netns/pod2
bridge=$(jq -r '.interfaces[0].name' out 2>/dev/null || true)
cni DEL s1 $NS eth0 <conf
cni STATUS "" "" "" <conf || fail "STATUS"
assert_baseline small
"$CNM" network rm small >/dev/null
refused 'nosuch' 50 '{"cniVersion":"1.1.0","name":"nosuch","type":"cnm"}' STATUS
refused 'nodriver' 50 '{"cniVersion":"1.1.0","name":"n","type":"cnm","driver":"nodriver"}' STATUS
refused '10\.3\.0\.0/24.*10\.77\.0\.0/24' 50 '{"cniVersion":"1.1.0","name":"web","type":"cnm","subnets":["10.77.0.0/24"]}' STATUS
printf '{"cniVersion":"1.1.0","name":"later","type":"cnm","driver":"bridge"}' >conf
cni STATUS "" "" "" <conf || fail "STATUS of a network that is described"
printf '{"cniVersion":"1.1.0","name":"web","type":"cnm"}' >conf
cni ADD c1 $NS eth0 <conf >out
bridge=$(jq -r '.interfaces[0].name' out)
ip link del "$bridge"
refused "network web, which 1 .*$bridge" 51 "$(cat conf)" STATUS
cni DEL c1 $NS eth0 <conf || fail "DEL without the bridge"
cni STATUS "" "" "" <conf || fail "a bridge that an ADD makes again: $(cat out)"
cni ADD c1 $NS eth0 <conf >out || fail "ADD without the bridge: $(cat out)"
cni DEL c1 $NS eth0 <conf

say "networks without addresses"
"$CNM" network create -d null nothing >/dev/null
printf '{"cniVersion":"1.0.0","name":"nothing","type":"cnm"}' >conf
cni ADD c1 $NS eth0 <conf >out || fail "ADD: $(cat out)"
assert_json "result" '(.ips // []) == [] and (.interfaces // []) == []' "$(cat out)"
jq --slurpfile r out '.prevResult = $r[0]' conf >later
cni CHECK c1 $NS eth0 <later || fail "CHECK"
cni DEL c1 $NS eth0 <conf
refused '.' 101 '{"cniVersion":"0.2.0","name":"nothing","type":"cnm"}' ADD
"$CNM" network rm nothing >/dev/null

say "each rule that a caller can break"
conf='{"cniVersion":"1.0.0","name":"web","type":"cnm"}'
with() {
	printf '%s' "$conf" | jq -c "$1"
}
refused 'CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME' 4 "$conf" ADD '' '' ''
refused 'CNI_CONTAINERID, CNI_IFNAME' 4 "$conf" DEL '' '' ''
refused 'CNI_CONTAINERID "-c"' 4 "$conf" ADD -c
refused 'CNI_IFNAME "."' 4 "$conf" ADD c9 $NS .
refused 'CNI_IFNAME "a b"' 4 "$conf" ADD c9 $NS 'a b'
refused 'CNI_IFNAME' 4 "$conf" ADD c9 $NS 'sixteen-bytes-it'
refused 'CNI_ARGS' 4 "$conf" ADD c9 $NS eth0 CNI_ARGS=X=y
refused 'CNI_ARGS' 4 "$conf" ADD c9 $NS eth0 'CNI_ARGS=IP=10.3.0.9;'
refused 'CNI_ARGS' 4 "$conf" ADD c9 $NS eth0 CNI_ARGS=IP=ten
refused 'GATEWAY 10\.3\.0\.9' 7 "$conf" ADD c9 $NS eth0 CNI_ARGS=GATEWAY=10.3.0.9
refused 'CNI_COMMAND "add"' 4 "$conf" add
refused 'CNI_PATH' 4 "$(with '.cniVersion = "1.1.0"')" GC '' '' '' CNI_PATH=
refused 'object' 6 '[]' ADD
refused 'stdin' 6 '' DEL
refused '"name"' 7 '{"cniVersion":"1.0.0","type":"cnm"}' DEL
refused '2\.0\.0' 1 "$(with '.cniVersion = "2.0.0"')" DEL
refused 'cniVersion' 7 "$(with '.cniVersion = 1')" ADD
refused 'name' 7 "$(with '.name = "-web"')" ADD
refused 'network' 7 "$(with '.network = "a/b"')" ADD
refused 'nosuch' 7 "$(with '.network = "nosuch"')" ADD
refused 'nodriver' 7 "$(with '.name = "n" | .driver = "nodriver"')" ADD
refused 'subnets\[0\]' 7 "$(with '.name = "n" | .subnets = [7]')" ADD
refused '10\.300' 7 "$(with '.name = "n" | .subnets = ["10.300.0.0/24"]')" ADD
refused 'nosuchoption' 7 "$(with '.name = "n" | .options = {nosuchoption: 1}')" ADD
refused 'mtu' 7 "$(with '.name = "n" | .options = {mtu: "x"}')" ADD
refused 'prevResult' 7 "$(with '.prevResult = []')" ADD
refused 'prevResult' 7 "$(with '.prevResult = {ips: [{address: "ten"}]}')" ADD
refused 'interface' 7 "$(with '.prevResult = {ips: [{address: "10.0.0.1/8", interface: 4}]}')" ADD
with '.runtimeConfig.portMappings = [{hostPort: 80, containerPort: 8000, protocol: "tcp"}]' >ported
cni ADD c9 $NS eth0 <ported >out || fail "ADD: $(cat out)"
assert_match "ports of the endpoint" '"HostPort":80,"Port":8000' "$("$CNM" endpoint inspect web/c9@eth0 | jq -c '.[0].Ports')"
nft list map inet cnm ports4 | grep -q 'tcp . 80 : .* . 8000' || fail "the port is not published"
refused 'port 80/tcp is published by web/c9@eth0' 100 "$(cat ported)" ADD c8 /run/netns/pod2
cni DEL c9 $NS eth0 <ported
nft list map inet cnm ports4 | grep -q 'tcp . 80' && fail "DEL left the port"
refused 'runtimeConfig\.bandwidth' 7 "$(with '.runtimeConfig.bandwidth = {ingressRate: 1000, ingressBurst: 1000}')" ADD
refused 'host-local' 2 "$(with '.ipam.type = "host-local"')" ADD
refused '10\.7\.0\.1' 7 "$(with '.args.cni.ips = ["10.7.0.1"]')" ADD
refused '10\.3\.0\.1' 100 "$(with '.args.cni.ips = ["10.3.0.1"]')" ADD
refused 'mac' 7 "$(with '.runtimeConfig.mac = "01:00:00:00:00:00"')" ADD
refused 'route' 7 "$(with '.routes = [{dst: "10.0.0.0/33"}]')" ADD
refused 'sysctl' 7 "$(with '.sysctls = {"kernel.hostname": "x"}')" ADD
refused '/proc/self/ns/mnt' 8 "$conf" ADD c9 /proc/self/ns/mnt
refused 'host' 8 "$conf" ADD c9 /proc/self/ns/net
refused '/run/netns/nosuch' 8 "$conf" ADD c9 /run/netns/nosuch
refused 'made9|10\.3\.0\.7' 7 "$(with '.name = "made9" | .subnets = ["10.8.0.0/24"] | .args.cni.ips = ["10.3.0.7"]')" ADD
printf '%s' "$conf" >good
cni ADD c9 $NS eth0 <good >out || fail "ADD: $(cat out)"
taken=$(jq -r '.ips[0].address | sub("/.*"; "")' out)
refused 'connected already' 100 "$conf" ADD
refused 'eth0' 100 "$conf" ADD c8
refused "$taken is taken by c9@eth0" 100 "$(with ".args.cni.ips = [\"$taken\"]")" ADD c8 /run/netns/pod2
refused 'pod2|another namespace' 100 "$conf" ADD c9 /run/netns/pod2 eth1
cni DEL c9 $NS eth0 <good
long=$(printf '%0200d' 7)
refused '.' 7 "$conf" ADD "$long"
cni DEL "$long" $NS eth0 <good || fail "DEL of an id that no ADD could have"
say "a result that cannot be delivered"
baseline before
cni ADD c9 $NS eth0 <good >/dev/full 2>err && fail "ADD without a reader of its result"
assert_baseline before

say "DEL minds nothing but the network's name"
cni ADD c9 $NS eth0 <good >out || fail "ADD: $(cat out)"
with '.subnets = 7 | .ipam = "x" | .prevResult = [] | .runtimeConfig = 1 | .args = {cni: 7}' >bad
cni DEL c9 /etc/passwd eth0 CNI_ARGS=x <bad >out || fail "DEL: $(cat out)"
assert_baseline web
ip netns del pod2
ip netns del pod
"$CNM" network rm web >/dev/null
assert_baseline empty
