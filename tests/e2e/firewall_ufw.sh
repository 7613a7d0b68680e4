# SPDX-License-Identifier: GPL-2.0-or-later
# Beside chains as ufw has them: iptables, and policies that drop; on a host where bridges hand packets to netfilter.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/firewall.inc.sh"

# Chains as ufw has them, by iptables: the policy drops.
ufw() {
	for ipt in iptables ip6tables; do
		[ $ipt = iptables ] && icmp=icmp table=ip || icmp=icmpv6 table=ip6
		nft delete table $table filter 2>/dev/null || :
		for chain in input forward; do
			upper=$(echo $chain | tr a-z A-Z)
			$ipt -P "$upper" DROP
			for part in before user after; do
				$ipt -N "ufw-$part-$chain"
				$ipt -A "$upper" -j "ufw-$part-$chain"
			done
			$ipt -A ufw-before-$chain -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
			$ipt -A ufw-before-$chain -m conntrack --ctstate INVALID -j DROP
			$ipt -A ufw-before-$chain -p $icmp -j ACCEPT
		done
	done
	iptables -A ufw-user-forward -s 10.11.0.0/24 -d 198.51.100.2 -p tcp --dport 7778 -j DROP
}

start_firewall_test
bridge_filter 1 || :
beside "like ufw" ufw
say "what the admin forbids stays forbidden, and a new way to the outside is known at the next reconcile"
ufw
start_cnm
ip route add 198.51.101.0/24 via 203.0.113.2
matrix 4 tcp <<'ROWS'
c1 far 7778 = host 7778 far
c3 far 7777 = host 7777 far
c3 far 7778 = -
c1 foreign 7777 = -
ROWS
"$CNM" reconcile >out
assert_match "reconcile" 'network red: chain FORWARD' "$(cat out)"
matrix 4 tcp <<'ROWS'
c1 foreign 7777 = host2 7777 foreign
c3 far 7778 = -
ROWS
say "iptables still shows, saves and restores its chain; the rules are known again after that"
iptables -S FORWARD >shown
assert_match "rules" '^-A FORWARD -i br-red -o uplink -m comment --comment "cnm [0-9a-f]{12} red: to the outside by uplink" -j ACCEPT$' "$(cat shown)"
assert_match "rules" '^-A FORWARD -o br-red -m conntrack --ctstate DNAT -m comment --comment "cnm [0-9a-f]{12} red: its published ports" -j ACCEPT$' \
	"$(cat shown)"
iptables-save >saved
iptables-restore <saved
iptables -S FORWARD >now
cmp -s shown now || fail "saved and restored it is something else: $(diff -U1 shown now)"
assert_eq "reconcile" "nothing was missing" "$("$CNM" reconcile)"
say "a rule that closes the chain in front of ours is seen"
iptables -I FORWARD 4 -j REJECT
"$CNM" reconcile >/dev/null
assert_eq "rules behind the one that closes" "" "$(iptables -S FORWARD | sed '1,/-j REJECT/d')"
matrix 4 tcp <<'ROWS'
far host 8080 = far 7777 c1
ROWS
end_cnm
