#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `make bench`: an attach and a detach by cnm against the bare program, in namespaces of their own. ROUNDS (100) may be given.
set -eu
: "${CNM:?}" "${BARE:?}" "${BENCH:?}" "${BENCH_DIR:?}"
if [ -z "${CNM_BENCH:-}" ]; then
	TMPDIR=$(mktemp -d /tmp/cnm-bench.XXXXXX)
	export CNM_BENCH=1 TMPDIR CNM_ROOT="$TMPDIR/root" CNM_STATE="$TMPDIR/state"
	trap 'rm -rf "$TMPDIR"' EXIT
	unshare --net --mount --pid --fork --kill-child --mount-proc sh "$0"
	exit
fi
mount -t tmpfs -o mode=755 tmpfs /run
ip link set lo up
ip netns add pod
"$CNM" network create --subnet 10.98.0.0/24 -o name=br-four four >/dev/null
"$BENCH" "${ROUNDS:-100}" "$CNM" "$BARE" four br-four /run/netns/pod 10.98.0.250 10.98.0.1
"$CNM" network create --subnet 10.99.0.0/24 --subnet fd00:99::/64 -o name=br-both both >/dev/null
"$BENCH" "${ROUNDS:-100}" "$CNM" "$BARE" both br-both /run/netns/pod 10.99.0.250 10.99.0.1 fd00:99::fa fd00:99::1
sh "$(dirname "$0")/ports.sh"
