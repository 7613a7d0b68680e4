# SPDX-License-Identifier: GPL-2.0-or-later
# What one ADD and one DEL may cost: system calls, user-space instructions (dynamic linking included), memory. Counted, not timed: the same on every
# machine of one architecture, to about a per cent.
#
# The bounds are here and nowhere else: about 5 % above what was counted last. To lower them after an improvement, run
# `sh tests/e2e/cost.sh`, which prints the counts, and write them here with 5 % added. To raise one, say in the commit what it buys.
# The system calls of DEL contain those of the child that waits for the kernel.
MAX_ADD_CALLS=238 MAX_ADD_INSTRUCTIONS=1098000
MAX_DEL_CALLS=240 MAX_DEL_INSTRUCTIONS=1040000
MAX_PEAK_KIB=4095
. "$(dirname "$0")/lib.sh"
PEAK=$(dirname "$CNM")/tests/peak OPENAT2=$(dirname "$CNM")/tests/callgrind_openat2.so

if [ -n "${CNM_SANITIZER:-}" ]; then
	say "a sanitizer's own work would be counted"
	exit 0
fi

over=
# counted WHAT COUNT MOST: all are counted before one that is too many fails the test.
counted() {
	say "$1: $2, at most $3"
	[ "$2" -gt 0 ] || fail "$1: nothing was counted"
	[ "$2" -le "$3" ] || over="$over
$1: $2, at most $3"
}

# by COMMAND PREFIX...: that CNI command, run by way of the prefix.
by() {
	command=$1
	shift
	CNI_COMMAND=$command "$@" "$CNM" <conf >out 2>err || fail "$command by $1: $(cat out err)"
}

# calls FILE: those of a trace. A write to a sysctl that finds the kernel's network lock taken is begun again by the kernel itself (restart_syscall in
# addrconf_disable_ipv6), hundreds of times on a busy machine: none of them is our call.
calls() {
	grep -cvE 'resumed>|^[0-9]+ +(\+\+\+|---)|ERESTARTNOINTR' "$1"
}

"$CNM" network create --subnet 10.9.0.0/24 -o name=br-cost cost >/dev/null
ip netns add pod
printf '%s' '{"cniVersion":"1.0.0","name":"cost","type":"cnm","runtimeConfig":{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}}' >conf
export CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/pod CNI_IFNAME=eth0 CNI_PATH=/

# The first one finds less there than those after it.
by ADD env
[ -n "$(address_in /run/netns/pod inet eth0)" ] || fail "no address after ADD"
by DEL env

by ADD strace -f -qq -o add.strace
by DEL strace -f -qq -o del.strace
counted "system calls of ADD" "$(calls add.strace)" $MAX_ADD_CALLS
counted "system calls of DEL" "$(calls del.strace)" $MAX_DEL_CALLS

# A file a process. A child's count begins with its parent's, so the greatest is that of the process that was started, or of a child with its parent's
# part before it: nothing is counted twice.
for command in ADD DEL; do
	by $command env LD_PRELOAD="$OPENAT2" valgrind --tool=callgrind --quiet --error-exitcode=99 --callgrind-out-file="$command.%p"
	until_true 5 sh -c "! pgrep callgrind >/dev/null" || fail "the child of $command does not end"
	eval "instructions_$command=\$(awk '/^totals:/ && \$2 > most { most = \$2 } END { print most + 0 }' $command.*)"
done
# shellcheck disable=SC2154
counted "instructions of ADD" "$instructions_ADD" $MAX_ADD_INSTRUCTIONS
# shellcheck disable=SC2154
counted "instructions of DEL" "$instructions_DEL" $MAX_DEL_INSTRUCTIONS

by ADD "$PEAK" add.peak
by DEL "$PEAK" del.peak
counted "KiB of memory of ADD" "$(cat add.peak)" $MAX_PEAK_KIB
counted "KiB of memory of DEL" "$(cat del.peak)" $MAX_PEAK_KIB
[ -z "$(endpoints)" ] || fail "still there after DEL"
[ -z "$over" ] || fail "more than the bounds, which stand at the head of tests/e2e/cost.sh:$over"
