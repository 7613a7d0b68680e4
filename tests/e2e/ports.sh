# SPDX-License-Identifier: GPL-2.0-or-later
# Published ports: who reaches which port by which address, over TCP, UDP and SCTP, in both families; conflicts; what a flushed
# ruleset loses and gets back.
. "$(dirname "$0")/lib.sh"
PROBE=$(dirname "$CNM")/tests/probe

# answer FROM PROTOCOL ADDRESS PORT: what the server says, "" when there is none; FROM is a namespace, or `host`.
answer() {
	from=$1
	shift
	if [ "$from" = host ]; then
		"$PROBE" ask "$@" -w "${PATIENCE:-400}" 2>/dev/null || :
	else
		ip netns exec "$from" "$PROBE" ask "$@" -w "${PATIENCE:-400}" 2>/dev/null || :
	fi
}

# reaches FROM PROTOCOL ADDRESS PORT CLIENT SERVER-PORT NAME: the server of that name sees that client.
reaches() {
	got=$(PATIENCE=3000 answer "$1" "$2" "$3" "$4" | awk '{ print $1, $3, $4 }')
	[ "$got" = "$5 $6 $7" ] || echo "$1 asks $2 $3 $4: expected \"$5 $6 $7\", got \"$got\"" >>failures
}

# apart FROM PROTOCOL ADDRESS PORT
apart() {
	got=$(answer "$@")
	[ -z "$got" ] || echo "$1 reaches $2 $3 $4: $got" >>failures
}

# Questions are asked at the same time: most of the silent ones wait.
settle() {
	wait $jobs_
	jobs_=
	[ ! -e failures ] || fail "$(cat failures)"
}
jobs_=
ask_all() {
	"$@" &
	jobs_="$jobs_ $!"
}

serve_in() {
	ip netns exec "$1" "$PROBE" serve -b -n "$1" tcp 7777 udp 7777 sctp 7777 tcp 7779 tcp 9001 </dev/null >/dev/null 2>&1
}

refused() {
	pattern=$1
	shift
	baseline refusal
	assert_status 1 "$@"
	assert_match "refusal" "$pattern" "$(cat err)"
	assert_baseline refusal "after a refusal something"
	printf '   %s\n' "$(cat err)"
}

make_roots
# With br_netfilter the kernel drops answers to ::1, which has a test of its own below.
bridge_filter=/proc/sys/net/bridge/bridge-nf-call-ip6tables
[ ! -e $bridge_filter ] || echo 0 >$bridge_filter
make_outside
baseline
"$CNM" network create --subnet 10.10.0.0/24 --subnet fd00:10::/64 red >/dev/null
"$CNM" network create --subnet 10.11.0.0/24 --subnet fd00:11::/64 blue >/dev/null
"$CNM" network create --subnet 10.12.0.0/24 --internal closed >/dev/null
for n in r1 r2 b1 i1; do
	ip netns add $n
done
baseline networks
"$CNM" connect --netns /run/netns/r1 red r1 -p 8080:7777 -p 8080:7777/udp -p 8080:7777/sctp -p 127.0.0.1:8081:7777 -p '[::1]:8081:7777' \
	-p 192.0.2.1:8082:7777 -p 8778-8780:7777-7779 -p 9000-9099:9000-9099 -p 7779
"$CNM" connect --netns /run/netns/r2 red r2
"$CNM" connect --netns /run/netns/b1 blue b1 -p 8083:7777
"$CNM" connect --netns /run/netns/i1 closed i1
for n in r1 r2 b1 i1; do
	serve_in $n
done
ip -n outside route add 10.10.0.0/24 via 192.0.2.1
ip -n outside route add fd00:10::/64 via 2001:db8:2::1
r2_4=$(address_in /run/netns/r2 inet eth0) r2_6=$(address_in /run/netns/r2 inet6 eth0)
b1_4=$(address_in /run/netns/b1 inet eth0) b1_6=$(address_in /run/netns/b1 inet6 eth0)
r1_4=$(address_in /run/netns/r1 inet eth0) r1_6=$(address_in /run/netns/r1 inet6 eth0)

say "by the host's addresses, over each protocol"
for p in tcp udp sctp; do
	ask_all reaches outside $p 192.0.2.1 8080 192.0.2.2 7777 r1
	ask_all reaches outside $p 2001:db8:2::1 8080 2001:db8:2::2 7777 r1
	ask_all reaches host $p 192.0.2.1 8080 192.0.2.1 7777 r1
	ask_all reaches host $p 2001:db8:2::1 8080 2001:db8:2::1 7777 r1
	ask_all reaches b1 $p 192.0.2.1 8080 "$b1_4" 7777 r1
	ask_all reaches b1 $p 2001:db8:2::1 8080 "$b1_6" 7777 r1
	settle
	# Hairpin: the source cannot be the client's.
	ask_all reaches r2 $p 192.0.2.1 8080 10.10.0.1 7777 r1
	ask_all reaches r2 $p 2001:db8:2::1 8080 fd00:10::1 7777 r1
	ask_all reaches r1 $p 192.0.2.1 8080 10.10.0.1 7777 r1
	ask_all reaches r1 $p 2001:db8:2::1 8080 fd00:10::1 7777 r1
	ask_all apart i1 $p 192.0.2.1 8080
	settle
