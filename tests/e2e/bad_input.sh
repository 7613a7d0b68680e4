# SPDX-License-Identifier: GPL-2.0-or-later
# Wrong input of every kind: one line that says what, where and why, exit status 1, and everything as it was.
. "$(dirname "$0")/lib.sh"

# refused PATTERN INPUT COMMAND...: INPUT is a file for standard input.
refused() {
	pattern=$1 input=$2
	shift 2
	got=0
	"$@" <"$input" >out 2>err || got=$?
	shown=$(printf '%s ' "$@")
	assert_eq "exit status of: $shown$(cat err)" 1 "$got"
	assert_eq "standard output of: $shown" "" "$(cat out)"
	assert_eq "lines on standard error of: $shown$(cat err)" 1 "$(wc -l <err)"
	assert_match "message of: $shown" "$pattern" "$(cat err)"
	assert_baseline before "after refused: $shown something"
	printf '   %s\n' "$(cat err)"
}

# An OCI hook and a CNI plugin as their callers start them.
hook() {
	env -i PATH="$PATH" CNM_ROOT="$CNM_ROOT" CNM_STATE="$CNM_STATE" "$CNM" oci "$@"
}

cni() {
	env -i CNM_ROOT="$CNM_ROOT" CNM_STATE="$CNM_STATE" CNI_COMMAND="$1" CNI_CONTAINERID="${2-c9}" CNI_NETNS="${3-/run/netns/pod}" \
		CNI_IFNAME="${4-eth0}" CNI_PATH=/opt/cni/bin "$CNM"
}

# refused_cni PATTERN CODE CONFIGURATION CNI-ARGUMENTS...: the error is an object on standard output.
refused_cni() {
	pattern=$1 code=$2
	printf '%s' "$3" >conf
	shift 3
	got=0
	cni "$@" <conf >out 2>err || got=$?
	[ "$got" != 0 ] || fail "CNI $*: accepted $(cat conf)"
	assert_json "CNI $* with $(head -c 300 conf)" '(.code | type) == "number" and (.msg | type) == "string"' "$(cat out)"
	[ -z "$code" ] || assert_json "CNI $*" ".code == $code" "$(cat out)"
	assert_match "message of CNI $*" "$pattern" "$(jq -r .msg out)"
	assert_eq "lines of the message" 1 "$(jq -r .msg out | wc -l)"
	assert_baseline before "after refused CNI $* something"
	printf '   %s\n' "$(jq -r .msg out)"
}

make_roots
"$CNM" network create --subnet 10.1.0.0/24 web >/dev/null
"$CNM" network create --subnet 10.2.0.0/30 small >/dev/null
key=$("$CNM" sandbox create box)
"$CNM" connect web box --ip 10.1.0.9 >/dev/null
"$CNM" connect small box >/dev/null
"$CNM" sandbox create other >/dev/null
ip netns add pod
none=/dev/null
baseline before

say "networks"
assert_status 1 "$CNM" network inspect nosuch
refused 'nosuch' $none "$CNM" network rm nosuch
refused 'nosuch' $none "$CNM" connect nosuch box
refused 'nosuch' $none "$CNM" endpoint create nosuch e1
refused 'web' $none "$CNM" network create web
for name in '' .hidden ../up a/b 'a b' "$(printf 'a\tb')" ä -- "$(printf '%0100d' 7)"; do
	[ "$name" = -- ] || refused 'name' $none "$CNM" network create -- "$name"
done
refused 'nodriver' $none "$CNM" network create -d nodriver x1
refused 'nosuchoption' $none "$CNM" network create -o nosuchoption=1 x1
refused 'encrypted' $none "$CNM" network create -o encrypted x1
refused 'icc|enable_icc' $none "$CNM" network create -o icc=perhaps x1
refused 'mtu' $none "$CNM" network create -o mtu=12x x1
refused 'name' $none "$CNM" network create -o name=far-too-long-for-a-link x1
refused 'lo' $none "$CNM" network create -o name=lo x1

