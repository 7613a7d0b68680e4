# SPDX-License-Identifier: GPL-2.0-or-later
# A bundle's life with oci-spec: changed again, copied, used twice; and a hook that fails or is repeated.
. "$(dirname "$0")/lib.sh"

make_roots
"$CNM" network create --subnet 10.1.0.0/24 red >/dev/null
baseline

config() {
	jq -c "$2" "$1/config.json"
}

say "a bundle that was copied gets mounts of its own"
make_bundle b1
"$CNM" oci-spec --network red b1
cp -r b1 b2
"$CNM" oci-spec --network red b2
assert_eq "mounts of the copy" '["'"$TMPDIR"'/b2/cnm/hosts","'"$TMPDIR"'/b2/cnm/resolv.conf"]' \
	"$(config b2 '[.mounts[] | select(.destination | test("^/etc/(hosts|resolv.conf)$")) | .source] | sort')"
assert_eq "log of the copy" "\"$TMPDIR/b2/cnm/hook.log\"" "$(config b2 '.annotations["run.oci.hooks.stderr"]')"
cp b2/config.json once
"$CNM" oci-spec --network red b2
cmp -s once b2/config.json || fail "oci-spec twice is not oci-spec once: $(diff once b2/config.json)"
edit_bundle b2 '(.mounts[] | select(.destination == "/etc/hosts") | .source) = "/srv/hosts" | .annotations["run.oci.hooks.stderr"] = "/srv/log"'
"$CNM" oci-spec --network red b2
assert_eq "somebody's mount stays" '"/srv/hosts"' "$(config b2 '.mounts[] | select(.destination == "/etc/hosts") | .source')"
assert_eq "somebody's annotation stays" '"/srv/log"' "$(config b2 '.annotations["run.oci.hooks.stderr"]')"

say "from a sandbox back to networks"
"$CNM" sandbox create s >/dev/null
"$CNM" oci-spec --sandbox s b1
assert_match "path" '/netns/s"$' "$(config b1 '.linux.namespaces[] | select(.type == "network") | .path')"
"$CNM" oci-spec --network red b1
assert_eq "path" null "$(config b1 '.linux.namespaces[] | select(.type == "network") | .path')"
edit_bundle b1 '(.linux.namespaces[] | select(.type == "network")).path = "/run/netns/mine"'
"$CNM" oci-spec --network red b1
assert_eq "somebody's path stays" '"/run/netns/mine"' "$(config b1 '.linux.namespaces[] | select(.type == "network") | .path')"
edit_bundle b1 'del(.linux.namespaces[] | select(.type == "network").path)'
"$CNM" sandbox rm s >/dev/null

say "two containers of one bundle do not share their hosts file"
start_container one b1
before=$(in_container one cat /etc/hosts)
CONTAINERS="$CONTAINERS two-$UNIQUE"
runtime runc create -b b1 "two-$UNIQUE" >two.log 2>&1 </dev/null && fail "a second container of the bundle starts"
assert_match "reason" "hosts and resolv.conf in $TMPDIR/b1/cnm are container one-$UNIQUE's: each container needs a bundle of its own" "$(cat two.log)"
assert_eq "hosts of the first" "$before" "$(in_container one cat /etc/hosts)"
delete_container one
start_container two b1
address=$(address_in "$(netns_of two)" inet eth0)
assert_match "hosts of the next" "^$address	" "$(in_container two cat /etc/hosts)"

say "a stage that is repeated with another request is refused, and changes nothing"
pid=$(runtime runc state "two-$UNIQUE" | jq .pid)
# stage ARGUMENT...: once more
stage() {
	printf '{"ociVersion":"1.0.2","id":"two-%s","status":"created","pid":%s,"bundle":"%s"}' "$UNIQUE" "$pid" "$TMPDIR/b1" |
		"$CNM" oci createRuntime "$@" >out 2>err
}
baseline running
stage --network red || fail "the same request: $(cat err)"
for asked in "red:ip=10.1.0.99" "red:mac=02:00:00:00:00:01" "red:alias=db"; do
	! stage --network "$asked" || fail "$asked is answered with success"
	assert_match "$asked" 'it is connected already, and not with (address 10.1.0.99|MAC address 02:00:00:00:00:01|alias db)$' "$(cat err)"
done
! stage --network red -p 8080:80 || fail "a port is answered with success"
assert_match "port" 'and not with port 8080/tcp$' "$(cat err)"
assert_baseline running "after refused stages something"
delete_container two

say "a join that fails leaves the hosts file alone"
"$CNM" sandbox create s >/dev/null
"$CNM" connect red s
inode=$(stat -c '%i %y' "$CNM_STATE/sandboxes/s/hosts")
assert_status 1 "$CNM" connect --ip 10.9.9.9 --ifname eth1 red s
assert_status 1 "$CNM" connect --ifname lo red s
assert_eq "hosts" "$inode" "$(stat -c '%i %y' "$CNM_STATE/sandboxes/s/hosts")"
"$CNM" sandbox rm s >/dev/null

say "under crun the hook's words are in the bundle"
use_runtime crun
make_bundle b3
"$CNM" oci-spec --network red:ip=10.1.0.1 b3
CONTAINERS="$CONTAINERS three-$UNIQUE"
runtime crun create -b b3 "three-$UNIQUE" >three.log 2>&1 </dev/null && fail "a container with the gateway's address starts"
assert_match "reason" '10.1.0.1' "$(cat b3/cnm/hook.log)"
runtime crun delete -f "three-$UNIQUE" 2>/dev/null || :
assert_baseline main "at the end something"
