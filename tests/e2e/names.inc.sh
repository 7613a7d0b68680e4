# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034
# What the scripts about the agent's name service share.
PROBE=$(dirname "$CNM")/tests/probe

# start_agent ARGUMENT...
start_agent() {
	"$CNM" agent "$@" 2>>"$TMPDIR/agent.log" &
	AGENT=$!
	until_true 5 [ -S "$CNM_STATE/agent.sock" ] || fail "no agent: $(cat "$TMPDIR/agent.log")"
}

# stop_agent [SIGNAL]
stop_agent() {
	kill "-${1:-TERM}" "$AGENT"
	wait "$AGENT" 2>/dev/null || true
	[ "${1:-TERM}" = TERM ] || rm -f "$CNM_STATE/agent.sock"
}

# own_resolv TEXT: the host's resolv.conf becomes one of the test's own.
own_resolv() {
	printf "$1" >"$TMPDIR/resolv.new"
	mkdir -p "$TMPDIR/etc"
	mv "$TMPDIR/resolv.new" "$TMPDIR/etc/resolv.conf"
	umount /etc/resolv.conf 2>/dev/null || true
	mount --bind "$TMPDIR/etc/resolv.conf" /etc/resolv.conf
}

# within SANDBOX COMMAND...
within() {
	s=$1
	shift
	nsenter --net="$CNM_STATE/netns/$s" "$@"
}

# dig_in SANDBOX SERVER NAME [TYPE [drill options]]: "RCODE data data ..." sorted.
dig_in() {
	s=$1 server=$2 name=$3 type=${4:-A}
	shift 3
	[ $# -eq 0 ] || shift
	within "$s" timeout "${DIG_SECONDS:-20}" drill "$@" "$name" "@$server" "$type" >"$TMPDIR/drill" 2>&1 || true
	rcode=$(sed -n 's/.*rcode: \([A-Z]*\),.*/\1/p' "$TMPDIR/drill" | head -n 1)
	data=$(sed -n '/ANSWER SECTION/,/AUTHORITY SECTION/p' "$TMPDIR/drill" |
		awk 'NF > 4 && $1 !~ /^;/ { $1 = $2 = $3 = $4 = ""; sub(/^ +/, ""); print }' | sort | paste -sd' ')
	echo "${rcode:-none}${data:+ $data}"
}

# told SANDBOX SERVER QUESTION...: "NAME TYPE RCODE DATA..." for each "NAME TYPE".
told() {
	s=$1 server=$2
	shift 2
	printf '%s\n' "$@" | "$PROBE" names "$CNM_STATE/netns/$s" "$server" -w "${ASK_MS:-3000}"
}

# assert_told SANDBOX SERVER, and on standard input what it is to be told: as told prints it.
assert_told() {
	cat >"$TMPDIR/expected"
	"$PROBE" names "$CNM_STATE/netns/$1" "$2" -w "${ASK_MS:-3000}" <"$TMPDIR/expected" >"$TMPDIR/told"
	cmp -s "$TMPDIR/expected" "$TMPDIR/told" || fail "$1 by $2: $(diff -U0 "$TMPDIR/expected" "$TMPDIR/told")"
}
