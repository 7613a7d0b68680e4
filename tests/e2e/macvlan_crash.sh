# SPDX-License-Identifier: GPL-2.0-or-later
# A network and an attachment on a parent, killed at each system call that changes something: what is left is taken over by the next connect, and
# released by a disconnect; a killed disconnect is finished by the next.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/parent.inc.sh"

make_roots
make_lan
ip netns add c1

# killed_at SYSCALL N COMMAND...: runs it with a kill at its Nth such call. False: it ended before.
killed_at() {
	at=$1 n=$2
	shift 2
	status=0
	strace -qq -f -o /dev/null -e "trace=$at" -e "inject=$at:signal=SIGKILL:when=$n" "$@" >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null || status=$?
	[ $status != 0 ] || return 1
	[ $status = 137 ] || fail "$at $n of $*: status $status: $(cat "$TMPDIR/err")"
}

assert_alone() {
	assert_eq "links of c1 $1" lo "$(ip -n c1 -j link | jq -r '.[].ifname')"
}

# Of a killed call nothing, or all, may have happened: then there is nothing to disconnect. What is left is compared all the same.
disconnect() {
	"$CNM" disconnect lan c1 >/dev/null 2>"$TMPDIR/err" || assert_match "disconnect" 'is not connected$' "$(cat "$TMPDIR/err")"
}

connect() {
	"$CNM" connect --netns /run/netns/c1 lan c1
}

# A record's writer that is killed leaves its temporary file, which goes with the network: the store's matter, whatever the driver.
no_temporaries() {
	find "$CNM_STATE/networks" -name '.*.joining.*' -delete
	find "$CNM_STATE/networks" -name '.*.json.*' -delete
}

calls="sendmsg setns symlinkat renameat mkdirat unlinkat"
total=0
baseline none
say "network create, without a parent: its own links are made"
for call in $calls; do
	n=1
	while killed_at $call $n "$CNM" network create -d macvlan --subnet 10.3.0.0/24 lan; do
		# The killed one left a record, or nothing.
		"$CNM" network rm lan >/dev/null 2>&1 || "$CNM" network create -d macvlan --subnet 10.3.0.0/24 lan >/dev/null
		"$CNM" network rm lan >/dev/null 2>&1 || true
		total=$((total + 1)) n=$((n + 1))
	done
	"$CNM" network rm lan >/dev/null
	assert_baseline none "after network create killed at $call, something"
done

create -d macvlan -o parent=lan0
connect >/dev/null
"$CNM" disconnect lan c1 >/dev/null
baseline network
say "connect"
for call in $calls; do
	n=1
	while killed_at $call $n "$CNM" connect --netns /run/netns/c1 lan c1; do
		if [ $((n % 2)) = 0 ]; then connect >/dev/null || fail "connect after a kill at $call $n"; fi
		disconnect
		assert_alone "after a kill at $call $n"
		total=$((total + 1)) n=$((n + 1))
	done
	disconnect
	no_temporaries
	assert_baseline network "after connect killed at $call, something"
done

say "disconnect"
for call in $calls; do
	n=1
	connect >/dev/null
	while killed_at $call $n "$CNM" disconnect lan c1; do
		disconnect
		assert_alone "after a kill at $call $n"
		connect >/dev/null
		total=$((total + 1)) n=$((n + 1))
	done
	no_temporaries
	assert_baseline network "after disconnect killed at $call, something"
done

say "network rm"
for call in $calls; do
	n=1
	while killed_at $call $n "$CNM" network rm lan; do
		"$CNM" network rm lan >/dev/null 2>&1 || true
		create -d macvlan -o parent=lan0
		total=$((total + 1)) n=$((n + 1))
	done
	create -d macvlan -o parent=lan0
done
"$CNM" network rm lan >/dev/null
assert_baseline none
[ $total -gt 30 ] || fail "only $total kills: the sweep swept nothing"
say "$total kills"
