#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `make bench`: all measurements, in network, mount and process namespaces of their own. bench.py says what may be given.
set -eu
: "${CNM:?}" "${BENCH_DIR:?}"
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${CNM_BENCH:-}" ]; then
	TMPDIR=$(mktemp -d /tmp/cnm-bench.XXXXXX)
	export CNM_BENCH=1 TMPDIR CNM_ROOT="$TMPDIR/root" CNM_STATE="$TMPDIR/state" BENCH_OUT="${BENCH_OUT:-$BENCH_DIR}"
	# Cgroups are the machine's. All that was in them is gone by now, but the kernel may need a moment to see it.
	clean_up() {
		for try in 1 2 3 4 5 6 7 8 9 10; do
			find /sys/fs/cgroup -depth -type d -path "*/cnm-bench-$(basename "$TMPDIR")*" -exec rmdir {} + 2>/dev/null
			[ -n "$(find /sys/fs/cgroup -maxdepth 2 -name "cnm-bench-$(basename "$TMPDIR")*")" ] || break
			sleep 0.3
		done
		rm -rf "$TMPDIR"
	}
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	unshare --net --mount --pid --fork --kill-child --mount-proc sh "$here/run.sh"
	exit
fi
mount -t tmpfs -o mode=755 tmpfs /run
# State of every contender is on a tmpfs, as it is where they run.
mount -t tmpfs -o mode=700,size=2g tmpfs "$TMPDIR"
mount -t tmpfs tmpfs /var/lib/cni 2>/dev/null || :
ip link set lo up
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$here/bench.py"
case " ${PARTS:-ports} " in
*ports*)
	ROUNDS=${PORTS_ROUNDS:-30} sh "$here/ports.sh" >"$BENCH_OUT/ports.txt"
	cat "$BENCH_OUT/ports.txt"
	;;
esac
