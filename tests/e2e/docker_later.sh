# SPDX-License-Identifier: GPL-2.0-or-later
# Docker Engine comes to a host with networks of cnm, and closes FORWARD and loads br_netfilter beneath them: `cnm reconcile` opens what is needed.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/docker.inc.sh"

make_roots
make_world
bridge_filter 0 || :
serve_at far 7777
say "cnm is there first, on a host that forwarded nothing: Docker finds it turned on"
echo 0 >/proc/sys/net/ipv4/ip_forward
echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
start_cnm
cnm_works
matrix 6 tcp <<'ROWS'
host loop 8080 = red 7777 c1
ROWS
start_docker
if bridge_filter 1; then
	"$CNM" reconcile >out
	cat out
	assert_match "reconcile" 'network red: chain FORWARD of table filter is closed' "$(cat out)"
	say "::1 is refused at once, where bridges hand packets to netfilter"
	assert_match "set no_loopback" 'elements = . ipv6' "$(nft list set inet cnm no_loopback | tr -d '\n')"
	matrix 6 tcp <<'ROWS'
host loop 8080 = -
ROWS
	bridge_filter 0
	"$CNM" reconcile >/dev/null
	matrix 6 tcp <<'ROWS'
host loop 8080 = red 7777 c1
ROWS
	bridge_filter 1
fi
"$CNM" reconcile >/dev/null
assert_eq "reconcile once more" "nothing was missing" "$("$CNM" reconcile)"
together

say "cnm goes first"
leave c1 c2 c3
"$CNM" network rm red >/dev/null
"$CNM" network rm blue >/dev/null
docker_works
docker_rules | grep -i cnm && fail "rules of cnm are left in Docker's chains"
:
