# SPDX-License-Identifier: GPL-2.0-or-later
# A container on a network of somebody else, of a kind that no rule knows by its link (the reference's `ptp`), beside a network for which cnm turned
# forwarding on: `firewall` opens the way out, `portmap` the way in, in both families, for that container alone.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/chain.inc.sh"

echo 0 >/proc/sys/net/ipv4/ip_forward
echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
"$CNM" network create --subnet 10.10.0.0/24 --subnet fd00:10::/64 web >/dev/null
ip -n outside route add 10.9.0.0/24 via 192.0.2.1
ip -n outside -6 route add fd00:9::/64 via 2001:db8:2::1
cat >conf.ptp <<CONF
{"type": "ptp", "ipam": {"type": "host-local", "dataDir": "$TMPDIR/ipam", "ranges": [[{"subnet": "10.9.0.0/24"}], [{"subnet": "fd00:9::/64"}]],
 "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}}
CONF
use "portmap firewall" "ptp host-local"
list others 1.0.0 ptp >bare
list others 1.0.0 ptp portmap firewall >list
ip netns add c0
add bare c0 /run/netns/c0 || fail "ADD: $(cat "result.$i" err)"
ip netns add c1
add list c1 /run/netns/c1 || fail "ADD: $(cat "result.$i" err)"
c1_4=$(address_in /run/netns/c1 inet eth0) c1_6=$(address_in /run/netns/c1 inet6 eth0)
serve ip netns exec c1
for f in 4 6; do
	if [ $f = 4 ]; then host=192.0.2.1 outside=192.0.2.2 c1=$c1_4; else host=2001:db8:2::1 outside=2001:db8:2::2 c1=$c1_6; fi
	say "IPv$f"
	assert_eq "the outside, asked by c1" "$c1" "$(ask $outside ip netns exec c1)"
	assert_eq "the outside, asked by a container that nobody told us of" "" "$(ASK_SECONDS=1 ask $outside ip netns exec c0)"
	assert_eq "the port, asked from outside" $outside "$(ask $host ip netns exec outside)"
	assert_eq "an own address of c1, asked from outside" "" "$(ASK_SECONDS=1 ask "$c1" ip netns exec outside)"
	[ -n "$(ask $host ip netns exec c1)" ] || fail "c1 does not reach its own port"
done
undo list c1 /run/netns/c1
cp result.0 result
undo bare c0 /run/netns/c0 || :
pidof busybox | xargs -r kill
