# SPDX-License-Identifier: GPL-2.0-or-later
# Docker Engine is on the host first, with its FORWARD policy DROP: containers of both reach out, publish and are reached, neither breaks the
# other, and cnm leaves Docker's rules as they were.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/docker.inc.sh"

make_roots
make_world
serve_at far 7777
echo 0 >/proc/sys/net/ipv4/ip_forward
say "Docker is there first"
start_docker
assert_match "FORWARD" '^-P FORWARD DROP' "$(iptables -S FORWARD)"
docker_works
docker_rules >rules
start_cnm
together

say "ports of both are known to each other"
ip netns add x1
assert_status 1 "$CNM" connect --netns /run/netns/x1 blue x1 -p 9080:80
assert_match "refusal" '9080.*in use.*docker-proxy' "$(cat err)"

say "what the admin says in DOCKER-USER holds for both"
iptables -I DOCKER-USER -s 198.51.100.2 -d 10.10.0.0/24 -p tcp -j DROP
matrix 4 tcp <<'ROWS'
far host 8080 = -
far host 9080 = far 7777 d1
ROWS
matrix 4 udp <<'ROWS'
far host 8080 = far 7777 c1
ROWS
iptables -D DOCKER-USER 1

say "the daemon is restarted, and a container of ours goes and comes"
restart_docker
leave c1
join red c1 -p 8080:7777 -p 8080:7777/udp
together

say "cnm goes, and leaves Docker's rules as they were"
leave c1 c2 c3
"$CNM" network rm red >/dev/null
"$CNM" network rm blue >/dev/null
docker_works
docker_rules >now
# A restarted container has its rules at another place.
sort rules >rules.sorted
sort now >now.sorted
cmp -s rules.sorted now.sorted || fail "Docker's rules have changed:
$(diff -U1 rules.sorted now.sorted)"

say "Docker goes, and cnm's networks still work"
start_cnm
in_docker rm -f d1 d2 >/dev/null
end_dockerd
cnm_works
leave c1 c2 c3
