# SPDX-License-Identifier: GPL-2.0-or-later
# What podman and containerd really sent to the reference plugins, sent to ours: same exit status, same result but for what is the plugin's to choose.
# The calls are sent as they were recorded, environment and input to the byte: results that they hand back are the reference's.
. "$(dirname "$0")/lib.sh"

mkdir plugins
for t in bridge host-local portmap firewall tuning; do ln -s "$CNM" plugins/$t; done

# field LINE KEY
field() {
	printf '%s' "$1" | jq -r --arg k "$2" '.env[] | select(startswith($k + "=")) | .[($k | length) + 1:]'
}

# What is the plugin's to choose, where the caller does not ask for it:
#   MAC addresses of bridge, pair and container; the name of the pair on the host; the host's part of an address;
#   versions that it speaks besides.
# The rest, also what it hands on from the plugin before it, must be equal.
shape() {
	jq -S --arg asked "$1" '($asked | split(";") | map(select(startswith("MAC="))[4:])) as $mac | ($asked | split(";") | map(select(startswith("IP="))[3:])) as $ip
		| if .interfaces then .interfaces |= map((if (.mac as $m | $mac | index($m)) then . else .mac = "MAC" end)
			| if .name | test("^veth") then .name = "VETH" else . end) else . end
		| if .ips then .ips |= map(if (.address | split("/")[0]) as $a | $ip | index($a) then . else .address |= sub("[0-9a-f]+/"; "N/") end) else . end
		| if .supportedVersions then .supportedVersions |= (. - ["1.1.0"]) else . end'
}

# replay FILE
replay() {
	number=0 file=$1
	while IFS= read -r line; do
		number=$((number + 1))
		type=$(printf '%s' "$line" | jq -r .type)
		what="call $number, $(field "$line" CNI_COMMAND) of $type"
		printf '%s' "$line" | jq -c .stdin >given
		printf '%s' "$line" | jq -r '.env[]' >environment
		set -- PATH="$PATH" CNM_ROOT="$CNM_ROOT" CNM_STATE="$CNM_STATE"
		while IFS= read -r e; do set -- "$@" "$e"; done <environment
		status=0
		env -i "$@" "plugins/$type" <given >out 2>err || status=$?
		assert_eq "$what, exit status ($(cat out err))" "$(printf '%s' "$line" | jq .rc)" "$status"
		if printf '%s' "$line" | jq -e '.stdout == ""' >/dev/null; then
			assert_eq "$what, output" "" "$(cat out)"
			continue
		fi
		case $type in
		bridge | host-local) asked=$(field "$line" CNI_ARGS) ;;
		# They hand on what they are given, and choose nothing.
		*)
			printf '%s' "$line" | jq -S .stdout >expected
			jq -S . out >got
			diff -U3 expected got || fail "$what, result"
			continue
			;;
		esac
		printf '%s' "$line" | jq .stdout | shape "$asked" >expected
		shape "$asked" <out >got
		diff -U3 expected got || fail "$what, result: $(cat out)"
		# shellcheck disable=SC2034
		[ "$(field "$line" CNI_COMMAND)" != ADD ] || adds=$((adds + 1))
	done <"$file"
	say "$file: $number calls"
}

# attached NAMESPACE: something is there between the last ADD and the first DEL. Called by `replay` would be too late: looked at by a second replay,
# of the first half.
halves() {
	jq -c 'select(.env | index("CNI_COMMAND=ADD"))' "$1" >adds.jsonl
	jq -c 'select(.env | index("CNI_COMMAND=ADD") | not)' "$1" >others.jsonl
	adds=0
	replay adds.jsonl
	[ "$adds" -gt 0 ] || fail "no ADD was replayed"
}

make_roots
# Where br_netfilter filters IPv6 the kernel drops answers to ::1, and we refuse the port that was recorded: the reference accepts it, and nobody
# reaches it. This namespace's br_netfilter does not filter.
[ ! -e /proc/sys/net/bridge ] || echo 0 >/proc/sys/net/bridge/bridge-nf-call-ip6tables
sandbox=$(jq -r '.env[] | select(startswith("CNI_NETNS=/run/netns/")) | .[21:]' "$CNM_SOURCE/tests/data/podman-4.3.1-cni.jsonl" | head -n 1)
baseline start
ip netns add "$sandbox"
halves "$CNM_SOURCE/tests/data/podman-4.3.1-cni.jsonl"
assert_eq "addresses of eth0" "10.91.0.44 fd91::2" "$(ip -n "$sandbox" -j addr show eth0 | jq -r '[.[].addr_info[] | select(.scope == "global") | .local] | join(" ")')"
assert_eq "MAC of eth0" 02:11:22:33:44:55 "$(ip -n "$sandbox" -j link show eth0 | jq -r '.[0].address')"
assert_match "address of eth1" '^10\.89\.0\.' "$(ip -n "$sandbox" -j addr show eth1 | jq -r '.[].addr_info[] | select(.scope == "global") | .local')"
assert_eq "networks" "demo demo.host-local demo6 demo6.host-local" "$("$CNM" network ls --format json | jq -r '.[].Name' | sort | paste -sd' ')"
replay others.jsonl
assert_eq "links after DEL" "lo" "$(ip -n "$sandbox" -j link | jq -r '.[].ifname')"
assert_eq "endpoints after DEL" "" "$(endpoints)"
ip netns del "$sandbox"
"$CNM" network prune >/dev/null
assert_baseline start

# Its namespace is known by a process: it is made to have that number.
pid=$(jq -r '.env[] | select(startswith("CNI_NETNS=/proc/")) | split("/")[2]' "$CNM_SOURCE/tests/data/containerd-1.6.20-cni.jsonl" | head -n 1)
echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid
unshare --net sleep 1000 &
assert_eq "number of a process" "$pid" "$!"
until_true 5 sh -c "[ \"\$(readlink /proc/$pid/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
halves "$CNM_SOURCE/tests/data/containerd-1.6.20-cni.jsonl"
assert_match "address of eth0" '^10\.88\.0\.' "$(address_in "/proc/$pid/ns/net" inet eth0)"
# It calls DEL when the container is dead.
kill -9 "$pid"
wait "$pid" 2>/dev/null || :
replay others.jsonl
assert_eq "endpoints after DEL" "" "$(endpoints)"
"$CNM" network prune >/dev/null
assert_baseline start