done

say "by the loopback"
for p in tcp udp; do
	ask_all reaches host $p 127.0.0.1 8080 10.10.0.1 7777 r1
	ask_all reaches host $p ::1 8080 fd00:10::1 7777 r1
done
ask_all reaches host tcp 127.0.0.1 8081 10.10.0.1 7777 r1
ask_all reaches host tcp ::1 8081 fd00:10::1 7777 r1
ask_all reaches host tcp ::1 8083 fd00:11::1 7777 b1
ask_all apart outside tcp 192.0.2.1 8081
ask_all apart outside tcp 2001:db8:2::1 8081
ask_all apart host tcp 192.0.2.1 8081
settle

say "one address of the host, ranges, and a port that we choose"
ask_all reaches outside tcp 192.0.2.1 8082 192.0.2.2 7777 r1
ask_all apart outside tcp 2001:db8:2::1 8082
ask_all apart host tcp 127.0.0.1 8082
ask_all reaches outside tcp 192.0.2.1 8780 192.0.2.2 7779 r1
ask_all reaches outside tcp 192.0.2.1 9001 192.0.2.2 9001 r1
ask_all reaches outside tcp 2001:db8:2::1 9001 2001:db8:2::2 9001 r1
chosen=$("$CNM" endpoint inspect red/r1@eth0 | jq '.[0].Ports[] | select(.Port == 7779).HostPort')
ask_all reaches outside tcp 192.0.2.1 "$chosen" 192.0.2.2 7779 r1
settle
# However long the range, it is one element.
assert_eq "elements of a range" 1 "$(nft list map inet cnm ranges4 | grep -c 9000-9099)"

say "only what was asked: no other port, not by the container's own address, not by a crafted packet, not in transit"
ask_all apart outside tcp "$r1_4" 7777
ask_all apart outside tcp "$r1_6" 7777
ask_all apart outside udp "$r1_4" 7777
ask_all apart outside tcp "$r2_4" 7777
ask_all apart b1 tcp "$r1_4" 7777
ask_all apart b1 tcp "$r1_6" 7777
ask_all apart outside tcp 192.0.2.1 7777
settle
# The neighbour sends to 127.0.0.1 with the host's MAC address; and so does a container.
echo 1 >/proc/sys/net/ipv4/conf/uplink/route_localnet
ip netns exec outside sh -c 'echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet; ip addr del 127.0.0.1/8 dev lo; ip route add 127.0.0.1/32 via 192.0.2.1 dev eth0 src 192.0.2.2'
apart outside tcp 127.0.0.1 8081
apart outside tcp 127.0.0.1 8080
settle
# Through the host to somebody else's port of that number.
ip netns add far
ip link add fl type veth peer name eth0 netns far
ip addr add 203.0.113.1/24 dev fl
ip link set fl up
ip -n far addr add 203.0.113.2/24 dev eth0
ip -n far link set lo up
ip -n far link set eth0 up
ip -n far route add default via 203.0.113.1
ip -n outside route add 203.0.113.0/24 via 192.0.2.1
nft flush set inet cnm no_transit
ip netns exec far "$PROBE" serve -b -n far tcp 8080 udp 8080 </dev/null >/dev/null 2>&1
reaches outside tcp 203.0.113.2 8080 192.0.2.2 8080 far
reaches outside udp 203.0.113.2 8080 192.0.2.2 8080 far
reaches b1 tcp 203.0.113.2 8080 203.0.113.1 8080 far
settle

