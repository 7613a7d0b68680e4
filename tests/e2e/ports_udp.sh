# SPDX-License-Identifier: GPL-2.0-or-later
# Connection tracking would keep a UDP flow on its old way for as long as the client goes on: when a port is published or given back, flows that the
# change concerns are forgotten, and only those. In both families; TCP and SCTP connections of the same number stay.
. "$(dirname "$0")/lib.sh"
. "$CNM_SOURCE/tests/e2e/ports.inc.sh"

# hold FLOW FROM ADDRESS PORT SOURCE-PORT: a client that goes on out of one socket. What it is told is in flow.FLOW.
hold() {
	: >"flow.$1"
	nsenter --net="/run/netns/$2" "$PROBE" hold udp "$3" "$4" -s "$5" -w 50 >>"flow.$1" 2>&1 </dev/null &
	flows="$flows $!"
}

# hears FLOW CLIENT SERVER-PORT NAME: from now on it is told that.
last_is() {
	[ "$(tail -n 1 "flow.$1" | cut -d' ' -f 1,3,4)" = "$2" ]
}
hears() {
	: >"flow.$1"
	until_true 3 last_is "$1" "$2 $3 $4" || fail "flow $1: expected \"$2 $3 $4\", got \"$(tail -n 1 "flow.$1")\""
}

# silent FLOW
silent() {
	sleep 0.15
	: >"flow.$1"
	sleep 0.25
	[ ! -s "flow.$1" ] || fail "flow $1 still hears \"$(tail -n 1 "flow.$1")\""
}

# tracked: addresses and ports of all tracked flows with their ids.
tracked() {
	for family in ipv4 ipv6; do
		conntrack -L -f $family -o id 2>/dev/null | sed -E 's/^([a-z]+) +[0-9]+ +[0-9]+ //; s/\[[A-Z]+\] ?//g; s/(mark|use|zone)=[0-9]+ ?//g'
	done
}

# id_of EXPRESSION: ids of the flows that match.
id_of() {
	tracked | grep -E -- "$1" | sed -E 's/.*id=([0-9]+).*/\1/' | sort
}

flows=
make_roots
make_world
bridge_filter 0 || :
serve_at foreign 6200
ip netns exec host "$PROBE" serve -b -n host udp 6300 </dev/null >/dev/null 2>&1
"$CNM" network create --subnet 10.10.0.0/24 --subnet fd00:10::/64 red >/dev/null
"$CNM" network create --subnet 10.11.0.0/24 --subnet fd00:11::/64 blue >/dev/null
ip netns add r1
ip netns add r2
join blue b1 -p 6201:7777/udp -p 6200:7777/tcp
for c in r1 r2; do
	serve_at $c 7777
done

say "flows before anything is published: to the host, to another port, through the host, out of a container, to the host's own server"
for f in 4 6; do
	eval "nb=\$nb_$f host=\$host_$f second=\$second_$f foreign=\$foreign_$f host2=\$host2_$f b1=\$b1_$f"
	hold new$f nb "$host" 6200 40000
	hold second$f nb "$second" 6200 40001
	hold other$f nb "$host" 6201 40002
	hold transit$f nb "$foreign" 6200 40003
	hold out$f b1 "$foreign" 6200 40004
	hold inside$f b1 "$host" 6200 40005
	hold server$f nb "$host" 6300 40006
	hears other$f "$nb" 7777 b1
	hears transit$f "$nb" 6200 foreign
	hears out$f "$host2" 6200 foreign
	hears server$f "$nb" 6300 host
	silent new$f
	ip netns exec nb "$PROBE" ask tcp "$host" 6200 -s 40007 >/dev/null || fail "TCP to port 6200"
done
# What must not change, by the ports of its clients.
others='sport=4000[23467] '
id_of "$others" >before
assert_eq "tracked flows of both families that must stay" 10 "$(wc -l <before)"

say "published: the flows that waited are served at once, and the others have not changed"
"$CNM" connect --netns /run/netns/r1 red r1 -p 6200:7777/udp -p 6200:7777/sctp
for f in 4 6; do
	eval "nb=\$nb_$f b1=\$b1_$f foreign=\$foreign_$f host2=\$host2_$f"
	hears new$f "$nb" 7777 r1
	hears second$f "$nb" 7777 r1
	hears inside$f "$b1" 7777 r1
	hears transit$f "$nb" 6200 foreign
	hears out$f "$host2" 6200 foreign
done
id_of "$others" >after
assert_eq "flows that must stay" "$(cat before)" "$(cat after)"

say "given back: nobody answers; another container takes the port, and the same flows are its"
"$CNM" disconnect red r1
for f in 4 6; do
	silent new$f
	silent second$f
done
id_of "$others" >after
assert_eq "flows that must stay" "$(cat before)" "$(cat after)"
"$CNM" connect --netns /run/netns/r2 red r2 -p 6200:7777/udp
for f in 4 6; do
	eval "nb=\$nb_$f b1=\$b1_$f"
	hears new$f "$nb" 7777 r2
	hears inside$f "$b1" 7777 r2
done

say "given back to a process of the host"
"$CNM" disconnect red r2
ip netns exec host "$PROBE" serve -b -n host udp 6200 </dev/null >/dev/null 2>&1
for f in 4 6; do
	eval "nb=\$nb_$f"
	hears new$f "$nb" 6200 host
done
id_of "$others" >after
assert_eq "flows that must stay" "$(cat before)" "$(cat after)"
ss -Hlnup 'sport = :6200' | sed -E 's/.*pid=([0-9]+).*/\1/' | sort -u | xargs -r kill

say "for one address of the host: the flow to another one stays"
until_true 3 sh -c '! ss -Hlnu "sport = :6200" | grep -q .' || fail "the host's server does not end"
id_of 'sport=40001 ' >second.before
"$CNM" connect --netns /run/netns/r1 red r1 -p 192.0.2.1:6200:7777/udp -p '[2001:db8:2::1]:6200:7777/udp'
for f in 4 6; do
	eval "nb=\$nb_$f"
	hears new$f "$nb" 7777 r1
	silent second$f
done
id_of 'sport=40001 ' >second.after
assert_eq "flow to the second address" "$(cat second.before)" "$(cat second.after)"

say "the container itself is killed and gone: its flows go with it"
"$CNM" sandbox rm r1 >/dev/null
ip netns pids r1 | xargs -r kill
ip netns del r1
assert_eq "flows to r1" "" "$(id_of 'dport=6200 .*src=(10.10.0.2|fd00:10::2) ')"
id_of "$others" >after
assert_eq "flows that must stay" "$(cat before)" "$(cat after)"

# shellcheck disable=SC2086
kill $flows
