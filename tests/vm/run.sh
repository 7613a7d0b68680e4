#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh DIRECTORY: boots the machine in DIRECTORY and runs tests in it ($FILTER, $E2E, as make run-tests takes them). Its output is the
# tests', as they go; its exit status is theirs. A machine that does not end by itself within $VM_SECONDS is stopped: a failure.
set -eu
dir=$1
kernel=$(echo "$dir"/kernel/boot/vmlinuz-*)
seconds=${VM_SECONDS:-600}
filter=$(printf '%s' "${FILTER:-}" | tr ' ' ',') e2e=$(printf '%s' "${E2E:-}" | tr -s ' \n\t' ',')

# An old processor, for the wide registers of a new one are slow to emulate; and no tables switched at each system call for its faults.
cpu=qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+rdrand
# no_timer_check: a machine that waits for its turn at start takes its timer for broken, and goes on without.
words="console=ttyS0 quiet mitigations=off nokaslr no_timer_check rcupdate.rcu_cpu_stall_suppress=1 panic=-1 rdinit=/init
	random.trust_cpu=on cnm.jobs=${VM_JOBS:-2} cnm.filter=$filter cnm.e2e=$e2e"
rm -f "$dir/status" "$dir/qemu"
echo "  VM    $(basename "$kernel")"
# Without KVM, which machines that are virtual themselves seldom have. Tests are shown once they have ended.
{
	status=0
	timeout --kill-after=5 "$seconds" qemu-system-x86_64 -accel tcg,thread=multi,tb-size=256 -cpu "$cpu" -smp 2 -m "${VM_MEMORY:-1536}" \
		-nodefaults -no-user-config -display none -no-reboot -kernel "$kernel" -initrd "$dir/initrd" -serial stdio \
		-serial "file:$dir/status" -append "$(echo $words)" </dev/null || status=$?
	echo $status >"$dir/qemu"
} | sed -u -e 's/\r$//' -e 's/\x1b\[[0-9;]*m//g' -e '/SKIP.*: Test is disabled$/d; / Running .* from /d; /Criterion v/d; /RUN .*:[a-z0-9_]*$/d' \
	-e '/reboot: Power down/d; s/^/    /'
status=$(cat "$dir/qemu")
case $status in
0) ;;
124 | 137)
	echo "check-vm: the machine was stopped after $seconds seconds" >&2
	exit 1
	;;
*)
	echo "check-vm: qemu ended with status $status" >&2
	exit 1
	;;
esac
result=$(sed -n 's/^status \([0-9]*\).*/\1/p' "$dir/status" | tr -d '\r')
if [ -z "$result" ]; then
	echo "check-vm: the machine ended before its tests did" >&2
	exit 1
fi
exit "$result"
