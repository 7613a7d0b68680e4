# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# For the scripts with Docker Engine on the same host: its daemon with two containers, three of cnm, and who reaches whom.
. "$CNM_SOURCE/tests/e2e/ports.inc.sh"

in_docker() {
	docker -H "unix://$TMPDIR/docker.sock" "$@"
}

# Docker's containers have cgroups of the machine.
finish() {
	status=$?
	set +e
	in_docker rm -f d1 d2 >/dev/null 2>&1
	[ ! -e docker.pid ] || kill "$(cat docker.pid)"
	(exit $status)
	clean_up
}
trap finish EXIT

docker_answers() {
	in_docker version >/dev/null 2>&1
}

start_dockerd() {
	mkdir -p data exec
	# No job of this shell: it is not waited for.
	(dockerd --data-root "$TMPDIR/data" --exec-root "$TMPDIR/exec" -H "unix://$TMPDIR/docker.sock" --pidfile "$TMPDIR/docker.pid" \
		--storage-driver vfs --cgroup-parent "/cnm-$UNIQUE" >docker.log 2>&1 </dev/null &)
	until_true 30 docker_answers || fail "dockerd does not start: $(tail -n 20 docker.log)"
}

end_dockerd() {
	kill "$(cat docker.pid)"
	until_true 20 sh -c "! [ -e docker.pid ]" || fail "dockerd does not end"
}

# A daemon that ends stops its containers.
restart_docker() {
	end_dockerd
	start_dockerd
	for name in d1 d2; do
		ip netns del $name
		in_docker start $name >/dev/null
		attach_docker $name
	done
}

start_docker() {
	start_dockerd
	# As it does itself on a host that was no router.
	iptables -P FORWARD DROP
	mkdir -p image/bin
	cp "$(command -v busybox)" image/bin/busybox
	tar -C image -c . | in_docker import - box >/dev/null
	in_docker network create --subnet 172.30.0.0/24 user >/dev/null
	run_docker d1 bridge -p 9080:7777 -p 9080:7777/udp
	run_docker d2 user -p 9081:7777
}

# run_docker NAME NETWORK OPTION...
run_docker() {
	name=$1 network=$2
	shift 2
	in_docker run -d --stop-signal KILL --name "$name" --network "$network" "$@" box /bin/busybox sleep 1000 >/dev/null
	attach_docker "$name"
}

attach_docker() {
	ip netns attach "$1" "$(in_docker inspect -f '{{.State.Pid}}' "$1")"
	addresses_of "$1" eth0
	serve_at "$1" 7777-7778
}

start_cnm() {
	"$CNM" network create --subnet 10.10.0.0/24 --subnet fd00:10::/64 red >/dev/null
	"$CNM" network create --subnet 10.11.0.0/24 --subnet fd00:11::/64 blue >/dev/null
	# shellcheck disable=SC2034
	red_4=10.10.0.1 red_6=fd00:10::1 docker0_4=172.17.0.1
	join red c1 -p 8080:7777 -p 8080:7777/udp
	join red c2
	join blue c3
}

docker_works() {
	matrix 4 "tcp udp" <<'ROWS'
d1 far 7777 = host 7777 far
d2 far 7777 = host 7777 far
far host 9080 = far 7777 d1
d1 d2 7778 = -
far d1 7778 = -
ROWS
	matrix 4 tcp <<'ROWS'
far host 9081 = far 7777 d2
ROWS
}

cnm_works() {
	matrix 4 "tcp udp" <<'ROWS'
c1 far 7777 = host 7777 far
c3 far 7777 = host 7777 far
far host 8080 = far 7777 c1
nb host 8080 = nb 7777 c1
host host 8080 = host 7777 c1
host loop 8080 = red 7777 c1
c1 c2 7777 = c1 7777 c2
c2 host 8080 = red 7777 c1
c3 host 8080 = c3 7777 c1
c1 c3 7777 = -
far c1 7777 = -
nb c2 7777 = -
ROWS
	matrix 6 "tcp udp" <<'ROWS'
c1 far 7777 = host 7777 far
far host 8080 = far 7777 c1
c1 c2 7777 = c1 7777 c2
c3 host 8080 = c3 7777 c1
c1 c3 7777 = -
far c1 7777 = -
ROWS
}

# By published ports only. The address is masqueraded as for whatever is outside.
together() {
	docker_works
	cnm_works
	matrix 4 tcp <<'ROWS'
c1 host 9080 = docker0 7777 d1
d1 host 8080 = red 7777 c1
d2 host 8080 = red 7777 c1
c1 d1 7778 = -
d1 c1 7777 = -
d2 c3 7777 = -
ROWS
}

docker_rules() {
	{ iptables-save && ip6tables-save; } | grep '^-A'
}
