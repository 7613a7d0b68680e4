# SPDX-License-Identifier: GPL-2.0-or-later
# podman with its CNI back end, and our executable under the names of the plugins that it calls: nothing else in the plugin folder. Networks, two at
# once, chosen addresses, networks that come and go while a container runs, both families, no way out, macvlan, and nothing left.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/podman.inc.sh"
. "$CNM_SOURCE/tests/e2e/parent.inc.sh"

# podman runs its clean-up without our environment: the roots are the default ones. Its CNI library keeps files in /var/lib too.
mount -t tmpfs -o mode=755 tmpfs /var/lib
export CNM_ROOT=/var/lib/cnm CNM_STATE=/run/cnm
use_podman bridge macvlan ipvlan host-local portmap firewall tuning loopback

# netns NAME: path of the container's namespace.
netns() {
	echo "/proc/$(pod inspect -f '{{.State.Pid}}' "$1")/ns/net"
}

# inside NAME COMMAND...
inside() {
	path=$(netns "$1")
	shift
	nsenter --net="$path" "$@"
}

# ask_port ADDRESS PORT COMMAND...: as `ask` of lib.sh does, by another port.
ask_port() {
	server=$1 port=$2
	shift 2
	"$@" busybox sh -c "printf 'GET /cgi-bin/peer HTTP/1.0\\r\\n\\r\\n' | busybox nc -w 2 $server $port" 2>/dev/null | tail -n 1 | tr -d '[]' | sed 's/^::ffff://'
}

# settings NAME NETWORK KEY: what podman says of the container's place on a network.
settings() {
	pod inspect "$1" | jq -r --arg n "$2" --arg k "$3" '.[0].NetworkSettings.Networks[$n][$k]'
}

finish() {
	status=$?
	set +e
	for n in c1 c2 c3 c4 c5; do pod rm -f -t 0 $n >/dev/null 2>&1; done
	# What watched over a container ends a moment after it.
	until_true 5 sh -c '! pgrep -x conmon >/dev/null'
	clean_up $status
}
trap finish EXIT

make_roots
make_outside
pod network create --subnet 10.89.0.0/24 web >/dev/null
pod network create --subnet 10.91.0.0/24 --ipv6 --subnet fd91::/64 six >/dev/null
pod network create --subnet 10.92.0.0/24 --internal inner >/dev/null
assert_eq "networks" "inner podman six web" "$(pod network ls -q | sort | paste -sd' ')"
"$CNM" network ls >/dev/null

say "two networks; podman shows what we gave"
baseline start
start c1 --network web --network six
assert_eq "address on web, as podman shows it" "$(settings c1 web IPAddress)" "$(inside c1 ip -j addr | jq -r '[.[].addr_info[].local] | .[] | select(startswith("10.89.0."))')"
assert_eq "networks, as cnm shows them" "six web" "$("$CNM" network ls --format json | jq -r '.[].Name' | sort | paste -sd' ')"
assert_json "the network of podman's" '.[0] | .Driver == "bridge" and .Described and (.Containers | length) == 1' "$("$CNM" network inspect web)"
assert_eq "IPv6 address, as podman shows it" "fd91::2" "$(settings c1 six GlobalIPv6Address)"
web_address=$(settings c1 web IPAddress)
assert_eq "who asks outside" 192.0.2.1 "$(ask 192.0.2.2 nsenter --net="$(netns c1)")"
assert_eq "who asks outside, IPv6" 2001:db8:2::1 "$(ask 2001:db8:2::2 nsenter --net="$(netns c1)")"
assert_eq "plugins that ran: processes and rules of iptables" "" "$(iptables-save 2>/dev/null | grep -i cni || :)"

say "address and MAC of the caller's, a published port, an alias"
start c2 --network web:ip=10.89.0.77,mac=02:00:00:00:00:77,alias=db -p 8080:7777 -p 127.0.0.1:9000:7777
assert_eq "address" 10.89.0.77 "$(settings c2 web IPAddress)"
assert_eq "MAC, as podman shows it" 02:00:00:00:00:77 "$(settings c2 web MacAddress)"
assert_eq "MAC of the kernel's" 02:00:00:00:00:77 "$(inside c2 ip -j link show dev eth0 | jq -r ".[0].address")"
assert_match "aliases" '"db"' "$(pod inspect c2 | jq -c '.[0].NetworkSettings.Networks.web.Aliases')"
serve nsenter --net="$(netns c2)"
assert_eq "the published port, from outside" 192.0.2.2 "$(ask_port 192.0.2.1 8080 ip netns exec outside)"
[ -n "$(ask_port 127.0.0.1 9000 env)" ] || fail "127.0.0.1:9000 is not reached"
assert_eq "a port of 127.0.0.1, from outside" "" "$(ask_port 192.0.2.1 9000 ip netns exec outside)"
inside c1 ping -c 1 -W 2 -q 10.89.0.77 >/dev/null || fail "c1 does not reach c2 on their network"
assert_eq "a container asks the other" "$web_address" "$(ask 10.89.0.77 nsenter --net="$(netns c1)")"

say "a second container cannot have the address, and leaves nothing"
make_bundle b-c3
baseline taken
pod run -d --name c3 --cgroup-parent "/cnm-$UNIQUE" --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --log-driver none \
	--rootfs --network web:ip=10.89.0.77 "$TMPDIR/b-c3/rootfs" sleep 1000 >out 2>err && fail "an address was given twice"
