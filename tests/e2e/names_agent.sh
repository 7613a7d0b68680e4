# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The agent's name service: what is answered to whom, what is forwarded, and that a name is there when a join returns and gone when a leave does.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/names.inc.sh"
make_roots
make_outside
own_resolv 'nameserver 192.0.2.2\n'
ip netns exec outside dnsmasq --no-resolv --no-hosts --no-daemon --log-facility=- --log-queries --listen-address=192.0.2.2 --bind-interfaces \
	--address=/up.example/192.0.2.99 $(seq -f --address=/long.example/192.0.2.%g 100 159) >"$TMPDIR/upstream.log" 2>&1 &

say "a network that was there before, one that comes later, one that is internal"
"$CNM" network create --subnet 10.81.0.0/24 --subnet fd81::/64 -o name=br-web web >/dev/null
"$CNM" sandbox create s1 --hostname One >/dev/null
"$CNM" connect web s1
"$CNM" network create --subnet 10.86.0.0/24 server >/dev/null
"$CNM" sandbox create dns >/dev/null
"$CNM" connect server dns -p 53:53/udp -p 53:53/tcp
start_agent
assert_status 1 "$CNM" agent
assert_match "a second agent" 'another agent serves' "$(cat "$TMPDIR/err")"
assert_match "files of who was there before" '^nameserver 10.81.0.1$' "$(cat "$CNM_STATE/sandboxes/s1/resolv.conf")"
"$CNM" network create --subnet 10.82.0.0/24 other >/dev/null
"$CNM" network create --subnet 10.83.0.0/24 --internal inner >/dev/null
"$CNM" sandbox create s2 >/dev/null
"$CNM" sandbox create s3 >/dev/null
"$CNM" sandbox create s4 >/dev/null
id=$(printf '%064d' 7)
"$CNM" sandbox create "$id" --hostname box.corp >/dev/null
"$CNM" connect web s2 --alias shared --alias "Mixed.Case_x" -p 8053:53/udp -p 8080:80
"$CNM" connect web "$id" --alias shared
"$CNM" endpoint create other named --ip 10.82.0.77 >/dev/null
"$CNM" endpoint join other/named s3 >/dev/null
"$CNM" connect inner s4
W=10.81.0.1 O=10.82.0.1 I=10.83.0.1

say "who is called what, in which family, and what is forwarded: own names are not"
assert_told s1 $W <<'END'
s2 A NOERROR 10.81.0.3
s2.web A NOERROR 10.81.0.3
box.corp A NOERROR 10.81.0.4
box.corp.web A NOERROR 10.81.0.4
000000000000 A NOERROR 10.81.0.4
mixed.case_X A NOERROR 10.81.0.3
shared A NOERROR 10.81.0.3 10.81.0.4
oNE A NOERROR 10.81.0.2
s2 AAAA NOERROR fd81::3
s2 A/tcp NOERROR 10.81.0.3
s2 MX NOERROR
3.0.81.10.in-addr.arpa PTR NOERROR s2.web
3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.8.d.f.ip6.arpa PTR NOERROR s2.web
99.0.81.10.in-addr.arpa PTR NXDOMAIN
_80._tcp.s2 SRV NOERROR 80:s2.web
_http._tcp.s2 SRV NOERROR 80:s2.web
_80._udp.s2 SRV NOERROR
_80._tcp.nobody SRV NXDOMAIN
nobody A NXDOMAIN
no.body.web A NXDOMAIN
up.example A NOERROR 192.0.2.99
up.example A/tcp NOERROR 192.0.2.99
no.example A REFUSED
END
assert_told s1 fd81::1 <<'END'
s2 AAAA NOERROR fd81::3
s2 A/tcp NOERROR 10.81.0.3
END
assert_told s3 $O <<'END'
named A NOERROR 10.82.0.77
s3 AAAA NOERROR
END
assert_told s4 $I <<'END'
up.example A REFUSED
up.example A/tcp REFUSED
s4 A NOERROR 10.83.0.2
END
assert_match "too long for a datagram" '^long.example A NOERROR TC' "$(told s1 $W 'long.example A')"
assert_eq "and whole by TCP" 63 "$(told s1 $W 'long.example A/tcp' | wc -w)"
assert_eq "queries that got out" "0" "$(grep -cE 'query.*(nobody|no.body|s2|shared)' "$TMPDIR/upstream.log" || :)"
first=$(for i in 1 2 3 4; do within s1 drill shared @$W | awk '$4 == "A" && NF == 5 { print $5; exit }'; done | sort | uniq -c | awk '{ print $1 }' | paste -sd' ')
assert_eq "turns" "2 2" "$first"
assert_eq "another class" "REFUSED" "$(dig_in s1 $W version.bind TXT -c CH)"
assert_eq "with EDNS and more" "NOERROR 0 0 80 s2.web." "$(dig_in s1 $W _80._tcp.s2 SRV -D -b 1232)"
assert_match "addresses beside a service" 's2.web.	5	IN	A	10.81.0.3' "$(cat "$TMPDIR/drill")"
say "the host's file is followed"
own_resolv 'nameserver 192.0.2.3\nnameserver 192.0.2.2\n'
ip -n outside addr add 192.0.2.3/24 dev eth0
assert_eq "the second server" "up.example A NOERROR 192.0.2.99" "$(told s1 $W 'up.example A')"
own_resolv "nameserver $W\n"
assert_eq "ourselves are no server" "up.example A SERVFAIL" "$(told s1 $W 'up.example A')"
own_resolv 'nameserver 192.0.2.2\n'
"$CNM" sandbox create s5 --dns 192.0.2.4 >/dev/null
"$CNM" connect web s5
assert_match "a sandbox's own server, behind the agent" '^nameserver 10.81.0.1$' "$(cat "$CNM_STATE/sandboxes/s5/resolv.conf")"
ip -n outside addr add 192.0.2.4/24 dev eth0
assert_eq "nobody is there" "up.example A SERVFAIL" "$(told s5 $W 'up.example A')"
"$CNM" sandbox rm s5 >/dev/null

