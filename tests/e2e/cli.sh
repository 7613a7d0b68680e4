# SPDX-License-Identifier: GPL-2.0-or-later
# Every verb of the command line, as text for people and JSON for programs, and its exit statuses.
. "$(dirname "$0")/lib.sh"

# json ARGUMENT...
json() {
	"$CNM" --format json "$@"
}

# netlink of a sandbox, by the namespace's own path
inside() {
	key=$1
	shift
	nsenter --net="$key" "$@"
}

make_roots
baseline

say "help and usage"
"$CNM" --help >help
for noun in network endpoint sandbox connect disconnect exec gc oci oci-spec version; do
	assert_match "help" "^ *$noun( |$)" "$(cat help)"
done
"$CNM" network --help | grep -q prune || fail "help of network does not name prune"
"$CNM" network create --help | grep -q -- --subnet || fail "help of network create does not name --subnet"
assert_status 2 "$CNM"
assert_status 2 "$CNM" nosuch
assert_status 2 "$CNM" network
assert_status 2 "$CNM" network nosuch
assert_status 2 "$CNM" network create
assert_status 2 "$CNM" network create --nosuch web
assert_status 2 "$CNM" network create one two
assert_status 2 "$CNM" --format xml network ls
assert_status 2 "$CNM" endpoint join web/e1
assert_status 2 "$CNM" connect web
assert_status 2 "$CNM" oci
assert_status 2 "$CNM" exec
assert_match "message of wrong usage" "." "$(cat err)"
assert_baseline main "after wrong usage, something"

say "version"
assert_match "version" '[0-9]+\.[0-9]+' "$("$CNM" version)"
json version | jq -e . >/dev/null || fail "version is not JSON"

say "network create"
web=$("$CNM" network create --subnet 10.1.0.0/24 --ip-range 10.1.0.128/25 --gateway 10.1.0.254 --aux-address printer=10.1.0.130 \
	--label purpose=test --label empty= -o com.docker.network.driver.mtu=1420 web)
assert_match "id" '^[0-9a-f]{64}$' "$web"
back=$("$CNM" network create --ipv6 --internal -o icc=false back)
nothing=$("$CNM" network create -d null nothing)
assert_match "id" '^[0-9a-f]{64}$' "$nothing"
created=$(json network create tmp)
assert_match "create as JSON" '[0-9a-f]{64}' "$created"
printf '%s' "$created" | jq -e . >/dev/null || fail "network create is not JSON: $created"
"$CNM" network rm tmp >/dev/null

say "network ls"
"$CNM" network ls >ls
assert_eq "lines of network ls" 4 "$(wc -l <ls)"
assert_match "network ls" "^NETWORK ID|^ID|^NAME" "$(head -n 1 ls)"
short=$(printf %.12s "$web")
assert_match "network ls" "$short.*web.*bridge|web.*$short.*bridge" "$(cat ls)"
assert_eq "network ls -q" 3 "$("$CNM" network ls -q | grep -cE '^[0-9a-f]{12}$')"
assert_json "network ls" 'length == 3 and (map(.Name) | sort) == ["back", "nothing", "web"]' "$(json network ls)"

say "network inspect"
doc=$("$CNM" network inspect web)
assert_json "inspect" '.[0].Id == "'"$web"'" and .[0].Driver == "bridge" and .[0].Labels.purpose == "test"' "$doc"
assert_json "inspect" '.[0].IPAM.Config[0] | .Subnet == "10.1.0.0/24" and .Gateway == "10.1.0.254"
	and .IPRange == "10.1.0.128/25" and .AuxiliaryAddresses.printer == "10.1.0.130"' "$doc"
