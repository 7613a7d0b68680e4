# SPDX-License-Identifier: GPL-2.0-or-later
# The ways in by which a port is published beside `cnm connect`: arguments of the OCI hook, an annotation where the network allows it, hooks that
# `cnm oci-spec` writes, CNI port mappings; and that each of them gives the port back.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/ports.inc.sh"

# oci STAGE CONTAINER ANNOTATIONS ARGUMENT...: as a runtime calls a hook for the container whose namespace is of that name.
oci() {
	stage=$1 id=$2 annotations=$3
	shift 3
	pid=$(ip netns pids "$id" | head -n 1)
	jq -n --arg id "$id" --argjson pid "${pid:-0}" --argjson a "$annotations" --arg b "$TMPDIR" \
		'{ociVersion: "1.0.2", id: $id, status: "creating", pid: $pid, bundle: $b, annotations: $a}' >state.json
	"$CNM" oci "$@" "$stage" <state.json
}

# stop CONTAINER: its processes end, then the runtime calls the hook; it may be started again.
stop() {
	ip netns pids "$1" | xargs -r kill
	until_true 5 sh -c "[ -z \"\$(ip netns pids $1)\" ]" || fail "processes of $1 do not end"
	oci poststop "$1" '{}'
	serve_at "$1" 7777-7780
}

# container NAME: a namespace with a server in it.
container() {
	ip netns add "$1"
	serve_at "$1" 7777-7780
}

# published NAME: the same in all ways in.
published() {
	matrix 4 "tcp" <<ROWS
far host 8080 = far 7777 $1
far second 8081 = far 7778 $1
far host 8081 = -
host loop 8082 = red 7779 $1
far host 8091 = far 7778 $1
ROWS
	matrix 6 "udp sctp" <<ROWS
far host 8080 = far 7777 $1
ROWS
}

make_roots
make_world
bridge_filter 0 || :
baseline
# shellcheck disable=SC2034
red_4=10.10.0.1
"$CNM" network create --subnet 10.10.0.0/24 --subnet fd00:10::/64 red >/dev/null
"$CNM" network create --subnet 10.11.0.0/24 --subnet fd00:11::/64 -o allow=ports free >/dev/null
container c1
container c2
container c3
# A bridge keeps what answers to the loopback need from its first published port on.
for n in red free; do
	"$CNM" connect --netns /run/netns/c3 $n c3 -p 80
	"$CNM" sandbox rm c3 >/dev/null
done
ports='8080:7777 8080:7777/udp 8080:7777/sctp 192.0.2.9:8081:7778 127.0.0.1:8082:7779 8090-8091:7777-7778'
publish=
for p in $ports; do
	publish="$publish -p $p"
done
list=$(echo $ports | tr ' ' ',')

say "arguments of the hook; both stages, and one of them again"
for stage in prestart createRuntime createRuntime; do
	# shellcheck disable=SC2086
	oci $stage c1 '{}' --network red $publish
done
published c1
assert_json "ports of the record" '.[0].Ports | length == 6' "$("$CNM" endpoint inspect red/c1@eth0)"

say "a second container that wants one of them is refused, and left without a network"
baseline first
assert_status 1 oci createRuntime c2 '{}' --network free --network red -p 8070:7777 -p 8091:7777
assert_match "refusal" '8091/tcp is published by red/c1@eth0' "$(cat err)"
assert_baseline first "after the refused container something"
say "the ports are the first network's"
oci createRuntime c2 '{}' --network free --network red -p 8070:7777
assert_json "ports on the first network" '.[0].Ports | length == 1' "$("$CNM" endpoint inspect free/c2@eth0)"
assert_json "ports on the second network" '.[0].Ports | length == 0' "$("$CNM" endpoint inspect red/c2@eth1)"
stop c2
assert_baseline first "after poststop something"
stop c1
matrix 4 tcp <<'ROWS'
far host 8080 = -
ROWS

say "an annotation, where the network allows it"
baseline before
red_4=10.11.0.1
oci createRuntime c1 "{\"cnm.networks\": \"free\", \"cnm.ports\": \"$list\"}"
published c1
stop c1
oci createRuntime c1 "{\"cnm.ports\": \"8080:7777/udp, 8080:7777/sctp, 127.0.0.1:8082:7779\"}" --network free -p 8080:7777 -p 192.0.2.9:8081:7778 -p 8090-8091:7777-7778
published c1
stop c1
assert_baseline before "after poststop something"
say "where it does not, and where it is none"
for text in '{"cnm.networks": "red", "cnm.ports": "8080:80"}' '{"cnm.networks": "red", "cnm.ports": ""}'; do
	assert_status 1 oci createRuntime c1 "$text"
	assert_match "refusal" 'network red does not let an annotation publish ports' "$(cat err)"
	assert_baseline before "after a refused annotation something"
done
for text in 8080:80/icmp 99999:80 8080:80,,8081:81 '8080:80;8081:81' x; do
	assert_status 1 oci createRuntime c1 "{\"cnm.networks\": \"free\", \"cnm.ports\": \"$text\"}"
	assert_match "refusal of $text" 'cnm.ports' "$(cat err)"
	assert_baseline before "after a refused annotation something"
done

say "hooks that oci-spec writes"
make_bundle bundle
# shellcheck disable=SC2086
"$CNM" oci-spec --network red $publish bundle
assert_json "arguments of the hook" '.hooks.createRuntime[0].args | index("8080:7777/sctp") and index("8090-8091:7777-7778")' "$(cat bundle/config.json)"

say "CNI port mappings"
# cni COMMAND CONTAINER <CONFIGURATION
cni() {
	env -i PATH="$PATH" CNM_ROOT="$CNM_ROOT" CNM_STATE="$CNM_STATE" CNI_COMMAND="$1" CNI_CONTAINERID="$2" CNI_NETNS="/run/netns/$2" \
		CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin "$CNM"
}
jq -n '{cniVersion: "1.0.0", name: "red", type: "cnm", capabilities: {portMappings: true}, runtimeConfig: {portMappings: [
	{hostPort: 8080, containerPort: 7777}, {hostPort: 8080, containerPort: 7777, protocol: "udp"},
	{hostPort: 8080, containerPort: 7777, protocol: "SCTP"}, {hostPort: 8081, containerPort: 7778, protocol: "tcp", hostIP: "192.0.2.9"},
	{hostPort: 8082, containerPort: 7779, protocol: "tcp", hostIP: "127.0.0.1"},
	{hostPort: 8090, containerPort: 7777, protocol: "tcp"}, {hostPort: 8091, containerPort: 7778, protocol: "tcp"}]}}' >conf
baseline before
red_4=10.10.0.1
cni ADD c3 <conf >result || fail "ADD: $(cat result)"
published c3
if cni ADD c2 <conf >refusal; then
	fail "two pods with one port"
fi
assert_json "refusal" '.msg + (.details // "") | test("8080/tcp is published by red/c3@eth0")' "$(cat refusal)"
cni DEL c3 <conf
assert_baseline before "after DEL something"

for c in c1 c2 c3; do
	ip netns pids $c | xargs -r kill
	ip netns del $c
done
for n in red free; do
	"$CNM" network rm $n >/dev/null
done
assert_baseline
