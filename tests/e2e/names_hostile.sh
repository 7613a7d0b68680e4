# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# One container that wants to harm the name service: others are served meanwhile, and what it can make the agent keep is bounded.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/names.inc.sh"
make_roots
make_outside
own_resolv 'nameserver 192.0.2.2\n'
ip netns exec outside dnsmasq --no-resolv --no-hosts --no-daemon --listen-address=192.0.2.2 --bind-interfaces --address=/up.example/192.0.2.99 >/dev/null 2>&1 &
# evil's own server takes everything and says nothing.
ip -n outside addr add 192.0.2.3/24 dev eth0
ip netns exec outside nc -u -l -k 192.0.2.3 53 >/dev/null 2>&1 &
"$CNM" network create --subnet 10.81.0.0/24 web >/dev/null
"$CNM" sandbox create evil --dns 192.0.2.3 >/dev/null
"$CNM" sandbox create good >/dev/null
for s in evil good; do
	"$CNM" connect web $s
done
start_agent
W=10.81.0.1

memory() {
	awk '/VmRSS/ { print $2 }' "/proc/$AGENT/status"
}

files() {
	find "/proc/$AGENT/fd" -mindepth 1 2>/dev/null | wc -l
}

# Connected sockets without a client of their own: bash's /dev/udp and /dev/tcp. send_udp NUMBER SECONDS TEXT: what comes back by then is in reply.NUMBER.
send_udp() {
	within evil timeout "$2" bash -c "exec 3<>/dev/udp/$W/53; printf '$3' >&3; exec dd bs=4096 count=1 status=none <&3" >"$TMPDIR/reply.$1" 2>/dev/null || true
}

served() {
	assert_told good $W <<'END'
evil A NOERROR 10.81.0.2
evil A/tcp NOERROR 10.81.0.2
up.example A NOERROR 192.0.2.99
END
}

served
before=$(memory)
idle=$(files)
say "messages that are none: empty, short, a response; a name that points to itself, behind the end, 65535 records of which there is none"
n=0
for bytes in '' '\1' '\1\2\3\4\5\6\7\10\11\12\13' '\1\2\200\0\0\1\0\0\0\0\0\0\0\0\1\0\1' \
	'\1\2\1\0\0\1\0\0\0\0\0\0\300\14\0\1\0\1' '\1\2\1\0\0\1\0\0\0\0\0\0\300\377\0\1\0\1' '\1\2\1\0\0\1\0\0\0\0\377\377\0\0\1\0\1'; do
	n=$((n + 1))
	send_udp $n $((n < 5 ? 1 : 5)) "$bytes" &
	senders="${senders:-} $!"
done
wait $senders
for n in 1 2 3 4; do assert_eq "reply to message $n" 0 "$(wc -c <"$TMPDIR/reply.$n")"; done
for n in 5 6 7; do
	assert_eq "format error for message $n" 1 "$(od -An -tu1 -j3 -N1 "$TMPDIR/reply.$n" | awk '{ print $1 % 16 }')"
done

say "TCP: half of a length, half of a query, and nobody who reads; and a flood of names that must be forwarded"
within evil bash -c 'for i in {1..200}; do exec {fd}<>/dev/tcp/10.81.0.1/53; printf "\0" >&$fd; done; sleep 30' >/dev/null 2>&1 &
hog=$!
printf '\377\377xxxxxxxxxxxxxxxxxx' | within evil timeout 2 nc $W 53 >"$TMPDIR/reply" 2>/dev/null || true
assert_eq "too long a query" 0 "$(wc -c <"$TMPDIR/reply")"
seq -f 'x%g.example A' 20000 >"$TMPDIR/flood"
within evil dnsperf -s $W -d "$TMPDIR/flood" -q 5000 -l 3 -t 1 -Q 4000 >"$TMPDIR/flood.out" 2>&1 &
flood=$!
until_true 4 eval '[ "$(files)" -gt $((idle + 200)) ]' || fail "connections and queries are not there: $(files), before $idle"
for i in 1 2 3; do
	served
	[ "$(files)" -lt $((idle + 700)) ] || fail "one client holds $(files) descriptors"
done
wait $flood || true
assert_match "answers that the flood got" 'Queries (sent|completed)' "$(cat "$TMPDIR/flood.out")"
until_true 15 eval '[ "$(files)" -le $((idle + 2)) ]' || fail "connections and queries stay: $(files), before $idle"
kill $hog
after=$(memory)
[ "$after" -lt $((before + 12000)) ] || fail "memory grew from $before to $after kB"
assert_eq "evil itself, after all that" "good A NOERROR 10.81.0.3" "$(told evil $W 'good A')"

say "a source that is not of the network"
within evil ip addr add 10.99.0.9/32 dev lo
printf '\1\2\1\0\0\1\0\0\0\0\0\0\4good\0\0\1\0\1' | within evil timeout 1 nc -u -w 1 -s 10.99.0.9 $W 53 >"$TMPDIR/reply" 2>/dev/null || true
assert_eq "reply" 0 "$(wc -c <"$TMPDIR/reply")"

say "killed and started again under load: what was lost is counted"
printf 'good A\nevil AAAA\nnobody A\n' >"$TMPDIR/load"
within good dnsperf -s $W -d "$TMPDIR/load" -l 3 -t 1 -q 20 -Q 2000 >"$TMPDIR/load.out" 2>&1 &
load=$!
sleep 1
stop_agent KILL
start_agent
wait $load || true
sent=$(awk '/Queries sent/ { print $3 }' "$TMPDIR/load.out")
lost=$(awk '/Queries lost/ { print $3 }' "$TMPDIR/load.out")
say "$lost of $sent queries were lost"
[ "$sent" -gt 1500 ] || fail "there was no load: $(cat "$TMPDIR/load.out")"
[ $((lost * 4)) -lt "$sent" ] || fail "$lost of $sent queries were lost"
assert_eq "what the agent had to say" "" "$(cat "$TMPDIR/agent.log")"
stop_agent