assert_json "inspect" '.[0].Options["com.docker.network.driver.mtu"] == "1420"' "$doc"
assert_json "inspect by prefix" '.[0].Name == "web"' "$("$CNM" network inspect "$(printf %.6s "$web")")"
assert_json "inspect by id, of two" 'map(.Name) == ["back", "web"]' "$("$CNM" network inspect "$back" web)"
assert_json "inspect back" '.[0].Internal and .[0].EnableIPv6 and (.[0].IPAM.Config | length == 2)' "$("$CNM" network inspect back)"
assert_status 1 "$CNM" network inspect web nosuch
assert_json "what is there of two is shown" '.[0].Name == "web"' "$(cat out)"
bridge=$("$CNM" network inspect web | jq -r '.[0].DriverState.bridge')
assert_eq "MTU of the bridge" 1420 "$(ip -j link show "$bridge" | jq '.[0].mtu')"
assert_eq "gateway" 10.1.0.254 "$(ip -j addr show "$bridge" | jq -r '.[0].addr_info[] | select(.family == "inet") | .local')"

say "sandbox create"
key=$("$CNM" sandbox create box)
assert_eq "key" "$CNM_STATE/netns/box" "$key"
assert_eq "links of a new sandbox" lo "$(inside "$key" ip -j link | jq -r '.[].ifname')"
assert_match "loopback is up" 'UP' "$(inside "$key" ip link show lo)"
assert_match "sandbox ls" 'box' "$("$CNM" sandbox ls)"
assert_json "sandbox ls" 'length == 1 and .[0].Id == "box"' "$(json sandbox ls)"
assert_json "sandbox inspect" '(if type == "array" then .[0] else . end) | .Id == "box" and .SandboxKey == "'"$key"'"' "$("$CNM" sandbox inspect box)"
assert_status 1 "$CNM" sandbox create box

say "endpoint create, join, leave, rm"
id=$("$CNM" endpoint create web e1 --ip 10.1.0.200 --mac 02:00:00:00:00:07 --alias db)
assert_match "endpoint id" '^[0-9a-f]{64}$' "$id"
"$CNM" endpoint create web e2 >/dev/null
assert_match "endpoint ls" "e1" "$("$CNM" endpoint ls)"
assert_json "endpoint ls" 'map(.Name) == ["e1", "e2"]' "$(json endpoint ls web)"
doc=$("$CNM" endpoint inspect web/e1)
assert_json "endpoint inspect" '(if type == "array" then .[0] else . end) | .Id == "'"$id"'" and .MacAddress == "02:00:00:00:00:07"
	and .Addresses[0].Address == "10.1.0.200/24" and .Aliases == ["db"]' "$doc"
assert_eq "join prints the key" "$key" "$("$CNM" endpoint join web/e1 box --ifname net7)"
assert_eq "address inside" 10.1.0.200 "$(address_in "$key" inet net7)"
assert_match "MAC inside" 02:00:00:00:00:07 "$(inside "$key" ip link show net7)"
assert_eq "MTU inside" 1420 "$(inside "$key" ip -j link show net7 | jq '.[0].mtu')"
assert_eq "default route" 10.1.0.254 "$(inside "$key" ip -j route show default | jq -r '.[0].gateway')"
"$CNM" endpoint join web/e2 box >/dev/null
[ -n "$(address_in "$key" inet eth0)" ] || fail "no eth0 after the second join"
assert_status 1 "$CNM" endpoint rm web/e1
assert_status 1 "$CNM" endpoint join web/e1 box
"$CNM" endpoint leave web/e1
assert_eq "links after leave" "eth0 lo" "$(inside "$key" ip -j link | jq -r '.[].ifname' | sort | xargs)"
assert_status 1 "$CNM" endpoint leave web/e1
"$CNM" endpoint rm web/e1 >/dev/null
"$CNM" endpoint rm -f web/e2 >/dev/null
assert_json "no endpoints" '. == []' "$(json endpoint ls)"
assert_eq "links after rm -f" lo "$(inside "$key" ip -j link | jq -r '.[].ifname')"
[ -e "$key" ] || fail "an explicit sandbox went with its last endpoint"

