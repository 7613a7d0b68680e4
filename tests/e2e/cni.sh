# SPDX-License-Identifier: GPL-2.0-or-later
# The CNI plugin of type `cnm`: ADD, CHECK, DEL and VERSION at 0.4.0 and 1.0.0, on a network that exists and on one that the
# configuration describes. What a result says is what the kernel has.
. "$(dirname "$0")/lib.sh"

# cni COMMAND CONTAINER NETNS IFNAME <CONFIGURATION: as a CNI runtime calls a plugin.
cni() {
	env -i PATH="$PATH" CNM_ROOT="$CNM_ROOT" CNM_STATE="$CNM_STATE" CNI_COMMAND="$1" CNI_CONTAINERID="$2" CNI_NETNS="$3" \
		CNI_IFNAME="$4" CNI_PATH=/opt/cni/bin "$CNM"
}

# What the kernel has, as a result would say it: interface with addresses and default gateways.
kernel_says() {
	ip netns exec "$1" ip -j addr show dev "$2" | jq -S '.[0] | {name: .ifname, mac: .address,
		ips: [.addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen)"] | sort}'
}

# What the result RESULT says.
result_says() {
	jq -S --arg i "$2" '. as $r | [.interfaces[].name] | index($i) as $n | $r.interfaces[$n] | {name, mac,
		ips: [$r.ips[] | select(.interface == $n) | .address] | sort}' "$1"
}

make_roots
baseline empty

say "VERSION"
for v in 0.4.0 1.0.0; do
	printf '{"cniVersion":"%s"}' $v | cni VERSION c1 "" eth0 >version
	assert_json "VERSION" '.supportedVersions | contains(["0.4.0", "1.0.0"])' "$(cat version)"
done

# one_life VERSION CONFIGURATION: ADD, CHECK, DEL of one container.
one_life() {
	v=$1 ns=/run/netns/pod
	ip netns add pod
	printf '%s' "$2" | jq --arg v "$v" '.cniVersion = $v' >conf
	baseline life
	cni ADD c1 $ns eth0 <conf >result 2>err || fail "ADD $v: $(cat result err)"
	assert_eq "standard error of ADD" "" "$(cat err)"
	assert_json "result" '.cniVersion == "'"$v"'"' "$(cat result)"
	assert_json "result" '[.interfaces[] | select(.sandbox == "'$ns'")] | length == 1 and .[0].name == "eth0"' "$(cat result)"
	if [ "$v" = 0.4.0 ]; then
		assert_json "result of 0.4.0" '.ips | all(.version == (if .address | contains(":") then "6" else "4" end))' "$(cat result)"
	else
		assert_json "result of 1.0.0" '.ips | all(has("version") | not)' "$(cat result)"
	fi
	assert_eq "result and kernel" "$(kernel_says pod eth0)" "$(result_says result eth0)"
	# Interfaces on the host are there too, under those names and MACs.
	jq -r '.interfaces[] | select((.sandbox // "") == "") | "\(.name) \(.mac)"' result | while read -r name mac; do
		assert_eq "MAC of $name" "$mac" "$(ip -j link show "$name" | jq -r '.[0].address')"
	done
	for gw in $(jq -r '.ips[].gateway | select(.)' result); do
		ip netns exec pod ping -c 1 -W 3 "$gw" >/dev/null || fail "the gateway $gw does not answer"
		ip netns exec pod ip route show table all default | grep -q "via $gw " || fail "no default route by $gw"
	done
	assert_json "routes" '[.routes[].dst] | index("0.0.0.0/0")' "$(cat result)"

	say "$v: ADD of what is there is refused, and harms nothing"
	baseline joined
	if cni ADD c1 $ns eth0 <conf >again 2>err; then
		fail "a second ADD of the same interface succeeded"
	fi
	assert_json "error" '(.code | type) == "number"' "$(cat again)"
	assert_baseline joined

	say "$v: CHECK"
	jq --slurpfile r result '.prevResult = $r[0]' conf >check
	cni CHECK c1 $ns eth0 <check >out 2>err || fail "CHECK: $(cat out err)"
	assert_eq "output of CHECK" "" "$(cat out)"
	address=$(jq -r '.ips[0].address' result)
	ip -n pod addr del "$address" dev eth0
	if cni CHECK c1 $ns eth0 <check >out 2>err; then
		fail "CHECK did not see that $address is gone"
	fi
	assert_match "message of CHECK" "${address%/*}" "$(jq -r .msg out)"

	say "$v: DEL, once more, and without the namespace"
	for path in $ns $ns ""; do
		cni DEL c1 "$path" eth0 <check >out 2>err || fail "DEL: $(cat out err)"
		assert_eq "output of DEL" "" "$(cat out)"
	done
	assert_baseline life
	cni ADD c1 $ns eth0 <conf >result || fail "ADD after DEL: $(cat result)"
	ip netns del pod
	cni DEL c1 "" eth0 <conf || fail "DEL without a namespace"
	cni DEL unknown /run/netns/nosuch eth0 <conf || fail "DEL of the unknown"
}