say "what can be seen depends on who asks"
assert_eq "names of another network, upstream asked for one that may be public" "named A NXDOMAIN
named.other A REFUSED" "$(told s1 $W 'named A' 'named.other A')"
"$CNM" connect web s3
for g in $W $O; do
	assert_told s3 $g <<'END'
named A NOERROR 10.82.0.77
named.other A NOERROR 10.82.0.77
s2 A NOERROR 10.81.0.3
END
done
assert_eq "s2 sees s3 where they meet" "s3 A NOERROR 10.81.0.6" "$(told s2 $W 's3 A')"
"$CNM" network create --subnet 10.84.0.0/24 twin >/dev/null
for n in a b; do "$CNM" sandbox create $n >/dev/null; done
"$CNM" connect twin a --alias db
"$CNM" connect other b --alias db
assert_eq "db on one network" "db A NOERROR 10.84.0.2" "$(told a 10.84.0.1 'db A')"
assert_match "db on the other" '^db A NOERROR 10.82.0.[0-9]+$' "$(told s3 $O 'db A')"
assert_eq "another network's gateway answers nothing" "one A none" "$(ASK_MS=200 told a $W 'one A')"

say "there when the join returns, gone when the leave does"
for i in 1 2 3 4 5 6; do
	"$CNM" connect web a --alias fresh
	assert_match "round $i, joined" '^fresh A NOERROR 10.81' "$(told s1 $W 'fresh A')"
	"$CNM" disconnect web a
	assert_eq "round $i, left" "fresh A NXDOMAIN" "$(told s1 $W 'fresh A')"
done

say "a published port 53 does not take the gateway's"
assert_told s1 $W <<'END'
s2 A NOERROR 10.81.0.3
s2 A/tcp NOERROR 10.81.0.3
END
"$CNM" disconnect server dns
assert_status 1 "$CNM" connect server dns -p 53:53/udp
assert_match "beside the agent: not on every address" '53 is in use on this host by process' "$(cat "$TMPDIR/err")"
"$CNM" connect server dns -p 192.0.2.1:53:53/udp
"$CNM" sandbox rm dns >/dev/null

say "127.0.0.11, where the network wants it"
"$CNM" network create --subnet 10.87.0.0/24 -o dns=loopback dockerlike >/dev/null
assert_status 1 "$CNM" network create -o dns=elsewhere bad
"$CNM" sandbox create l1 >/dev/null
"$CNM" connect dockerlike l1
assert_eq "resolv.conf" "nameserver 127.0.0.11" "$(grep nameserver "$CNM_STATE/sandboxes/l1/resolv.conf")"
assert_eq "itself, as soon as it has joined" "l1 A NOERROR 10.87.0.2" "$(told l1 127.0.0.11 'l1 A')"
"$CNM" connect web l1
assert_told l1 127.0.0.11 <<'END'
s2 A/tcp NOERROR 10.81.0.3
up.example A NOERROR 192.0.2.99
END
"$CNM" disconnect dockerlike l1
assert_match "resolv.conf of the network that is left" '^nameserver 10.81.0.1$' "$(cat "$CNM_STATE/sandboxes/l1/resolv.conf")"
"$CNM" sandbox rm l1 >/dev/null

say "networks go and come under the same name"
"$CNM" sandbox rm a >/dev/null
"$CNM" network rm twin >/dev/null
"$CNM" network create --subnet 10.85.0.0/24 twin >/dev/null
"$CNM" sandbox create a >/dev/null
"$CNM" connect twin a
assert_eq "the new one" "a A NOERROR 10.85.0.2" "$(told a 10.85.0.1 'a A')"
ip link del br-web
"$CNM" reconcile >/dev/null
assert_eq "after the bridge was made again" "s2 A NOERROR 10.81.0.3" "$(told s1 $W 's2 A')"

say "the agent is killed and comes again; without it files hold the names"
stop_agent KILL
"$CNM" connect web a --alias late
assert_match "hosts without an agent" '	a late a.web$' "$(cat "$CNM_STATE/sandboxes/s1/hosts")"
start_agent --ttl 0
assert_match "after its return" "^NOERROR 10.81.0.[0-9]+\$" "$(dig_in s1 $W late)"
assert_match "time to live" 'late.	0	IN	A' "$(cat "$TMPDIR/drill")"
assert_eq "hosts with an agent" "" "$(grep late "$CNM_STATE/sandboxes/s1/hosts" || :)"
stop_agent
assert_match "hosts after an orderly end" '	a late a.web$' "$(cat "$CNM_STATE/sandboxes/s1/hosts")"
assert_match "resolv.conf after it" '^nameserver 192.0.2.2$' "$(cat "$CNM_STATE/sandboxes/s1/resolv.conf")"
assert_eq "what the agent had to say" "" "$(cat "$TMPDIR/agent.log")"