assert_match "error" '10.89.0.77' "$(cat err)"
pod rm -f -t 0 c3 >/dev/null
assert_baseline taken "after a refused address something"

say "a network comes, and goes, while the container runs"
pod network connect --ip 10.92.0.9 inner c1
assert_eq "addresses" 10.92.0.9 "$(settings c1 inner IPAddress)"
inside c1 ip -j addr | jq -e '[.[].addr_info[].local] | index("10.92.0.9")' >/dev/null || fail "the container has no 10.92.0.9"
assert_eq "who asks outside" 192.0.2.1 "$(ask 192.0.2.2 nsenter --net="$(netns c1)")"
pod network disconnect web c1
inside c1 ip -j addr | jq -e '[.[].addr_info[].local] | index("'"$web_address"'") | not' >/dev/null || fail "the container still has $web_address"
assert_json "who is on web" '.[0].Containers | length == 1' "$("$CNM" network inspect web)"
pod network disconnect inner c1
pod network connect web c1
[ -n "$(settings c1 web IPAddress)" ] || fail "no address after connect"

say "a port that both networks publish outlives the one"
start c3 --network web --network six -p 8181:7777
serve nsenter --net="$(netns c3)"
for gone in none web; do
	[ $gone = none ] || pod network disconnect $gone c3
	# The default route that the first network gave goes with it, as it does with the reference: 127.0.0.1 is answered without one.
	[ -n "$(ask_port 127.0.0.1 8181 env)" ] || fail "the port is not reached, disconnected: $gone"
	assert_eq "the port by IPv6, disconnected: $gone" 2001:db8:2::2 "$(ask_port 2001:db8:2::1 8181 ip netns exec outside)"
done
pod rm -f -t 0 c3 >/dev/null
assert_eq "the port of a container that is gone" "" "$(ask_port 192.0.2.1 8181 ip netns exec outside)"

say "internal: each other, and nobody else"
start c4 --network inner
start c5 --network inner
inside c4 ping -c 1 -W 2 -q "$(settings c5 inner IPAddress)" >/dev/null || fail "containers of an internal network do not reach each other"
assert_eq "a way out of an internal network" "" "$(ask 192.0.2.2 nsenter --net="$(netns c4)")"
assert_eq "default route" "" "$(inside c4 ip route show default)"

say "a restart, a reload"
pod restart -t 0 c2 >/dev/null
assert_eq "address after restart" 10.89.0.77 "$(settings c2 web IPAddress)"
pod network reload c2 >/dev/null
assert_eq "address after reload" 10.89.0.77 "$(inside c2 ip -j -4 addr show dev eth0 | jq -r '.[0].addr_info[0].local')"
serve nsenter --net="$(netns c2)"
assert_eq "the published port" 192.0.2.2 "$(ask_port 192.0.2.1 8080 ip netns exec outside)"
say "a bridge that others deleted is made again"
pod rm -f -t 0 c1 c4 c5 >/dev/null
bridge=$("$CNM" network inspect six | jq -r '.[0].Options["com.docker.network.bridge.name"]')
ip link del "$bridge"
start c1 --network six
assert_eq "who asks outside" 192.0.2.1 "$(ask 192.0.2.2 nsenter --net="$(netns c1)")"

say "all gone: what is left are networks that only podman's configuration described"
pod rm -f -t 0 c1 c2 >/dev/null
assert_eq "endpoints" "" "$(endpoints)"
pod network rm web six inner >/dev/null
"$CNM" network prune >/dev/null
assert_eq "networks" "" "$("$CNM" network ls -q)"
assert_baseline start
say "macvlan"
make_lan
pod network create -d macvlan -o parent=lan0 --subnet 10.3.0.0/24 --gateway 10.3.0.1 lan >/dev/null
baseline lan
start c1 --network lan
start c2 --network lan:ip=10.3.0.77,mac=02:00:00:00:00:77
assert_eq "address, as podman shows it" 10.3.0.77 "$(settings c2 lan IPAddress)"
assert_eq "MAC, as podman shows it" 02:00:00:00:00:77 "$(settings c2 lan MacAddress)"
assert_eq "the kernel's link" macvlan "$(inside c2 ip -d -j link show dev eth0 | jq -r '.[0].linkinfo.info_kind')"
for a in 10.3.0.77 10.3.0.1; do
	inside c1 ping -c 2 -i 0.2 -W 2 -q "$a" >/dev/null || fail "c1 does not reach $a"
done
pod rm -f -t 0 c1 c2 >/dev/null
pod network rm lan >/dev/null
"$CNM" network prune >/dev/null
assert_baseline lan
ip netns del beyond

say "a network that podman removed and made again, of another subnet"
pod network create --subnet 10.93.0.0/24 web >/dev/null
start c1 --network web
pod rm -f -t 0 c1 >/dev/null
pod network rm web >/dev/null
pod network create --subnet 10.94.0.0/24 web >/dev/null
start c1 --network web
assert_eq "address" 10.94.0.2 "$(settings c1 web IPAddress)"
pod rm -f -t 0 c1 >/dev/null
pod network rm web >/dev/null
"$CNM" gc >/dev/null
assert_eq "networks, after gc" "" "$("$CNM" network ls -q)"
assert_baseline start