say "subnets"
refused '10\.1\.0\.0/24.*web|web.*10\.1\.0\.0/24' $none "$CNM" network create --subnet 10.1.0.0/25 x1
refused '10\.(1|2)\.0\.0' $none "$CNM" network create --subnet 10.0.0.0/8 x1
refused '10\.300' $none "$CNM" network create --subnet 10.300.0.0/16 x1
refused '10\.9\.0\.0' $none "$CNM" network create --subnet 10.9.0.0/33 x1
refused '10\.9\.0\.1' $none "$CNM" network create --subnet 10.9.0.1/24 x1
refused '10\.8\.0\.1' $none "$CNM" network create --subnet 10.9.0.0/24 --gateway 10.8.0.1 x1
refused '10\.8\.0\.0' $none "$CNM" network create --subnet 10.9.0.0/24 --ip-range 10.8.0.0/25 x1
refused '10\.8\.0\.7' $none "$CNM" network create --subnet 10.9.0.0/24 --aux-address a=10.8.0.7 x1

say "addresses"
refused '10\.7\.0\.1' $none "$CNM" connect web other --ip 10.7.0.1
refused '10\.1\.0\.31' $none "$CNM" connect web other --ip 10.1.0.30 --ip 10.1.0.31
refused '10\.1\.0\.9.*box|box.*10\.1\.0\.9' $none "$CNM" connect web other --ip 10.1.0.9
refused '10\.1\.0\.1' $none "$CNM" connect web other --ip 10.1.0.1
refused '10\.1\.0\.255' $none "$CNM" connect web other --ip 10.1.0.255
refused '10\.2\.0\.0/30' $none "$CNM" connect small other
refused 'fd00::1' $none "$CNM" connect web other --ip6 fd00::1

say "interfaces"
refused 'eth0' $none "$CNM" connect web box --ip 10.1.0.10 --ifname eth0
refused 'lo' $none "$CNM" connect web other --ifname lo
refused 'a/b' $none "$CNM" connect web other --ifname a/b
refused 'longer-than-fifteen' $none "$CNM" connect web other --ifname longer-than-fifteen
nsenter --net="$key" ip link add taken type veth peer name taken2
refused 'taken' $none "$CNM" connect web box --ip 10.1.0.11 --ifname taken
nsenter --net="$key" ip link del taken

say "sandboxes and namespaces"
refused 'nosuch' $none "$CNM" connect web nosuch
refused 'nosuch' $none "$CNM" sandbox rm nosuch
refused 'box' $none "$CNM" sandbox create box
refused 'a/b' $none "$CNM" sandbox create a/b
refused '/etc/passwd' $none "$CNM" connect --netns /etc/passwd web c9
refused '/nosuch/path' $none "$CNM" connect --netns /nosuch/path web c9
refused '/proc/self/ns/mnt' $none "$CNM" connect --netns /proc/self/ns/mnt web c9
refused '/proc/self/ns/net' $none "$CNM" connect --netns /proc/self/ns/net web c9

say "the OCI hook"
printf '{"ociVersion":"1.0.2","id":"c9","status":"creating","pid":%s,"bundle":"/b"}' 4194000 >dead
printf '{"ociVersion":"1.0.2","id":"c9","status":"creating","pid":1,"bundle":"/b"}' >host
printf '{"ociVersion":"1.0.2","id":"c9","status":"creating","bundle":"/b"}' >nopid
printf '{"id":"c9","id":"c8","pid":1,"bundle":"/b"}' >twice
printf '{"id":"c9","pid":1,' >cut
printf '{"pid":1,"bundle":"/b"}' >noid
printf '{"id":"../c9","pid":1,"bundle":"/b"}' >badid
printf '{"id":7,"pid":1,"bundle":"/b"}' >type
{ printf '{"id":"c9","pid":1,"annotations":{"a":"'; head -c 3000000 /dev/zero | tr '\0' a; printf '"}}'; } >big
i=0
while [ $i -lt 200 ]; do printf '['; i=$((i + 1)); done >deep
: >empty
refused 'stdin' empty hook createRuntime --network web
refused 'stdin' empty hook poststop
refused '4194000' dead hook createRuntime --network web
refused 'namespace' host hook createRuntime --network web
refused 'process' nopid hook createRuntime --network web
refused 'id' twice hook createRuntime --network web
refused '.' cut hook createRuntime --network web
refused 'id' noid hook createRuntime --network web
refused 'c9' badid hook createRuntime --network web
refused 'id' type hook createRuntime --network web
refused '.' big hook createRuntime --network web
refused '.' deep hook createRuntime --network web
sleep 1000 &
printf '{"id":"c9","pid":%s,"bundle":"/b"}' $! >own
refused 'namespace' own hook createRuntime --network web
unshare --net sleep 1000 &
pid=$!
until_true 5 sh -c "[ \"\$(readlink /proc/$pid/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
printf '{"id":"c9","pid":%s,"bundle":"/b"}' $pid >alive
printf '{"id":"c9","pid":%s,"bundle":"/b","annotations":{"cnm.networks":"nosuch"}}' $pid >noted
refused 'nosuch' alive hook createRuntime --network nosuch
refused 'nosuch' noted hook createRuntime
refused 'nosuch' alive hook createRuntime --network web --network nosuch
refused '10\.7\.0\.1' alive hook createRuntime --network web:ip=10.7.0.1
refused 'twice' alive hook createRuntime --network web --network web:ip=10.1.0.9
refused '10\.1\.0\.9' alive hook createRuntime --network web:ifname=eth0 --network web:ip=10.1.0.9,ifname=eth1
refused 'mac' alive hook createRuntime --network web:mac=zz
refused 'colour' alive hook createRuntime --network web:colour=red
kill $pid

