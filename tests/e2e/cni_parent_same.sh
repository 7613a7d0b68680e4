# SPDX-License-Identifier: GPL-2.0-or-later
# Our `macvlan` does what the reference's does, key by key.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/same_parent.inc.sh"

TYPE=macvlan
same "macvlan" '{'$ON','"$V4"'}'
for mode in bridge private vepa passthru; do
	same "macvlan, mode $mode" '{'$ON',"mode":"'$mode'",'"$V4"'}'
done
same "macvlan, two families" '{'$ON','"$V46"'}'
same "macvlan, addresses by another plugin" '{'$ON','"$STATIC"'}'
same "macvlan, no addresses" '{'$ON'}'
same "macvlan, MTU" '{'$ON',"mtu":1400,'"$V4"'}'
same "macvlan, MTU above the master's" '{'$ON',"mtu":9000,'"$V4"'}'
same "macvlan, an unknown mode" '{'$ON',"mode":"l2",'"$V4"'}'
same "macvlan, an unknown master" '{"master":"lan9",'"$V4"'}'
same "macvlan, loopback for a master" '{"master":"lo",'"$V4"'}'
ARGS='IgnoreUnknown=1;MAC=02:00:00:00:00:99'
same "macvlan, MAC by CNI_ARGS" '{'$ON','"$V4"'}'
ARGS=
same "macvlan, MAC by runtimeConfig" '{'$ON',"runtimeConfig":{"mac":"02:00:00:00:00:98"},'"$V4"'}'
for v in 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0; do
	same "macvlan, version $v" '{"cniVersion":"'$v'",'$ON','"$V46"'}'
done
