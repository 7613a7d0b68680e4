# SPDX-License-Identifier: GPL-2.0-or-later
# Several callers at once on the same container and network: what comes out is what some order of the calls explains, and nothing is left.
. "$(dirname "$0")/lib.sh"

ROUNDS=${RACE_ROUNDS:-8}

# config NETWORK: for CNI, with a port
config() {
	printf '{"cniVersion":"1.1.0","name":"%s","type":"cnm","runtimeConfig":{"portMappings":[{"hostPort":8080,"containerPort":80}]},"cni.dev/valid-attachments":%s}' \
		"$1" "${2:-[]}"
}

# cni COMMAND CONTAINER [NETNS]: on network n; its status goes to the caller.
cni() {
	config n "${VALID:-}" | CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_NETNS=${3-/run/netns/$2} CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin "$CNM"
}

# at_once COMMAND-LINE...: runs each in a shell of its own, all at once; their exit statuses in order are in $STATUSES, outputs in race.N.
at_once() {
	pids=
	n=0
	for line in "$@"; do
		(eval "$line") >"race.$n" 2>&1 </dev/null &
		pids="$pids $!"
		n=$((n + 1))
	done
	STATUSES=
	for pid in $pids; do
		wait "$pid" && STATUSES="${STATUSES}0" || STATUSES="${STATUSES}$?"
	done
}

count_of() {
	printf %s "$STATUSES" | tr -cd "$1" | wc -c
}

make_roots
baseline empty
"$CNM" network create --subnet 10.1.0.0/24 --subnet fd01::/64 n >/dev/null
ip netns add c1
baseline

say "the same container added twice at once: one of them does it"
i=0
while [ $i -lt "$ROUNDS" ]; do
	at_once "cni ADD c1" "cni ADD c1"
	[ "$(count_of 0)" = 1 ] && [ "$(count_of 1)" = 1 ] || fail "statuses $STATUSES: $(cat race.*)"
	assert_match "the other" "connected already" "$(cat race.*)"
	assert_eq "attachments" 1 "$("$CNM" endpoint ls --format json | jq length)"
	cni DEL c1
	assert_baseline main "after two ADD and a DEL"
	i=$((i + 1))
done

say "ten DEL at once all succeed, and so does one without a namespace"
i=0
while [ $i -lt 3 ]; do
	cni ADD c1 >/dev/null
	at_once "cni DEL c1" "cni DEL c1" "cni DEL c1 ''" "cni DEL c1" "cni DEL c1" "cni DEL c1" "cni DEL c1 ''" "cni DEL c1" "cni DEL c1" "cni DEL c1"
	assert_eq "statuses of ten DEL" 0000000000 "$STATUSES"
	assert_baseline main "after ten DEL"
	i=$((i + 1))
done

say "DEL racing ADD, and GC racing both"
i=0
while [ $i -lt "$ROUNDS" ]; do
	at_once "cni ADD c1" "cni DEL c1" "\"$CNM\" gc" "VALID='[{\"containerID\":\"c1\",\"ifname\":\"eth0\"}]' cni GC c1"
	assert_eq "statuses of ADD, DEL, gc and GC ($(cat race.[0-3] | tr "\n" " "))" 0000 "$STATUSES"
	# Before or after it: then the attachment stands whole, or is not there.
	if [ "$("$CNM" endpoint ls --format json | jq length)" = 1 ]; then
		nsenter --net=/run/netns/c1 ip addr show dev eth0 >addr || fail "the record stands without its link"
		assert_match "address" "inet 10.1.0." "$(cat addr)"
	fi
	cni DEL c1
	assert_baseline main "after ADD, DEL, gc and GC"
	i=$((i + 1))
done

say "network rm racing ADD: the network goes or the container is on it"
i=0
while [ $i -lt "$ROUNDS" ]; do
	at_once "cni ADD c1" "\"$CNM\" network rm n"
	case $STATUSES in
	01) assert_match "refusal" "active endpoints" "$(cat race.1)" ;;
	10) assert_match "refusal" "does not exist|replaced" "$(cat race.0)" ;;
	*) fail "statuses $STATUSES: $(cat race.*)" ;;
	esac
	cni DEL c1
	"$CNM" network rm n >/dev/null 2>&1 || true
	ip netns del c1
	assert_baseline empty "after ADD against network rm"
	"$CNM" network create --subnet 10.1.0.0/24 --subnet fd01::/64 n >/dev/null
	ip netns add c1
	i=$((i + 1))
done
ip netns del c1

say "an id that is used again at once, without a DEL: the successor gets what it asks for"
i=0
while [ $i -lt "$ROUNDS" ]; do
	ip netns add c1
	cni ADD c1 >out 2>err || fail "successor $i: $(cat out err)"
	nsenter --net=/run/netns/c1 ip addr show dev eth0 >addr || fail "successor $i has no interface"
	ip netns del c1
	i=$((i + 1))
done
"$CNM" gc >out
assert_match "gc says why" "c1@eth0.*(gone|another namespace|ended)" "$(cat out)"

say "a late poststop does not harm the successor of the same id"
state() {
	printf '{"ociVersion":"1.0.2","id":"p1","status":"creating","pid":%s,"bundle":"/"}' "$1"
}
unshare --net sleep 1000 &
first=$!
until_true 5 sh -c "[ \$(readlink /proc/$first/ns/net) != \$(readlink /proc/self/ns/net) ]"
state $first | "$CNM" oci --network n createRuntime
kill -9 $first
wait $first 2>/dev/null || true
unshare --net sleep 1000 &
second=$!
until_true 5 sh -c "[ \$(readlink /proc/$second/ns/net) != \$(readlink /proc/self/ns/net) ]"
state $second | "$CNM" oci --network n createRuntime
assert_status 1 sh -c "echo '{\"ociVersion\":\"1.0.2\",\"id\":\"p1\",\"status\":\"stopped\",\"bundle\":\"/\"}' | '$CNM' oci poststop"
nsenter --net=/proc/$second/ns/net ip addr show dev eth0 | grep -q "inet 10.1.0." || fail "the successor lost its address"
kill -9 $second
wait $second 2>/dev/null || true
echo '{"ociVersion":"1.0.2","id":"p1","status":"stopped","bundle":"/"}' | "$CNM" oci poststop

say "what the dead hold is released before somebody is refused: addresses, ports, a wanted address"
"$CNM" network create --subnet 10.2.0.0/29 small >/dev/null
for c in a b c d e; do
	ip netns add $c
	"$CNM" connect small $c --netns /run/netns/$c >/dev/null
done
ip netns add f
assert_status 1 "$CNM" connect small f --netns /run/netns/f
assert_match "full" "no free address" "$(cat err)"
ip netns del a
"$CNM" connect small f --netns /run/netns/f >/dev/null || fail "the address of a dead container was not released"
ip netns del b
ip netns add g
"$CNM" connect small g --netns /run/netns/g -p 8088:80 >/dev/null
for c in c g; do ip netns del $c; done
ip netns add h
"$CNM" connect small h --netns /run/netns/h -p 8088:80 >/dev/null || fail "the port of a dead container was not released"
ip netns add i
"$CNM" connect small i --netns /run/netns/i -p 8088:80 >/dev/null 2>err && fail "the port of a living container was given away"
assert_match "who has it" "8088.*published by" "$(cat err)"
for c in d e f h i; do ip netns del $c; done
"$CNM" gc >/dev/null
"$CNM" network rm small >/dev/null
"$CNM" network rm n >/dev/null
assert_baseline empty "at the end"
