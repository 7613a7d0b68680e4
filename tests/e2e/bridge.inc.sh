# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The main job, for any runtime: two containers join a bridge network by the hooks, reach what they should, and leave;
# then nothing is left. Sourced after use_runtime.

# ping_from CONTAINER ADDRESS
ping_from() {
	in_container "$1" ping -c 1 -W 3 "$2" >"$TMPDIR/ping" 2>&1 || fail "$1 does not reach $2: $(cat "$TMPDIR/ping")"
}

make_outside
make_roots
baseline empty

say "a network with IPv4 and IPv6"
network=$("$CNM" network create --subnet 10.88.0.0/24 --subnet fd00:88::/64 -o name=br-web web)
assert_match "network id" '^[0-9a-f]{64}$' "$network"
baseline

say "two bundles"
for c in c1 c2; do
	make_bundle "$c"
	"$CNM" oci-spec --network web "$c"
	# Both stages of the old and the new specification may be configured.
	edit_bundle "$c" '.hooks.prestart = [.hooks.createRuntime[0] | .args |= map(if . == "createRuntime" then "prestart" else . end)]
		| .hostname = "host-'"$c"'"'
done

say "containers start"
start_container c1 c1
start_container c2 c2
for c in c1 c2; do
	for family in inet inet6; do
		a=$(address_in "$(netns_of $c)" $family eth0)
		assert_eq "number of $family addresses of $c" 1 "$(printf '%s\n' "$a" | wc -l)"
		[ -n "$a" ] || fail "$c has no $family address"
		eval "${c}_$family=\$a"
	done
done
# shellcheck disable=SC2154
say "c1: $c1_inet $c1_inet6, c2: $c2_inet $c2_inet6"
[ "$c1_inet" != "$c2_inet" ] || fail "two containers with one address"

say "the record says what the kernel has"
for c in c1 c2; do
	"$CNM" --format json endpoint ls web >list
	eval "mine=\$${c}_inet"
	assert_match "endpoint ls" "$c-$UNIQUE" "$(cat list)"
	# shellcheck disable=SC2154
	assert_match "endpoint ls" "$mine/24" "$(cat list)"
done

say "gateway and neighbour, both families"
ping_from c1 10.88.0.1
ping_from c1 fd00:88::1
ping_from c1 "$c2_inet"
ping_from c1 "$c2_inet6"
ping_from c2 "$c1_inet"
ping_from c2 "$c1_inet6"

say "hosts and resolv.conf"
assert_match "hosts of c1" "^$c1_inet[[:space:]].*host-c1" "$(in_container c1 cat /etc/hosts)"
assert_match "hosts of c1" "^127.0.0.1[[:space:]].*localhost" "$(in_container c1 cat /etc/hosts)"
in_container c1 cat /etc/resolv.conf >/dev/null

say "a server outside sees the uplink's address"
assert_eq "IPv4 source" 192.0.2.1 "$(ask 192.0.2.2 in_container c1)"
assert_eq "IPv6 source" 2001:db8:2::1 "$(ask 2001:db8:2::2 in_container c1)"

say "nobody outside reaches what is not published"
ip -n outside route add 10.88.0.0/24 via 192.0.2.1
ip -n outside -6 route add fd00:88::/64 via 2001:db8:2::1
for a in "$c1_inet" "$c1_inet6"; do
	if ip netns exec outside ping -c 1 -W 1 "$a" >/dev/null 2>&1; then
		fail "the outside reaches $a"
	fi
done

say "a network with endpoints stays"
assert_status 1 "$CNM" network rm web
assert_match "refusal" "c1-$UNIQUE" "$(cat err)"

say "containers are deleted; poststop comes again and again"
bundle_of_c1=$(realpath c1)
delete_container c1
for i in 1 2 3; do
	printf '{"ociVersion":"1.0.2","id":"c1-%s","status":"stopped","bundle":"%s"}' "$UNIQUE" "$bundle_of_c1" |
		"$CNM" oci poststop || fail "poststop number $i"
done
# A late one of a predecessor with the same id does not take a running container from its network.
printf '{"ociVersion":"1.0.2","id":"c2-%s","status":"stopped","bundle":"/b"}' "$UNIQUE" | "$CNM" oci poststop >/dev/null 2>&1 || :
# And nobody was harmed by all that.
ping_from c2 10.88.0.1
assert_eq "IPv4 source" 192.0.2.1 "$(ask 192.0.2.2 in_container c2)"
say "killed from outside"
kill -9 "$(runtime "$RUNTIME" state "c2-$UNIQUE" | jq .pid)"
delete_container c2
assert_baseline main "after delete, something"

say "the same ids join again"
start_container c1 c1
again=$(address_in "$(netns_of c1)" inet eth0)
[ "$again" != "$c1_inet" ] || fail "the address $again came back at once"
ping_from c1 10.88.0.1
delete_container c1
assert_baseline main "after the second delete, something"

say "a failing hook leaves nothing"
make_bundle broken
"$CNM" oci-spec --network web broken
edit_bundle broken '.hooks.createRuntime |= map(.args |= map(if . == "web" then "nosuch" else . end))'
CONTAINERS="$CONTAINERS broken-$UNIQUE"
if runtime "$RUNTIME" run -b broken "broken-$UNIQUE" >log 2>&1 </dev/null; then
	fail "a container started on a network that does not exist"
fi
assert_baseline main "after a refused container, something"

say "the host's own namespace is refused"
make_bundle shared
"$CNM" oci-spec --network web shared
edit_bundle shared '.linux.namespaces |= map(select(.type != "network")) | .mounts |= map(select(.type != "sysfs"))'
CONTAINERS="$CONTAINERS shared-$UNIQUE"
if runtime "$RUNTIME" run -b shared "shared-$UNIQUE" >log 2>&1 </dev/null; then
	fail "a container with the host's namespace was connected"
fi
assert_baseline main "after a refused container, something"

say "networks of an annotation"
make_bundle noted
"$CNM" oci-spec --network web noted
edit_bundle noted '.hooks[] |= map(.args |= map(select(. != "web" and . != "--network" and . != "--network=web")))
	| .annotations = {"cnm.networks": "web"}'
start_container noted noted
ping_from noted 10.88.0.1
delete_container noted
assert_baseline main "after the annotated container, something"

say "the network goes"
"$CNM" network rm web >/dev/null
assert_baseline empty "after network rm, something"
