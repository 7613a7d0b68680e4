# SPDX-License-Identifier: GPL-2.0-or-later
# Beside chains as firewalld has them: a table of its own behind ours, that rejects at its end.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/firewall.inc.sh"

firewalld() {
	nft -f - <<'NFT'
table inet firewalld
delete table inet firewalld
table inet firewalld {
	chain filter_INPUT {
		type filter hook input priority 10; policy accept;
		ct state established,related accept
		ct status dnat accept
		iifname "lo" accept
		meta l4proto { icmp, ipv6-icmp } accept
		ct state invalid drop
		reject with icmpx admin-prohibited
	}
	chain filter_FORWARD {
		type filter hook forward priority 10; policy accept;
		ct state established,related accept
		ct status dnat accept
		iifname "lo" accept
		jump filter_FORWARD_POLICIES
		ct state invalid drop
		reject with icmpx admin-prohibited
	}
	chain filter_FORWARD_POLICIES {
		iifname "uplink" oifname "nowhere" accept
	}
}
NFT
}

start_firewall_test
bridge_filter 0 || :
beside "like firewalld" firewalld
