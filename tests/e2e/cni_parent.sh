# SPDX-License-Identifier: GPL-2.0-or-later
# Our executable under the names of the reference's macvlan, ipvlan and vlan: results, links and routes as the reference has them, with
# host-local of ours and with a plugin of Debian's for addresses, chained, and without addresses; what is refused; nothing is left.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/parent.inc.sh"

make_roots
make_lan
mkdir plugins
for t in macvlan ipvlan vlan host-local tuning portmap; do ln -s "$CNM" plugins/$t; done
if [ -x /usr/lib/cni/static ]; then ln -s /usr/lib/cni/static plugins/static; fi
baseline

# call COMMAND TYPE CONTAINER: configuration in file `conf`, with the previous result where there is one.
call() {
	jq --slurpfile r result 'if ($r | length) > 0 then . + {prevResult: $r[0]} else . end' conf >given
	env -i PATH="$PATH" CNM_ROOT="$CNM_ROOT" CNM_STATE="$CNM_STATE" CNI_COMMAND="$1" CNI_CONTAINERID="$3" \
		CNI_NETNS="/run/netns/$3" CNI_IFNAME=eth0 CNI_PATH="$TMPDIR/plugins" "$TMPDIR/plugins/$2" <given
}

add() {
	: >result
	[ -e "/run/netns/$2" ] || ip netns add "$2"
	call ADD "$1" "$2" >new || fail "ADD of $1: $(cat new)"
	cp new result
}

undo() {
	call CHECK "$1" "$2" >out || fail "CHECK of $1: $(cat out)"
	call DEL "$1" "$2" >out || fail "DEL of $1: $(cat out)"
	call DEL "$1" "$2" >out || fail "second DEL of $1: $(cat out)"
	ip netns del "$2"
}

# refused CODE TEXT TYPE: ADD fails with the error object, and changes nothing.
cni_refused() {
	ip netns add c9
	: >result
	baseline refused
	if call ADD "$3" c9 >out; then fail "ADD of $3 succeeds: $(cat conf)"; fi
	assert_json "error" ".code == $1 and (.msg | endswith(\"$2\"))" "$(cat out)"
	assert_baseline refused
	ip netns del c9
}

ranges='"ranges": [[{"subnet": "10.3.0.0/24", "rangeStart": "10.3.0.20", "gateway": "10.3.0.1"}], [{"subnet": "fd03::/64", "gateway": "fd03::1"}]]'

say "macvlan, addresses by host-local"
cat >conf <<CONF
{"cniVersion": "1.0.0", "name": "lan", "type": "macvlan", "master": "lan0", "mac": "02:00:00:00:00:21", "mtu": 1400,
 "ipam": {"type": "host-local", $ranges, "routes": [{"dst": "0.0.0.0/0"}, {"dst": "10.99.0.0/16", "gw": "10.3.0.2"}]}}
CONF
add macvlan c1
assert_json "result" '(.interfaces | length) == 1 and .interfaces[0].name == "eth0" and .interfaces[0].mac == "02:00:00:00:00:21"
	and .interfaces[0].sandbox == "/run/netns/c1" and .ips[0].address == "10.3.0.20/24" and .ips[0].gateway == "10.3.0.1"
	and ([.ips[].interface] | unique == [0]) and (.routes | length) == 2' "$(cat result)"
assert_json "link" '.address == "02:00:00:00:00:21" and .mtu == 1400 and .linkinfo.info_data.mode == "bridge"' \
	"$(ip -n c1 -d -j link show eth0 | jq '.[0]')"
assert_match "routes" '^default via 10\.3\.0\.1 dev eth0' "$(ip -n c1 route)"
assert_match "routes" '^10\.99\.0\.0/16 via 10\.3\.0\.2 dev eth0' "$(ip -n c1 route)"
assert_reaches yes c1 10.3.0.1 fd03::1
call STATUS macvlan c1 >out 2>&1 || assert_match "STATUS in 1.0.0" 'STATUS' "$(cat out)"
undo macvlan c1
jq 'del(.mac)' conf >conf.new && mv conf.new conf

say "the master of the default route, where none is given"
jq 'del(.master)' conf >conf.new && mv conf.new conf
"$CNM" network rm lan >/dev/null
cni_refused 7 'no \"master\" is given, and this host has no default route that would name one' macvlan
ip addr add 10.3.0.254/24 dev lan0
ip route add default via 10.3.0.1
add macvlan c1
assert_json "parent" '.[0].Options.parent == "lan0"' "$("$CNM" network inspect lan)"
ip route del default
add macvlan c2
undo macvlan c2
call DEL macvlan c1
ip netns del c1
"$CNM" network rm lan >/dev/null
ip addr del 10.3.0.254/24 dev lan0

say "no addresses"
echo '{"cniVersion": "1.0.0", "name": "bare", "type": "macvlan", "master": "lan0", "mode": "private"}' >conf
add macvlan c1
assert_json "result" '(.interfaces | length) == 1 and (.ips // [] | length) == 0' "$(cat result)"
assert_eq "mode" private "$(ip -n c1 -d -j link show eth0 | jq -r '.[0].linkinfo.info_data.mode')"
undo macvlan c1
"$CNM" network rm bare >/dev/null

