# SPDX-License-Identifier: GPL-2.0-or-later
# Docker Engine on the same host, by iptables-legacy, whose tables nobody can add to but by replacing them: cnm says what is closed, and the admin opens
# it in DOCKER-USER, the chain that Docker has for that.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/docker.inc.sh"

mkdir "$TMPDIR/legacy"
for f in "" -save -restore; do
	ln -s /usr/sbin/iptables-legacy$f "$TMPDIR/legacy/iptables$f"
	ln -s /usr/sbin/ip6tables-legacy$f "$TMPDIR/legacy/ip6tables$f"
done
PATH="$TMPDIR/legacy:$PATH"
iptables -S >/dev/null 2>&1 || { say "this kernel has no iptables-legacy"; exit 0; }

make_roots
make_world
serve_at far 7777
start_docker
docker_works
iptables-save | grep '^-A' >rules
start_cnm

say "said, with what to do"
assert_status 1 "$CNM" reconcile
assert_match "reconcile" 'network (red|blue): iptables-legacy closes its chain FORWARD' "$(cat err)"
iptables-save | grep '^-A' >now
cmp -s rules now || fail "Docker's rules have changed: $(diff -U1 rules now)"
docker_works

say "opened by the admin"
for network in red blue; do
	bridge=br-$("$CNM" network inspect $network | jq -r '.[0].Id' | cut -c 1-12)
	iptables -I DOCKER-USER -i "$bridge" -o "$bridge" -j ACCEPT
	iptables -I DOCKER-USER -i "$bridge" -o uplink -j ACCEPT
	iptables -I DOCKER-USER -i "$bridge" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	iptables -I DOCKER-USER -o "$bridge" -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
done
assert_eq "reconcile" "nothing was missing" "$("$CNM" reconcile)"
together
leave c1 c2 c3
