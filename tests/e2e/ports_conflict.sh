# SPDX-License-Identifier: GPL-2.0-or-later
# Who gets a port of the host: another endpoint's, a process's, two that ask at the same moment; what is no conflict; ports that cnm chooses; and
# what a loser leaves.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/ports.inc.sh"

# publishes NETWORK CONTAINER OPTION...: it gets them, and gives them back.
publishes() {
	network=$1 name=$2
	shift 2
	assert_status 0 "$CNM" connect --netns "/run/netns/$name" "$network" "$name" "$@"
	"$CNM" sandbox rm "$name" >/dev/null
}

# refuses PATTERN OPTION...: for x1 on blue.
refuses() {
	pattern=$1
	shift
	refused "$pattern" "$CNM" connect --netns /run/netns/x1 blue x1 "$@"
}

# port_of ENDPOINT JQ-SELECTION: host ports of those of its ports.
port_of() {
	"$CNM" endpoint inspect "$1" | jq -r ".[0].Ports[] | select($2) | .HostPort"
}

make_roots
make_world
bridge_filter 0 || :
baseline
"$CNM" network create --subnet 10.10.0.0/24 --subnet fd00:10::/64 red >/dev/null
"$CNM" network create --subnet 10.11.0.0/24 --subnet fd00:11::/64 blue >/dev/null
join red r1 -p 8000:7777 -p 8010-8019:7771-7780 -p 8020-8029:8020-8029 -p 192.0.2.1:8030:7777 -p '[2001:db8:2::1]:8031:7777' -p 8032:7777/udp
ip netns add x1
ip netns add x2
# A bridge keeps what answers to the loopback need from its first published port on.
publishes blue x1 -p 80
baseline joined
BEFORE=joined

say "taken by another endpoint: the same port, one in a range, a range around one, ranges that overlap"
for port in 8000:80 8000:7777 8010:80 8015:80 8019:80 8024:80 8000-8009:8000-8009 7990-8000:90-100 8005-8012:8005-8012 8019-8020:1-2 \
	8029-8040:8029-8040 8016-8017:16-17; do
	refuses 'port .*/tcp is published by red/r1@eth0' -p $port
done
say "one address of the host against all of them, both ways"
for port in 192.0.2.1:8000:80 192.0.2.9:8000:80 127.0.0.1:8015:80 '[::1]:8024:80' '[2001:db8:2::9]:8000:80' 0.0.0.0:8000:80 '[::]:8000:80' \
	8030:80 8031:80 8025-8035:8025-8035 192.0.2.1:8030:81 0.0.0.0:8030:80 '[::]:8031:80' 192.0.2.1:8026-8036:8026-8036; do
	refuses 'port .*/tcp is published by red/r1@eth0' -p "$port"
done
say "one of many is enough, and then none is taken"
refuses '8000/tcp is published by red/r1@eth0' -p 8100:80 -p 8101-8109:81-89 -p 8000:80 -p 8110:80
refuses '8032/udp is published by red/r1@eth0' -p 8100:80 -p 8032:80/udp

say "no conflict: another protocol, another address, another family, the ports between"
publishes blue x1 -p 8000:80/udp -p 8015:80/sctp -p 8032:80/tcp -p 192.0.2.9:8030:80 -p '[2001:db8:2::9]:8031:80' -p 192.0.2.1:8031:80 \
	-p '[2001:db8:2::1]:8030:80' -p 8001-8009:1-9 -p 8033-8039:8033-8039
publishes blue x1 -p 0.0.0.0:8200:80 -p '[::]:8200:81' -p 127.0.0.1:8201:80 -p 192.0.2.1:8201:81
assert_baseline joined

say "published twice by one endpoint"
publishes blue x1 -p 8300:80 -p 8300:80
for second in 8300:81 8299-8301:1-3 192.0.2.1:8300:80 127.0.0.1:8300:80; do
	refuses 'published twice' -p 8300:80 -p $second
done

