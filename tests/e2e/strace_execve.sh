# SPDX-License-Identifier: GPL-2.0-or-later
# Join and leave run no other program: one ADD and one DEL are one execve each, by CNI and by the hook.
. "$(dirname "$0")/lib.sh"
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" # the leak checker cannot run under a tracer

# executions COMMAND...: how many programs it and its children execute.
executions() {
	strace -f -qq -e trace=execve -o trace "$@" >out || fail "$* failed: $(cat out)"
	grep -c 'execve(' trace || :
}

make_roots
"$CNM" network create --subnet 10.7.0.0/24 --subnet fd00:7::/64 web >/dev/null
ip netns add pod
export CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/pod CNI_IFNAME=eth0 CNI_PATH=/
conf='{"cniVersion":"1.0.0","name":"web","type":"cnm"}'

for round in first second; do
	say "CNI, $round time"
	assert_eq "ADD" 1 "$(printf '%s' "$conf" | CNI_COMMAND=ADD executions "$CNM")"
	[ -n "$(address_in /run/netns/pod inet eth0)" ] || fail "no address after ADD"
	assert_eq "DEL" 1 "$(printf '%s' "$conf" | CNI_COMMAND=DEL executions "$CNM")"
	[ -z "$("$CNM" endpoint ls | grep c1)" ] || fail "still there after DEL"
done

say "hook"
unset CNI_CONTAINERID CNI_NETNS CNI_IFNAME CNI_PATH
ip netns exec pod sleep 1000 &
pid=$!
until_true 5 sh -c "[ \"\$(readlink /proc/$pid/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
assert_eq "createRuntime" 1 "$(printf '{"id":"c1","pid":%s,"bundle":"/b"}' $pid | executions "$CNM" oci createRuntime --network web)"
[ -n "$(address_in /run/netns/pod inet eth0)" ] || fail "no address after createRuntime"
kill -9 $pid
assert_eq "poststop" 1 "$(printf '{"id":"c1","bundle":"/b"}' | executions "$CNM" oci poststop)"
[ -z "$("$CNM" endpoint ls | grep c1)" ] || fail "still there after poststop"
"$CNM" network rm web >/dev/null

say "a list of the reference's plugins: four processes, ours, and no other"
mkdir plugins
for t in bridge host-local portmap firewall tuning; do ln -s "$CNM" plugins/$t; done
cat >list <<'LIST'
[{"type":"bridge","bridge":"br-list","isGateway":true,"ipMasq":true,"hairpinMode":true,
  "ipam":{"type":"host-local","ranges":[[{"subnet":"10.8.0.0/24"}],[{"subnet":"fd00:8::/64"}]],"routes":[{"dst":"0.0.0.0/0"}]}},
 {"type":"portmap","runtimeConfig":{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}},
 {"type":"firewall","ingressPolicy":"same-bridge"},
 {"type":"tuning","sysctl":{"net.core.somaxconn":"77"}}]
LIST
export CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/pod CNI_IFNAME=eth0 CNI_PATH="$TMPDIR/plugins:/usr/lib/cni"
# plugin COMMAND INDEX: runs one of the list, with the last result; its programs are added to the file `programs`.
plugin() {
	jq --argjson i "$2" --slurpfile prev result '.[$i] + {cniVersion: "1.0.0", name: "list"} + (if $prev == [] then {} else {prevResult: $prev[0]} end)' list >given
	CNI_COMMAND=$1 executions "$TMPDIR/plugins/$(jq -r .type given)" <given >count
	grep -o 'execve("[^"]*"' trace >>programs
}
# The second time everything is there already: the table, the bridge.
for round in first second; do
	: >result
	: >programs
	for i in 0 1 2 3; do
		plugin ADD $i
		cp out result
	done
	assert_eq "programs of the $round ADD" "bridge portmap firewall tuning" "$(sed 's|.*plugins/||; s|"||' programs | paste -sd' ')"
	[ -n "$(address_in /run/netns/pod inet eth0)" ] || fail "no address after ADD"
	assert_eq "somaxconn" 77 "$(ip netns exec pod cat /proc/sys/net/core/somaxconn)"
	: >programs
	for i in 3 2 1 0; do plugin DEL $i; done
	assert_eq "programs of the $round DEL" "tuning firewall portmap bridge" "$(sed 's|.*plugins/||; s|"||' programs | paste -sd' ')"
	assert_eq "endpoints after DEL" "" "$(endpoints)"
done
