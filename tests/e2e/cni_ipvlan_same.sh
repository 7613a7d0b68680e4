# SPDX-License-Identifier: GPL-2.0-or-later
# Our `ipvlan` and `vlan` do what the reference's do, key by key, where the kernel has such links.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/same_parent.inc.sh"

TYPE=ipvlan
if kernel_has ipvlan; then
	for mode in l2 l3 l3s; do
		same "ipvlan, mode $mode" '{'$ON',"mode":"'$mode'",'"$V46"'}'
	done
	same "ipvlan, addresses by another plugin, MTU" '{'$ON',"mtu":1400,'"$STATIC"'}'
	same "ipvlan, an unknown mode" '{'$ON',"mode":"bridge",'"$V4"'}'
fi

TYPE=vlan
if kernel_has vlan; then
	same "vlan" '{'$ON',"vlanId":5,'"$V46"'}'
	same "vlan, MTU" '{'$ON',"vlanId":5,"mtu":1400,'"$V4"'}'
	same "vlan, no id" '{'$ON','"$V4"'}'
fi