say "oci-spec"
mkdir bundle
refused 'nodir' $none "$CNM" oci-spec --network web nodir
refused 'config.json' $none "$CNM" oci-spec --network web bundle
printf '{"ociVersion":' >bundle/config.json
refused 'config.json' $none "$CNM" oci-spec --network web bundle
printf '[]' >bundle/config.json
refused 'config.json' $none "$CNM" oci-spec --network web bundle

say "CNI"
conf='{"cniVersion":"1.0.0","name":"web","type":"cnm"}'
refused_cni '.' 6 '' ADD
refused_cni '.' 6 '{"cniVersion":' ADD
refused_cni 'name' '' '{"cniVersion":"1.0.0","name":"web","name":"x","type":"cnm"}' ADD
refused_cni '.' 1 '{"cniVersion":"9.0.0","name":"web","type":"cnm"}' ADD
refused_cni 'name' 7 '{"cniVersion":"1.0.0","type":"cnm"}' ADD
refused_cni '.' 7 '{"cniVersion":"1.0.0","name":"a/b","type":"cnm"}' ADD
refused_cni 'nosuch' '' '{"cniVersion":"1.0.0","name":"nosuch","type":"cnm"}' ADD
refused_cni 'CNI_CONTAINERID' 4 "$conf" ADD ''
refused_cni '.' 4 "$conf" ADD 'a/b'
refused_cni 'CNI_NETNS' 4 "$conf" ADD c9 ''
refused_cni 'CNI_IFNAME' 4 "$conf" ADD c9 /run/netns/pod ''
refused_cni 'a/b' 4 "$conf" ADD c9 /run/netns/pod a/b
refused_cni '/etc/passwd' '' "$conf" ADD c9 /etc/passwd
refused_cni '/nosuch' '' "$conf" ADD c9 /nosuch
refused_cni 'namespace' '' "$conf" ADD c9 /proc/self/ns/net
refused_cni 'NOSUCH' 4 "$conf" NOSUCH
refused_cni '10\.2\.0\.0/30' '' '{"cniVersion":"1.0.0","name":"small","type":"cnm"}' ADD
refused_cni 'web' '' '{"cniVersion":"1.0.0","name":"web","type":"cnm","driver":"bridge","subnets":["10.77.0.0/24"]}' ADD
refused_cni '10\.1\.0\.0/24' '' '{"cniVersion":"1.0.0","name":"new","type":"cnm","driver":"bridge","subnets":["10.1.0.0/24"]}' ADD

say "a record that somebody broke harms its own network only"
"$CNM" network create -d null odd >/dev/null
printf '{' >"$CNM_ROOT/networks/odd/network.json"
got=0
"$CNM" network inspect odd >out 2>err || got=$?
assert_eq "exit status" 1 "$got"
assert_match "message" odd "$(cat err)"
"$CNM" network ls | grep -q web || fail "a broken record hides another network"
baseline before