say "conflicts"
ip netns add r3
refused '8080/tcp is published by red/r1@eth0' "$CNM" connect --netns /run/netns/r3 red r3 -p 8080:80
refused '192\.0\.2\.1:8080/tcp is published by red/r1@eth0' "$CNM" connect --netns /run/netns/r3 blue r3 -p 192.0.2.1:8080:80
refused '8082/tcp is published by red/r1@eth0' "$CNM" connect --netns /run/netns/r3 blue r3 -p 8082:80
refused '8000-8100/tcp is published by red/r1@eth0' "$CNM" connect --netns /run/netns/r3 blue r3 -p 8000-8100:8000-8100
refused 'published by red/r1@eth0' "$CNM" connect --netns /run/netns/r3 blue r3 -p 9050:80
busybox httpd -p 5555 -h "$TMPDIR/www"
refused '5555.*in use on this host by process [0-9]+ \(busybox\)' "$CNM" connect --netns /run/netns/r3 blue r3 -p 5555:80
refused 'published twice' "$CNM" connect --netns /run/netns/r3 blue r3 -p 6000:80 -p 6000:81
refused 'internal' "$CNM" connect --netns /run/netns/r3 closed r3 -p 6000:80
refused 'address of that family' "$CNM" endpoint join "$("$CNM" network create --subnet 10.13.0.0/24 four >/dev/null; "$CNM" endpoint create four e1 -p '[::1]:6001:80' >/dev/null; echo four/e1)" r1
"$CNM" endpoint rm four/e1 >/dev/null
"$CNM" network rm four >/dev/null
for n in 1 2 3 4 5 6 7 8; do
	ip netns add p$n
	"$CNM" connect --netns /run/netns/p$n blue p$n -p 6100:80 2>/dev/null && echo won >>won &
	jobs_="$jobs_ $!"
done
wait $jobs_ || :
jobs_=
assert_eq "of eight at once wins" 1 "$(wc -l <won)"
for n in 1 2 3 4 5 6 7 8; do
	"$CNM" disconnect blue p$n 2>/dev/null || :
done

say "UDP: a flow follows its port"
ip netns exec outside "$PROBE" ask udp 192.0.2.1 6200 -s 40000 -w 200 >/dev/null 2>&1 || :
"$CNM" connect --netns /run/netns/r3 blue r3 -p 6200:7777/udp
serve_in r3
reaches outside udp 192.0.2.1 6200 192.0.2.2 7777 r3
[ "$(ip netns exec outside "$PROBE" ask udp 192.0.2.1 6200 -s 40000 -w 400 | awk '{ print $4 }')" = r3 ] || fail "a flow that was tracked before is stuck"
# A young flow of another port, which must stay.
reaches outside udp 192.0.2.1 8080 192.0.2.2 7777 r1
"$CNM" disconnect blue r3
conntrack -L -p udp 2>/dev/null | grep 'dport=6200' && fail "a flow outlived its port"
conntrack -L -p udp 2>/dev/null | grep -q 'dport=8080' || fail "flows of another port went with it"

say "a flushed ruleset: CHECK says so, reconcile restores all, and once"
nft flush ruleset
printf '{"cniVersion":"1.0.0","name":"blue","type":"cnm"}' >conf
ip netns add c1
CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/c1 CNI_IFNAME=eth0 CNI_PATH=/ "$CNM" <conf >result
reaches outside tcp 192.0.2.1 8080 192.0.2.2 7777 r1
nft flush ruleset
jq '. + {prevResult: $r[0]}' --slurpfile r result conf >conf2
CNI_COMMAND=CHECK CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/c1 CNI_IFNAME=eth0 CNI_PATH=/ "$CNM" <conf2 >out && fail "CHECK of a flushed ruleset"
assert_match "CHECK" 'inet cnm|firewall|set bridges' "$(jq -r .msg out)"
"$CNM" reconcile >out
assert_match "reconcile" 'network red' "$(cat out)"
assert_eq "reconcile again" "nothing was missing" "$("$CNM" reconcile)"
for p in tcp udp sctp; do
	ask_all reaches outside $p 192.0.2.1 8080 192.0.2.2 7777 r1
done
ask_all reaches outside tcp 192.0.2.1 9001 192.0.2.2 9001 r1
ask_all apart outside tcp "$r1_4" 7777
settle
CNI_COMMAND=DEL CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/c1 CNI_IFNAME=eth0 CNI_PATH=/ "$CNM" <conf

if [ -e $bridge_filter ]; then
	say "where ::1 cannot be answered it is refused at once"
	echo 1 >$bridge_filter
	refused 'drops the answers to ::1' "$CNM" connect --netns /run/netns/r3 blue r3 -p '[::1]:6300:80'
	"$CNM" connect --netns /run/netns/r3 blue r3 -p 6300:7777
	reaches host tcp 127.0.0.1 6300 10.11.0.1 7777 r3
	settle
	"$CNM" disconnect blue r3
fi

say "all is given back"
for n in "red r1" "red r2" "blue b1" "closed i1"; do
	"$CNM" disconnect ${n% *} ${n#* }
done
for m in claims claims_of4 claims_of6 ports4 ports6 ranges4 ranges6 ports_of4 ports_of6; do
	nft list ruleset | awk -v m="$m" '$1 ~ /set|map/ { inside = $2 == m } inside && /elements/ { print m, $0 }'
done >left
assert_eq "elements that are left" "" "$(cat left)"
"$CNM" network rm red blue closed >/dev/null
assert_eq "ruleset" "" "$(nft list ruleset)"
