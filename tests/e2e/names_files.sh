# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Names without an agent: hosts and resolv.conf of each sandbox, kept current for the peers on the same networks.
. "$(dirname "$0")/lib.sh"
make_roots
mount -t tmpfs tmpfs /mnt
printf 'search corp.example\nnameserver 192.0.2.53\noptions timeout:1\n' >/mnt/resolv.conf
[ -e /etc/resolv.conf ] || fail "this machine has no /etc/resolv.conf to mount over"
mount --bind /mnt/resolv.conf /etc/resolv.conf
"$CNM" network create --subnet 10.81.0.0/24 --subnet fd81::/64 web >/dev/null
"$CNM" network create --subnet 10.82.0.0/24 db >/dev/null

hosts() {
	grep -v -e localhost -e ip6- "$CNM_STATE/sandboxes/$1/hosts" || true
}

say "own names and settings"
baseline
"$CNM" sandbox create s1 --hostname one --add-host printer:192.0.2.9 --add-host printer:2001:db8::9 \
	--dns 192.0.2.54 --dns-search a.example --dns-search b.example --dns-option ndots:2 >/dev/null
assert_eq "extra hosts" "192.0.2.9	printer
2001:db8::9	printer" "$(hosts s1)"
assert_eq "resolv.conf of settings" "nameserver 192.0.2.54
search a.example b.example
options ndots:2" "$(cat "$CNM_STATE/sandboxes/s1/resolv.conf")"
"$CNM" sandbox create s2 --dns-search . >/dev/null
assert_eq "no search" "nameserver 192.0.2.53
options timeout:1" "$(cat "$CNM_STATE/sandboxes/s2/resolv.conf")"
for bad in '--dns=x' '--dns=1.2.3.4 # x' '--dns-search=a b' '--dns-option=a
b' '--add-host=nocolon' '--add-host=:1.2.3.4' '--add-host=a:b' "--add-host=a
b:1.2.3.4"; do
	assert_status 1 "$CNM" sandbox create bad "$bad"
	[ ! -e "$CNM_STATE/sandboxes/bad" ] || fail "a refused sandbox stands: $bad"
done
"$CNM" network create --subnet 10.83.0.0/24 late >/dev/null
ip netns add late
assert_status 1 "$CNM" connect late s1 --dns 192.0.2.54
assert_match "settings of a sandbox that is there" 'sandbox s1: it is there, with name settings of its own' "$(cat "$TMPDIR/err")"
assert_status 1 "$CNM" connect late adopted --netns /run/netns/late --dns x
[ ! -e "$CNM_STATE/sandboxes/adopted" ] || fail "a refused sandbox stands"
"$CNM" connect late adopted --netns /run/netns/late --dns 192.0.2.54 --dns-option ndots:3 --add-host printer:192.0.2.9 --alias db >/dev/null
assert_eq "settings of connect" "search corp.example
nameserver 192.0.2.54
options ndots:3" "$(cat "$CNM_STATE/sandboxes/adopted/resolv.conf")"
assert_eq "hosts of connect" "192.0.2.9	printer
10.83.0.2	adopted" "$(hosts adopted)"
"$CNM" disconnect late adopted
"$CNM" network rm late >/dev/null
ip netns del late

say "peers come and go"
"$CNM" connect web s1 --ip 10.81.0.11 --ip6 fd81::11 >/dev/null
"$CNM" connect web s2 --ip 10.81.0.12 --ip6 fd81::12 --alias cache --alias store >/dev/null
assert_eq "s1 sees s2" "192.0.2.9	printer
2001:db8::9	printer
10.81.0.11	one
fd81::11	one
10.81.0.12	s2 cache store s2.web
fd81::12	s2 cache store s2.web" "$(hosts s1)"
assert_eq "s2 sees s1" "10.81.0.12	s2
fd81::12	s2
10.81.0.11	s1 one s1.web
fd81::11	s1 one s1.web" "$(hosts s2)"
say "only peers of the same network"
"$CNM" sandbox create s3 >/dev/null
"$CNM" connect db s3 >/dev/null
assert_eq "s3 is alone" "10.82.0.2	s3" "$(hosts s3)"
"$CNM" connect db s1 >/dev/null
assert_match "s3 sees s1 by its address there" '^10.82.0.3	s1 one s1.db$' "$(hosts s3)"
assert_eq "s2 does not see s3" "" "$(hosts s2 | grep s3 || true)"
say "an alias goes with its disconnect, and another name that looks like it stays"
"$CNM" sandbox create s22 >/dev/null
"$CNM" connect web s22 --alias cache2 >/dev/null
"$CNM" disconnect web s2
assert_eq "of s2 nothing is left" "10.81.0.2	s22 cache2 s22.web" "$(hosts s1 | grep -E '^10.81.0.(12|2)')"
assert_eq "s2's own file" "" "$(hosts s2)"

say "sixteen at once see each other"
for i in $(seq 16); do
	"$CNM" sandbox create "p$i" >/dev/null
done
for i in $(seq 16); do
	"$CNM" connect db "p$i" >/dev/null &
done
wait
for i in $(seq 16); do
	assert_eq "p$i" 18 "$(hosts "p$i" | wc -l)"
done
for i in $(seq 16); do
	"$CNM" sandbox rm "p$i" >/dev/null &
done
wait
assert_eq "s3 after them" "10.82.0.2	s3
10.82.0.3	s1 one s1.db" "$(hosts s3)"

say "a container's mounts follow, and its own resolv.conf stays as it edited it"
make_bundle "$TMPDIR/b"
edit_bundle "$TMPDIR/b" '.hostname = "box"'
"$CNM" oci-spec --network web:alias=shop --dns 192.0.2.55 "$TMPDIR/b"
assert_status 2 "$CNM" oci-spec --network web --dns nonsense "$TMPDIR/b"
start_container c1 "$TMPDIR/b"
assert_match "the container's resolver" '^nameserver 192.0.2.55$' "$(in_container c1 cat /etc/resolv.conf)"
assert_match "its alias at the peer" "	c1-$UNIQUE box shop c1-$UNIQUE.web\$" "$(hosts s1)"
in_container c1 sh -c 'echo "nameserver 192.0.2.56" >/etc/resolv.conf'
"$CNM" connect web s2 --alias late >/dev/null
assert_match "a late peer inside the container" '	s2 late s2.web$' "$(in_container c1 cat /etc/hosts)"
in_container c1 ping -c 1 -w 5 late >/dev/null || fail "the late peer's alias does not resolve"
assert_eq "its edit" "nameserver 192.0.2.56" "$(in_container c1 cat /etc/resolv.conf)"
delete_container c1
assert_eq "s1 after the container" "" "$(hosts s1 | grep shop || true)"
for s in s1 s2 s3 s22; do
	"$CNM" sandbox rm "$s" >/dev/null
done
assert_baseline