say "a network that exists"
"$CNM" network create --subnet 10.3.0.0/24 --subnet fd00:3::/64 web >/dev/null
baseline web
for v in 0.4.0 1.0.0; do
	one_life $v '{"name":"web","type":"cnm"}'
	assert_baseline web
	one_life $v '{"name":"some-conf","type":"cnm","network":"web"}'
	assert_baseline web
done

say "asked for: address and MAC by arguments, aliases and more by the runtime"
ip netns add pod
printf '{"cniVersion":"1.0.0","name":"web","type":"cnm","args":{"cni":{"ips":["10.3.0.77"]}},"runtimeConfig":{"mac":"02:00:00:00:00:77"}}' >conf
cni ADD c1 /run/netns/pod net1 <conf >result || fail "ADD: $(cat result)"
assert_json "result" '[.ips[].address] | index("10.3.0.77/24")' "$(cat result)"
assert_json "result" '.interfaces[] | select(.name == "net1") | .mac == "02:00:00:00:00:77"' "$(cat result)"
assert_eq "result and kernel" "$(kernel_says pod net1)" "$(result_says result net1)"

say "two interfaces of one container"
cni ADD c1 /run/netns/pod net2 <conf >again && fail "one address twice"
printf '{"cniVersion":"1.0.0","name":"web","type":"cnm"}' >conf2
cni ADD c1 /run/netns/pod net2 <conf2 >result2 || fail "ADD: $(cat result2)"
assert_eq "result and kernel" "$(kernel_says pod net2)" "$(result_says result2 net2)"
cni DEL c1 /run/netns/pod net2 <conf2
assert_eq "DEL of one leaves the other" "lo net1" "$(ip -n pod -j link | jq -r '.[].ifname' | sort | xargs)"
cni DEL c1 /run/netns/pod net1 <conf
ip netns del pod
assert_baseline web
"$CNM" network rm web >/dev/null
assert_baseline empty

say "a network that the configuration describes: made on first use, and there until somebody removes it"
described='{"cniVersion":"1.0.0","name":"made","type":"cnm","driver":"bridge","subnets":["10.4.0.0/24","fd00:4::/64"],"options":{"mtu":"1400","name":"br-made"},"labels":{"k":"v"}}'
ip netns add pod
printf '%s' "$described" >conf
baseline before
cni ADD c1 /run/netns/pod lo <conf >out && fail "an interface name that is taken was accepted"
assert_baseline before "after an ADD that failed something"
cni ADD c1 /run/netns/pod eth0 <conf >out || fail "ADD: $(cat out)"
cni DEL c1 /run/netns/pod eth0 <conf
ip netns del pod
baseline made
for v in 0.4.0 1.0.0; do
	one_life $v "$described"
	assert_baseline made
	doc=$("$CNM" network inspect made)
	assert_json "network" '.[0] | .Described and .Labels.k == "v" and .Containers == {}' "$doc"
	assert_eq "MTU" 1400 "$(ip -j link show br-made | jq '.[0].mtu')"
done

# contradicts JQ-FILTER PATTERN: the description, so changed, is refused.
contradicts() {
	printf '%s' "$described" | jq "$1" >other
	baseline before
	cni ADD c2 /run/netns/pod2 eth0 <other >out && fail "a contradicting description was accepted: $1"
	assert_json "error" '.code == 7' "$(cat out)"
	assert_match "message" "network made .*$2" "$(jq -r .msg out)"
	assert_baseline before "after a refused description something"
	printf '   %s\n' "$(jq -r .msg out)"
}