say "what is no port"
for port in 0 70000 80:0 80-70:80-70 8000-8001:80-82 x:80 1.2.3:80:80 80:80/icmp '[::1:80:80' 300.0.0.1:80:80 65530-65540:1-11 ''; do
	# Bad usage has a status of its own.
	status=$(status_of "$CNM" connect --netns /run/netns/x1 blue x1 -p "$port")
	[ "$status" != 0 ] || fail "-p $port was taken"
	assert_baseline joined "after -p $port something"
done

say "taken by a process of the host, in either family, on any address or on one"
# listening COMMAND...: until it listens.
listening() {
	"$@" </dev/null >/dev/null 2>&1 &
	listener=$!
	until_true 5 sh -c 'ss -Hlntup | grep -q "pid=$1,"' sh $listener || fail "$*: no listener"
}
listening nc -l -k 8400
refuses "8400.*in use.* process $listener \(nc\)" -p 8400:80
refuses "8400.*process $listener \(nc\)" -p 8390-8410:8390-8410
refuses "8400.*process $listener \(nc\)" -p 192.0.2.1:8400:80
publishes blue x1 -p 8400:80/udp -p 8400:80/sctp
kill $listener
listening nc -l -k 127.0.0.1 8401
refuses "8401.*process $listener \(nc\)" -p 8401:80
refuses "8401.*process $listener \(nc\)" -p 127.0.0.1:8401:80
publishes blue x1 -p 192.0.2.1:8401:80 -p '[::1]:8401:80'
kill $listener
listening nc -l -k -6 ::1 8402
refuses "8402.*process $listener \(nc\)" -p 8402:80
publishes blue x1 -p 127.0.0.1:8402:80
kill $listener
listening nc -l -k -u 8403
refuses "8403.*process $listener \(nc\)" -p 8403:80/udp
publishes blue x1 -p 8403:80
kill $listener
# A container's own server is no process of the host.
publishes blue x1 -p 7777:7777
assert_baseline joined

say "of eight that ask at the same moment one wins: for a port, and for a range or a port in it"
for n in 1 2 3 4 5 6 7 8; do
	ip netns add p$n
done
BEFORE=
baseline eight
for round in 1 2 3; do
	rm -f won lost
	for n in 1 2 3 4 5 6 7 8; do
		case $round-$n in
		1-*) port=8500:80 ;;
		*-[1357]) port=8500-8509:8500-8509 ;;
		2-*) port=850$n:80 ;;
		*) port=192.0.2.1:8505:80 ;;
		esac
		{ "$CNM" connect --netns /run/netns/p$n blue p$n -p $port >/dev/null 2>p$n.err && echo $n >>won || echo $n >>lost; } &
	done
	wait
	[ $round = 2 ] || assert_eq "winners in round $round" 1 "$(wc -l <won)"
	# Single ports inside the range may all win when no range did.
	if grep -q '[1357]' won; then
		assert_eq "winners in round $round" 1 "$(wc -l <won)"
	fi
	for n in $(cat lost); do
		assert_match "refusal of p$n" 'published by blue/p[1-8]@eth0|taken at the same moment' "$(cat p$n.err)"
	done
	for n in $(cat won); do
		"$CNM" sandbox rm p$n >/dev/null
	done
	assert_baseline eight "after round $round something"
done

say "what the kernel alone cannot see: one address against all of them, again and again"
for round in 1 2 3 4 5 6 7 8 9 10 11 12; do
	rm -f won
	for n in 1 2 3 4; do
		case $n in
		[13]) port=8600-8609:8600-8609 ;;
		*) port=192.0.2.$((n == 2 ? 1 : 9)):8605:80 ;;
		esac
		{ "$CNM" connect --netns /run/netns/p$n blue p$n -p $port >/dev/null 2>&1 && echo $n >>won || :; } &
	done
	wait
	case $(sort won | tr -d '\n') in
	1 | 2 | 3 | 4 | 24) ;;
	*) fail "winners in round $round: $(cat won)" ;;
	esac
	for n in $(cat won); do
		"$CNM" sandbox rm p$n >/dev/null
	done
done
assert_baseline eight

say "a loser that goes takes nothing with it"
refuses '8000/tcp is published by red/r1@eth0' -p 8000:80
"$CNM" disconnect blue x1 >/dev/null 2>&1 || :
matrix 4 tcp <<'ROWS'
far host 8000 = far 7777 r1
ROWS

