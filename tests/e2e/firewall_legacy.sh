# SPDX-License-Identifier: GPL-2.0-or-later
# Beside iptables-legacy, whose tables nobody can add to but by replacing them: the check says what the admin has to do.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/firewall.inc.sh"

start_firewall_test
bridge_filter 1 || :
iptables-legacy -P FORWARD DROP 2>/dev/null || { say "this kernel has no iptables-legacy"; exit 0; }
start_cnm
matrix 4 tcp <<'ROWS'
c1 far 7777 = -
ROWS
say "iptables-legacy: said, with what to do"
assert_status 1 "$CNM" reconcile
assert_match "reconcile" 'network [a-z]*: iptables-legacy closes its chain FORWARD, and accepts nothing by bridge br-' "$(cat err)"
assert_eq "lines" 1 "$(wc -l <err)"
assert_eq "tables of ip6tables-legacy" "" "$(cat /proc/net/ip6_tables_names)"
say "what docs/firewall.md says opens it"
for b in br-red br-blue br-open; do
	iptables-legacy -A FORWARD -i $b -o $b -j ACCEPT
	iptables-legacy -A FORWARD -i $b -o uplink -j ACCEPT
	iptables-legacy -A FORWARD -i $b -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	iptables-legacy -A FORWARD -o $b -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
done
iptables-legacy -A FORWARD -o br-open -j ACCEPT
iptables-legacy -A FORWARD -i br-closed -o br-closed -j ACCEPT
iptables-legacy -P INPUT DROP
iptables-legacy -A INPUT -i lo -j ACCEPT
iptables-legacy -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
assert_eq "reconcile" "nothing was missing" "$("$CNM" reconcile)"
works 4
iptables-legacy -F FORWARD
iptables-legacy -P FORWARD ACCEPT
iptables-legacy -A FORWARD -j REJECT
assert_status 1 "$CNM" reconcile
iptables-legacy -F FORWARD
ip6tables-legacy -P FORWARD DROP
assert_status 1 "$CNM" reconcile
assert_match "reconcile" 'ip6tables-legacy closes' "$(cat err)"
end_cnm
