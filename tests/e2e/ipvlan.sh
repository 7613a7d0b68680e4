# SPDX-License-Identifier: GPL-2.0-or-later
# ipvlan on a parent: who reaches whom in each mode and with each flag, and what the sandbox gets. A kernel without ipvlan is told, and then
# nothing is made: that is all then.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/parent.inc.sh"

make_roots
make_lan
ip addr add 10.3.0.254/24 dev lan0
echo 0 >/proc/sys/net/ipv6/conf/lan0/disable_ipv6
ip addr add fd03::fe/64 dev lan0 nodad
until_true 5 sh -c 'ip -6 addr show dev lan0 tentative | grep -q inet6 && exit 1 || exit 0'
# A network of mode l3 is reached by way of this host's address.
ip -n beyond route add 10.5.0.0/24 via 10.3.0.254
ip -n beyond -6 route add fd05::/64 via fd03::fe
needs_kernel ipvlan ipvlan -o parent=lan0
parent_mac=$(ip -j link show lan0 | jq -r '.[0].address')
baseline

# measure MODE FLAG PREFIX4 PREFIX6: neighbour, host beyond, this host.
measure() {
	"$CNM" network create -d ipvlan -o parent=lan0 -o "mode=$1" -o "flag=$2" --subnet "$3.0/24" --subnet "$4::/64" lan >/dev/null
	join c1
	join c2
	assert_json "link" ".address == \"$parent_mac\" and .linkinfo.info_kind == \"ipvlan\" and .linkinfo.info_data.mode == \"$1\"
		and .linkinfo.info_data[\"$2\"] == true" "$(ip -n c1 -d -j link show eth0 | jq '.[0]')"
	assert_json "MAC address in the record" ".[0].Containers.c1.MacAddress == \"$parent_mac\"" "$("$CNM" network inspect lan)"
	# shellcheck disable=SC2154
	near=$(reaches c1 "$c2_4" "$c2_6") far=$(reaches c1 10.3.0.1 fd03::1) host=$(reaches c1 10.3.0.254 fd03::fe)
	assert_eq "what beyond reaches" "$far" "$(reaches beyond "$c1_4" "$c1_6")"
	default4=$(ip -n c1 route show default) default6=$(ip -n c1 -6 route show default)
	leave c1 c2
	"$CNM" network rm lan >/dev/null
}

say "who reaches whom"
measure l2 bridge 10.3.0 fd03
assert_row ipvlan l2 "$near" "$far" "$host"
assert_match "default route of l2" '^default via 10\.3\.0\.1 dev eth0' "$default4"
assert_match "default route of l2" '^default via fd03::1 dev eth0' "$default6"
for flag in private vepa; do
	measure l2 $flag 10.3.0 fd03
	assert_row ipvlan "l2, $flag" "$near" "$far" "$host"
done
for mode in l3 l3s; do
	measure $mode bridge 10.5.0 fd05
	assert_row ipvlan $mode "$near" "$far" "$host"
	assert_match "default route of $mode" '^default dev eth0' "$default4"
	assert_match "default route of $mode" '^default dev eth0' "$default6"
done
assert_baseline main

say "no parent: an internal network"
"$CNM" network create -d ipvlan -o mode=l3 --subnet 10.5.0.0/24 --subnet fd05::/64 lan >/dev/null
join c1
join c2
assert_row ipvlan "any, no parent" "$(reaches c1 "$c2_4" "$c2_6")" "$(reaches c1 10.3.0.1 fd03::1)" "$(reaches c1 10.3.0.254 fd03::fe)"
assert_eq "default route" "" "$(ip -n c1 route show default)"
leave c1 c2
"$CNM" network rm lan >/dev/null
assert_baseline main