say "what is given back can be taken at once; a range that keeps its numbers and a shifted one"
matrix 4 "tcp" <<'ROWS'
far host 8019 = far 7780 r1
far host 8016 = far 7777 r1
far host 8009 = -
ROWS
leave r1
join blue y1 -p 8000-8019:7761-7780 -p 7770-7780:7770-7780/udp
matrix 6 "tcp" <<'ROWS'
far host 8016 = far 7777 y1
far host 8019 = far 7780 y1
ROWS
matrix 4 "udp" <<'ROWS'
far host 7777 = far 7777 y1
far host 7780 = far 7780 y1
ROWS
assert_eq "elements of a range" 1 "$(nft list map inet cnm ranges4 | grep -o '7770-7780' | wc -l)"
leave y1

say "a port that cnm chooses: free, reported, published"
join red r1 -p 7777 -p 7778/udp -p 7779-7780 -p 127.0.0.1::7777/sctp
for protocol in tcp:7777 udp:7778 tcp:7779 sctp:7777; do
	chosen=$(port_of red/r1@eth0 ".Protocol == \"${protocol%:*}\" and .Port == ${protocol#*:}")
	assert_match "chosen port" '^[0-9]+$' "$chosen"
	[ "$chosen" -gt 0 ] || fail "port 0 was chosen"
	[ "${protocol%:*}" = sctp ] || echo "far host $chosen = far ${protocol#*:} r1"
done >rows
matrix 4 tcp <<ROWS
$(grep -v 7778 rows)
far host $(($(port_of red/r1@eth0 '.Port == 7779') + 1)) = far 7780 r1
ROWS
matrix 6 udp <<ROWS
$(grep 7778 rows)
ROWS
assert_eq "end of the chosen range" $(($(port_of red/r1@eth0 '.Port == 7779') + 1)) \
	"$("$CNM" endpoint inspect red/r1@eth0 | jq '.[0].Ports[] | select(.Port == 7779).HostPortEnd')"

say "as Docker writes it"
"$CNM" connect --netns /run/netns/x1 blue x1 -p 0:80/TCP >/dev/null || fail "0:80/TCP is refused"
[ "$(port_of blue/x1@eth0 '.Protocol == "tcp"')" -gt 0 ] || fail "no port was chosen for 0:80"
"$CNM" sandbox rm x1 >/dev/null
refuses '224.0.0.1 is a multicast address' -p 224.0.0.1:8500:80

say "out of the kernel's own range, without what is taken; when there is none left that is said"
echo "40000 40003" >/proc/sys/net/ipv4/ip_local_port_range
listening nc -l -k 40000
"$CNM" connect --netns /run/netns/p1 blue p1 -p 40001:80
"$CNM" connect --netns /run/netns/p2 blue p2 -p 80
"$CNM" connect --netns /run/netns/p3 blue p3 -p 80
assert_eq "chosen ports" "40002 40003" "$({ port_of blue/p2@eth0 true; port_of blue/p3@eth0 true; } | sort | tr '\n' ' ' | sed 's/ $//')"
refuses 'no free port' -p 80
kill $listener
"$CNM" sandbox rm p2 >/dev/null
"$CNM" sandbox rm p3 >/dev/null
echo "32768 60999" >/proc/sys/net/ipv4/ip_local_port_range
"$CNM" sandbox rm p1 >/dev/null

say "an endpoint that nobody joined has no port yet; the join has it"
"$CNM" endpoint create -p 8600:7777 blue e1 >/dev/null
publishes blue x1 -p 8600:80
"$CNM" connect --netns /run/netns/x2 red x2
"$CNM" endpoint join blue/e1 x2 >/dev/null
refuses '8600/tcp is published by blue/e1' -p 8600:80
"$CNM" endpoint leave blue/e1 >/dev/null
publishes blue x1 -p 8600:80
"$CNM" endpoint rm blue/e1 >/dev/null
"$CNM" sandbox rm x2 >/dev/null

leave r1
for n in p1 p2 p3 p4 p5 p6 p7 p8 x1 x2; do
	ip netns del $n
done
"$CNM" network rm red >/dev/null
"$CNM" network rm blue >/dev/null
assert_baseline