say "connect and disconnect"
"$CNM" connect web box --ip 10.1.0.201 --ifname eth5 >/dev/null
assert_eq "address inside" 10.1.0.201 "$(address_in "$key" inet eth5)"
"$CNM" connect back box >/dev/null
assert_eq "default route is not by the internal network" 10.1.0.254 "$(inside "$key" ip -j route show default | jq -r '.[].gateway')"
[ -n "$(address_in "$key" inet6 eth0)" ] || fail "no IPv6 address on back"
assert_json "sandbox inspect" '(if type == "array" then .[0] else . end) | .Endpoints | length == 2' "$("$CNM" sandbox inspect box)"
assert_json "network inspect" '.[0].Containers.box.IPv4Address == "10.1.0.201/24"' "$("$CNM" network inspect web)"
assert_status 1 "$CNM" network rm web
assert_match "the refusal names the endpoint" box "$(cat err)"
"$CNM" disconnect web box >/dev/null
"$CNM" disconnect back box >/dev/null
assert_eq "links after disconnect" lo "$(inside "$key" ip -j link | jq -r '.[].ifname')"

say "a namespace that somebody else made"
ip netns add other
"$CNM" connect --netns /run/netns/other web adopted >/dev/null
[ -n "$(address_in /run/netns/other inet eth0)" ] || fail "no address in the adopted namespace"
assert_json "sandbox ls" 'map(.Id) | index("adopted")' "$(json sandbox ls)"
"$CNM" disconnect web adopted >/dev/null
assert_json "the last leave deletes the sandbox" 'map(.Id) | index("adopted") | not' "$(json sandbox ls)"
assert_eq "links in the adopted namespace" lo "$(ip -n other -j link | jq -r '.[].ifname')"
ip netns del other

say "exec"
"$CNM" connect web box >/dev/null
assert_match "exec" 'eth0' "$("$CNM" exec box -- ip -o link)"
assert_status 7 "$CNM" exec box -- sh -c 'exit 7'
assert_status 0 "$CNM" exec box -- ping -c 1 -W 3 10.1.0.254

say "gc"
ip netns add gone
"$CNM" connect --netns /run/netns/gone web lost >/dev/null
assert_eq "nothing to collect" "" "$("$CNM" gc --dry-run)"
ip netns del gone
"$CNM" gc --dry-run >gc
assert_match "gc --dry-run" lost "$(cat gc)"
assert_match "still there" lost "$("$CNM" endpoint ls)"
"$CNM" gc >gc
assert_match "gc" lost "$(cat gc)"
[ -z "$("$CNM" endpoint ls | grep lost)" ] || fail "gc left an endpoint"
assert_match "gc harms nobody" box "$("$CNM" endpoint ls)"
json gc | jq -e . >/dev/null || fail "gc is not JSON"

say "--root and --state"
env -u CNM_ROOT -u CNM_STATE "$CNM" --root "$TMPDIR/r2" --state "$TMPDIR/s2" network create -d null far >/dev/null
assert_json "another root" 'map(.Name) == ["far"]' "$(CNM_ROOT=$TMPDIR/r2 CNM_STATE=$TMPDIR/s2 "$CNM" --format json network ls)"
assert_json "this root" 'map(.Name) | index("far") | not' "$(json network ls)"

say "errors as JSON"
assert_status 1 "$CNM" --format json network inspect nosuch
assert_json "error" '.error.code == "not_found"' "$(cat err)"

say "removal"
"$CNM" sandbox rm box >/dev/null
[ ! -e "$key" ] || fail "sandbox rm left $key"
assert_status 1 "$CNM" sandbox rm box
assert_status 1 "$CNM" network rm web nosuch
assert_json "network rm goes on" 'map(.Name) == ["back", "nothing"]' "$(json network ls)"
"$CNM" network prune >/dev/null
"$CNM" network rm nothing back >/dev/null 2>&1 || :
assert_json "nothing is left" '. == []' "$(json network ls)"
assert_baseline