if [ -e plugins/static ]; then
	say "addresses by another plugin"
	cat >conf <<'CONF'
{"cniVersion": "1.0.0", "name": "ext", "type": "macvlan", "master": "lan0",
 "ipam": {"type": "static", "addresses": [{"address": "10.3.0.77/24", "gateway": "10.3.0.1"}], "routes": [{"dst": "0.0.0.0/0"}]}}
CONF
	add macvlan c1
	assert_json "result" '.ips[0].address == "10.3.0.77/24" and .ips[0].gateway == "10.3.0.1"' "$(cat result)"
	assert_match "default route" '^default via 10\.3\.0\.1 dev eth0' "$(ip -n c1 route)"
	ping_once c1 10.3.0.1 || ping_once c1 10.3.0.1 || fail "c1 does not reach 10.3.0.1"
	undo macvlan c1
	"$CNM" network rm ext >/dev/null
fi

say "refused"
echo '{"cniVersion": "1.0.0", "name": "lan", "type": "macvlan", "master": "lan9"}' >conf
cni_refused 7 'parent lan9: there is no such interface' macvlan
echo '{"cniVersion": "1.0.0", "name": "lan", "type": "macvlan", "master": "lan0", "linkInContainer": true}' >conf
cni_refused 2 "linkInContainer: cnm's parents are links of the host" macvlan
echo '{"cniVersion": "1.0.0", "name": "lan", "type": "macvlan", "master": "lan0", "ipam": {"type": "dhcp"}}' >conf
cni_refused 2 "which cnm makes once the addresses are known" macvlan
echo '{"cniVersion": "1.0.0", "name": "lan", "type": "vlan", "master": "lan0"}' >conf
cni_refused 7 'plugin vlan: key \"vlanId\" is missing' vlan
assert_baseline main

say "a second configuration that the kernel would not serve beside the first"
cat >conf <<CONF
{"cniVersion": "1.0.0", "name": "lan", "type": "macvlan", "master": "lan0", "ipam": {"type": "host-local", $ranges}}
CONF
add macvlan c1
cp conf conf.lan
cp result result.lan
echo '{"cniVersion": "1.0.0", "name": "whole", "type": "macvlan", "master": "lan0", "mode": "passthru"}' >conf
cni_refused 100 'parent lan0 carries network lan (macvlan, mode bridge): mode passthru takes the whole parent' macvlan

say "ports: portmap behind it is told why there are none"
jq '. + {type: "portmap", runtimeConfig: {portMappings: [{hostPort: 8080, containerPort: 80, protocol: "tcp"}]}} | del(.ipam)' conf.lan >conf
cp result.lan result
baseline ports
if call ADD portmap c1 >out; then fail "portmap publishes a port of macvlan"; fi
assert_json "error" '.code == 101 and (.msg | contains("driver macvlan publishes no ports: its packets do not pass this host"))' "$(cat out)"
assert_baseline ports
call DEL portmap c1
cp conf.lan conf
undo macvlan c1
"$CNM" network rm lan >/dev/null

say "the master goes, and DEL takes back what is left"
ip link add lan7 type veth peer name port7
ip link set lan7 up
ip link set port7 up
baseline master
jq '.master = "lan7"' conf.lan >conf
add macvlan c1
ip link del lan7
if call CHECK macvlan c1 >out; then fail "CHECK of a master that is gone: $(cat out)"; fi
call DEL macvlan c1
ip netns del c1
assert_eq "endpoints" "" "$(endpoints)"
"$CNM" network prune >/dev/null
assert_baseline main

say "ipvlan"
cat >conf <<CONF
{"cniVersion": "1.0.0", "name": "lan", "type": "ipvlan", "master": "lan0", "mode": "l2", "ipam": {"type": "host-local", $ranges}}
CONF
if kernel_has ipvlan; then
	add ipvlan c1
	assert_json "result" ".interfaces[0].mac == \"$(ip -j link show lan0 | jq -r '.[0].address')\"" "$(cat result)"
	assert_reaches yes c1 10.3.0.1 fd03::1
	undo ipvlan c1
	"$CNM" network rm lan >/dev/null
else
	cni_refused 101 'driver ipvlan: this kernel has no ipvlan (CONFIG_IPVLAN)' ipvlan
fi
assert_baseline main

say "vlan"
cat >conf <<CONF
{"cniVersion": "1.0.0", "name": "lan", "type": "vlan", "master": "lan0", "vlanId": 5, "ipam": {"type": "host-local", $ranges}}
CONF
if kernel_has vlan; then
	add vlan c1
	assert_json "link" '.linkinfo.info_kind == "vlan" and .linkinfo.info_data.id == 5' "$(ip -n c1 -d -j link show eth0 | jq '.[0]')"
	undo vlan c1
	"$CNM" network rm lan >/dev/null

	say "macvlan on a VLAN that is not there"
	jq '.type = "macvlan" | .master = "lan0.6" | del(.vlanId)' conf >conf.new && mv conf.new conf
	add macvlan c1
	assert_json "parent" '.linkinfo.info_data.id == 6' "$(ip -d -j link show lan0.6 | jq '.[0]')"
	undo macvlan c1
	"$CNM" network prune >/dev/null
else
	cni_refused 101 'driver vlan: this kernel has no vlan (CONFIG_VLAN_8021Q)' vlan
fi
assert_baseline main
