# SPDX-License-Identifier: GPL-2.0-or-later
# Our `bridge` does what the reference's does, key by key.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/same.inc.sh"

same "no gateway" '{'"$V4"'}'
same "gateway" '{"isGateway":true,'"$V4"'}'
same "masquerading" '{"isGateway":true,"ipMasq":true,'"$V4"'}'
same "masquerading, no gateway" '{"ipMasq":true,'"$V4"'}'
same "default gateway" '{"isDefaultGateway":true,"ipam":{'"$LOCAL"',"subnet":"10.7.0.0/24"}}'
same "two families" '{"isGateway":true,"ipMasq":true,'"$V46"'}'
same "two families, default gateway" '{"isDefaultGateway":true,"ipam":{'"$LOCAL"',"ranges":[[{"subnet":"10.7.0.0/24"}],[{"subnet":"fd00:7::/64"}]]}}'
better "default gateway, and the route as well" '{"isDefaultGateway":true,'"$V46"'}'
same "MTU" '{"isGateway":true,"mtu":1400,'"$V4"'}'
same "hairpin" '{"isGateway":true,"hairpinMode":true,'"$V4"'}'
same "promiscuous" '{"isGateway":true,"promiscMode":true,'"$V4"'}'
same "promiscuous and hairpin" '{"isGateway":true,"promiscMode":true,"hairpinMode":true,'"$V4"'}'
same "a bridge's name" '{"bridge":"br-x","isGateway":true,'"$V4"'}'
same "no addresses" '{}'
same "IPAM of no type" '{"ipam":{}}'
same "VLAN out of range" '{"vlan":4095,'"$V4"'}'
for v in 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0; do
	same "version $v" '{"cniVersion":"'$v'","isGateway":true,"ipMasq":true,'"$V46"'}'
done
ARGS='IgnoreUnknown=1;MAC=02:00:00:00:00:99'
same "MAC by CNI_ARGS" '{"isGateway":true,'"$V4"'}'
ARGS=
same "MAC by runtimeConfig" '{"isGateway":true,"runtimeConfig":{"mac":"02:00:00:00:00:98"},'"$V4"'}'
same "MAC by args" '{"isGateway":true,"args":{"cni":{"mac":"02:00:00:00:00:97"}},'"$V4"'}'
# Ours is the kernel's own: the port is locked, and has nothing to learn.
same "no spoofing of MACs" '{"isGateway":true,"macspoofchk":true,'"$V4"'}' 's/"learning":true/"learning":false/'
same "duplicate addresses are looked for" '{"isGateway":true,"enabledad":true,'"$V46"'}'

# bridge_with ADDRESS...: cni0 is there before, with these addresses.
bridge_with() {
	ip link add cni0 type bridge
	ip link set cni0 up
	echo 0 >/proc/sys/net/ipv6/conf/cni0/accept_dad
	for a in "$@"; do ip addr add "$a" dev cni0; done
}
before="bridge_with"
same "a bridge that is there" '{"isGateway":true,"ipMasq":true,'"$V46"'}'
before="bridge_with 10.55.0.1/24"
same "a bridge with another address" '{"isGateway":true,'"$V4"'}'
assert_json "error" '.code == 100 and (.msg | test("cni0.*10.55.0.1/24"))' "$(cat result.ours)"
same "a bridge with another address, forced" '{"isGateway":true,"forceAddress":true,'"$V4"'}'
same "a bridge with another address, no gateway" '{'"$V4"'}'
before="bridge_with 10.7.0.1/24 fd00:55::1/64"
same "a bridge with our address, and one of another IPv6 subnet" '{"isGateway":true,'"$V46"'}'
before="bridge_with fd00:7::9/64"
same "a bridge with another address of our IPv6 subnet" '{"isGateway":true,'"$V46"'}'
before="ip link add cni0 type veth peer name cni1"
same "a link of that name, which is no bridge" '{"isGateway":true,'"$V46"'}'
before=
