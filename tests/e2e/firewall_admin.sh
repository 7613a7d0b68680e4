# SPDX-License-Identifier: GPL-2.0-or-later
# Beside an admin's own tables, at several priorities, and a table that its owner keeps to itself.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/firewall.inc.sh"

# An admin's own: three tables at three priorities, one of one family only.
admin() {
	for n in 1 2 3; do
		case $n in
		1) family=inet priority=-200 ;;
		2) family=ip priority=0 ;;
		3) family=inet priority=300 ;;
		esac
		nft -f - <<NFT
table $family admin$n
delete table $family admin$n
table $family admin$n {
	chain input {
		type filter hook input priority $priority; policy drop;
		iifname "lo" accept
		ct state established,related accept
		meta l4proto { icmp, ipv6-icmp } accept
	}
	chain forward {
		type filter hook forward priority $priority; policy drop;
	}
}
NFT
	done
}

start_firewall_test
bridge_filter 0 || :
beside "an admin's tables" admin
say "a table that a process keeps to itself: said, not worked round"
# Before the keeper: its pipe is nothing for the servers.
start_cnm
mkfifo keeper
# No job of this shell: it is not waited for.
(nft -i <keeper >/dev/null 2>&1 &)
exec 4>keeper
echo 'add table inet kept { flags owner; chain forward { type filter hook forward priority 5; policy drop; }; }' >&4
until_true 5 sh -c 'nft list table inet kept >/dev/null 2>&1' || fail "no table with an owner"
assert_status 1 "$CNM" reconcile
assert_match "reconcile" 'chain forward of table kept is closed' "$(cat err)"
assert_eq "lines" 1 "$(wc -l <err)"
matrix 4 tcp <<'ROWS'
c1 far 7777 = -
ROWS
exec 4>&-
until_true 5 sh -c '! nft list table inet kept >/dev/null 2>&1' || fail "the table stays"
assert_eq "reconcile" "nothing was missing" "$("$CNM" reconcile)"
matrix 4 tcp <<'ROWS'
c1 far 7777 = host 7777 far
ROWS
end_cnm
