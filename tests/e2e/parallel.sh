# SPDX-License-Identifier: GPL-2.0-or-later
# Two hundred containers join and leave in sixteen streams at once: no address twice, and afterwards nothing is left.
. "$(dirname "$0")/lib.sh"
containers=200 streams=16

make_roots
"$CNM" network create --subnet 10.6.0.0/23 --subnet fd00:6::/64 web >/dev/null
i=0
while [ $i -lt $containers ]; do
	ip netns add "n$i"
	i=$((i + 1))
done
# The first join makes what all later ones share.
"$CNM" connect --netns /run/netns/n0 web first >/dev/null
"$CNM" disconnect web first >/dev/null
baseline

# join NUMBER, leave NUMBER: one container, by the command line, by CNI or by the hook.
join() {
	case $(($1 % 3)) in
	0)
		"$CNM" connect --netns "/run/netns/n$1" web "c$1" >/dev/null
		;;
	1)
		printf '{"cniVersion":"1.0.0","name":"web","type":"cnm"}' | env -i CNM_ROOT="$CNM_ROOT" CNM_STATE="$CNM_STATE" \
			CNI_COMMAND=ADD CNI_CONTAINERID="c$1" CNI_NETNS="/run/netns/n$1" CNI_IFNAME=eth0 CNI_PATH=/ "$CNM" >/dev/null
		;;
	2)
		ip netns exec "n$1" sleep 1000 &
		pid=$!
		until [ "$(readlink /proc/$pid/ns/net)" != "$host" ]; do :; done
		printf '{"id":"c%s","pid":%s,"bundle":"/b"}' "$1" $pid | "$CNM" oci createRuntime --network web
		echo $pid >"pid.$1"
		;;
	esac
}

is_dead() {
	! grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null
}

leave() {
	case $(($1 % 3)) in
	0)
		"$CNM" disconnect web "c$1" >/dev/null
		;;
	1)
		printf '{"cniVersion":"1.0.0","name":"web","type":"cnm"}' | env -i CNM_ROOT="$CNM_ROOT" CNM_STATE="$CNM_STATE" \
			CNI_COMMAND=DEL CNI_CONTAINERID="c$1" CNI_NETNS="/run/netns/n$1" CNI_IFNAME=eth0 CNI_PATH=/ "$CNM"
		;;
	2)
		kill -9 "$(cat "pid.$1")"
		# A runtime runs poststop when the process is gone.
		until_true 5 is_dead "$(cat "pid.$1")"
		printf '{"id":"c%s","bundle":"/b"}' "$1" | "$CNM" oci poststop
		;;
	esac
}

# in_streams VERB
in_streams() {
	s=0
	while [ $s -lt $streams ]; do
		(
			c=$s
			while [ $c -lt $containers ]; do
				"$1" $c || echo "$1 c$c: exit status $?" >>failures
				c=$((c + streams))
			done
		) 2>>"errors" &
		workers="${workers:-} $!"
		s=$((s + 1))
	done
	for w in $workers; do
		wait "$w"
	done
	workers=
	[ ! -e failures ] || fail "$(cat failures errors)"
}

host=$(readlink /proc/self/ns/net)
say "$containers joins in $streams streams"
in_streams join
"$CNM" --format json endpoint ls web >list
assert_json "endpoints" "length == $containers" "$(cat list)"
assert_json "unique IPv4" "[.[].Addresses[0].Address] | unique | length == $containers" "$(cat list)"
assert_json "unique IPv6" "[.[].Addresses[1].Address] | unique | length == $containers" "$(cat list)"
assert_json "unique MAC" "[.[].MacAddress] | unique | length == $containers" "$(cat list)"
ports=$(ip -j link show type veth | jq "[.[] | select(.master)] | length")
assert_eq "ports of the bridge" $containers "$ports"
i=0
while [ $i -lt $containers ]; do
	ip netns exec "n$i" ip -4 -o addr show eth0 || echo missing
	i=$((i + 1))
done | awk '{ print $4 }' | sort >kernel
jq -r '.[].Addresses[0].Address' list | sort >records
cmp kernel records || fail "kernel and records differ: $(diff kernel records)"
[ "$(sort -u kernel | wc -l)" = $containers ] || fail "an address twice in the kernel"

say "the same number of leaves"
in_streams leave
assert_json "endpoints" 'length == 0' "$("$CNM" --format json endpoint ls web)"
assert_json "sandboxes" 'length == 0' "$("$CNM" --format json sandbox ls)"
assert_baseline

say "joins and leaves at the same time"
in_streams join
back_and_forth() {
	leave "$1" && join "$1" && leave "$1"
}
in_streams back_and_forth
assert_baseline
"$CNM" network rm web >/dev/null