say "one that contradicts it while it has endpoints"
ip netns add pod
ip netns add pod2
cni ADD c1 /run/netns/pod eth0 <conf >out || fail "ADD: $(cat out)"
contradicts '.subnets = ["10.5.0.0/24"]' 'subnets .*10\.4\.0\.0/24, fd00:4::/64.*10\.5\.0\.0/24'
contradicts '.subnets = ["10.4.0.0/24"]' 'subnets .*10\.4\.0\.0/24'
contradicts '.subnets[0] = {subnet: "10.4.0.0/24", gateway: "10.4.0.9"}' 'gateway 10\.4\.0\.1.*10\.4\.0\.9'
contradicts '.subnets[0] = {subnet: "10.4.0.0/24", range: "10.4.0.128/25"}' 'range .*10\.4\.0\.128/25'
contradicts '.driver = "null" | del(.subnets, .options)' 'driver bridge.*null'
contradicts '.internal = true' 'internal false.*true'
contradicts '.options.mtu = 1300' 'mtu 1400.*1300'
contradicts '.options.icc = "no"' 'enable_icc not set.*false'
say "what it leaves out, or says in other words, is no contradiction"
printf '%s' "$described" | jq '.options = {"com.docker.network.driver.mtu": 1400} | .subnets = ["fd00:4:0::/64", "10.4.0.0/24"]' >other
cni ADD c2 /run/netns/pod2 eth0 <other >out || fail "the same in other words: $(cat out)"
cni DEL c2 /run/netns/pod2 eth0 <other
printf '{"cniVersion":"1.0.0","name":"made","type":"cnm"}' >other
cni ADD c2 /run/netns/pod2 eth0 <other >out || fail "the name alone: $(cat out)"
cni DEL c2 /run/netns/pod2 eth0 <other
cni DEL c1 /run/netns/pod eth0 <conf

say "without endpoints it follows the description"
printf '%s' "$described" | jq '.subnets = ["10.5.0.0/24"]' >other
"$CNM" network create --subnet 10.6.0.0/24 user >/dev/null
printf '%s' "$described" | jq '.subnets = ["10.6.0.0/24"]' >impossible
"$CNM" network inspect made user >before
cni ADD c1 /run/netns/pod eth0 <impossible >out && fail "an overlapping subnet was accepted"
assert_match "message" '10\.6\.0\.0/24 of network user' "$(jq -r .msg out)"
assert_eq "networks after a replacement that failed" "$(cat before)" "$("$CNM" network inspect made user)"
cni ADD c1 /run/netns/pod eth0 <conf >out || fail "the old description: $(cat out)"
cni DEL c1 /run/netns/pod eth0 <conf
assert_eq "and it is the old network still" "$(cat before)" "$("$CNM" network inspect made user)"
cni ADD c1 /run/netns/pod eth0 <other >out || fail "a changed description: $(cat out)"
assert_json "address" '.ips[0].address | startswith("10.5.0.")' "$(cat out)"
cni DEL c1 /run/netns/pod eth0 <other
say "a network that a person made does not"
printf '{"cniVersion":"1.0.0","name":"user","type":"cnm","subnets":["10.7.0.0/24"]}' >other
cni ADD c1 /run/netns/pod eth0 <other >out && fail "a description changed a person's network"
assert_match "message" 'network user .*10\.6\.0\.0/24.*10\.7\.0\.0/24' "$(jq -r .msg out)"
"$CNM" network rm made user >/dev/null

say "many at once on a network that nobody has made yet: one makes it, all join it"
jobs=
for i in 1 2 3 4 5 6 7 8; do
	ip netns add many$i
	cni ADD m$i /run/netns/many$i eth0 <conf >many$i.out &
	jobs="$jobs $!"
done
for job in $jobs; do
	wait "$job" || fail "ADD: $(cat many*.out)"
done
assert_eq "networks" 1 "$("$CNM" network ls -q | wc -l)"
assert_eq "addresses" 8 "$(jq -r '.ips[0].address' many*.out | sort -u | wc -l)"
for i in 1 2 3 4 5 6 7 8; do
	cni DEL m$i /run/netns/many$i eth0 <conf
	ip netns del many$i
done
"$CNM" network rm made >/dev/null
ip netns del pod
ip netns del pod2
assert_baseline empty
