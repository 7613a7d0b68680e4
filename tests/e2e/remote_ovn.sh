# SPDX-License-Identifier: GPL-2.0-or-later
# A driver that nobody here wrote: ovn-docker-overlay-driver of Debian's ovn-docker, on Open vSwitch's datapath in user space, which asks
# nothing of the kernel but a tap and packet sockets. Two containers reach each other through OVN's logical switch.
. "$(dirname "$0")/lib.sh"

mkdir -p /run/openvswitch /run/ovn
mount -t tmpfs tmpfs /etc/docker

# start COMMAND...: a daemon of OVS or OVN.
start() {
	name=$1
	shift
	"$@" --detach --no-chdir --pidfile="$TMPDIR/$name.pid" --log-file="$TMPDIR/$name.log" 2>"$TMPDIR/$name.err" ||
		fail "$name: $(cat "$TMPDIR/$name.err")"
}

say 'Open vSwitch and OVN'
ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-tool create nb.db /usr/share/ovn/ovn-nb.ovsschema
ovsdb-tool create sb.db /usr/share/ovn/ovn-sb.ovsschema
start ovsdb ovsdb-server --remote=punix:/run/openvswitch/db.sock conf.db
start nb ovsdb-server --remote=punix:/run/ovn/ovnnb_db.sock nb.db
start sb ovsdb-server --remote=punix:/run/ovn/ovnsb_db.sock sb.db
ovs-vsctl --no-wait init
ovs-vsctl --no-wait set open_vswitch . external_ids:system-id=h1 external_ids:ovn-remote=unix:/run/ovn/ovnsb_db.sock \
	external_ids:ovn-nb=unix:/run/ovn/ovnnb_db.sock external_ids:ovn-encap-ip=127.0.0.1 external_ids:ovn-encap-type=geneve \
	external_ids:ovn-bridge-datapath-type=netdev
start vswitchd ovs-vswitchd unix:/run/openvswitch/db.sock
ovs-vsctl add-br br-int -- set bridge br-int datapath_type=netdev fail-mode=secure
start northd ovn-northd --ovnnb-db=unix:/run/ovn/ovnnb_db.sock --ovnsb-db=unix:/run/ovn/ovnsb_db.sock
start controller ovn-controller unix:/run/openvswitch/db.sock

# The driver takes what programs print for text, which in Python 3 it is not: as Debian ships it, it ends at once. Its file stays as it
# is; the interpreter that runs it makes text the default.
say 'the driver'
cat >run.py <<'PY'
import runpy, subprocess, sys

class Popen(subprocess.Popen):
    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, text=True, **keywords)

subprocess.Popen = Popen
sys.argv = [sys.argv[1]]
runpy.run_path(sys.argv[0], run_name="__main__")
PY
python3 run.py "$(command -v ovn-docker-overlay-driver)" >"$TMPDIR/driver.log" 2>&1 &
DRIVER=$!
until_true 20 nc -z 127.0.0.1 5000 || fail "the driver does not start: $(cat "$TMPDIR/driver.log")"

say 'two containers on a logical switch'
ID=$("$CNM" network create -d openvswitch --subnet 10.66.0.0/24 web)
assert_json 'scope' '.[0].Scope == "global"' "$("$CNM" network inspect web)"
assert_match 'logical switch' "^switch .*\\($ID\\)" "$(ovn-nbctl show)"
for c in c1 c2; do
	"$CNM" sandbox create $c >/dev/null
	"$CNM" connect web $c >/dev/null
done
assert_match 'MAC and address of c1, which the driver chose' "addresses: \\[\"$(nsenter --net="$CNM_STATE/netns/c1" ip -j link show eth0 | jq -r '.[0].address') 10.66.0.2\"\\]" "$(ovn-nbctl show)"
until_true 10 "$CNM" exec c1 -- ping -c 1 -W 1 10.66.0.3 >/dev/null || fail "c1 does not reach c2: $(ovs-vsctl show)"
assert_json 'what the driver says' '.[0].DriverInfo.ip_address == "10.66.0.2"' "$("$CNM" endpoint inspect web/c1@eth0)"

say 'and all of it comes down'
for c in c1 c2; do
	"$CNM" disconnect web $c
	"$CNM" sandbox rm $c >/dev/null
done
assert_eq 'ports of the logical switch' '' "$(ovn-nbctl lsp-list "$ID")"
"$CNM" network rm web >/dev/null
assert_eq 'logical switches' '' "$(ovn-nbctl ls-list)"
assert_eq 'answers that were no 200' '' "$(grep 'POST' "$TMPDIR/driver.log" | grep -v '" 200 ' || true)"
assert_eq 'what is owed' '' "$("$CNM" gc)"
kill "$DRIVER"
for d in controller northd vswitchd sb nb ovsdb; do
	kill "$(cat "$TMPDIR/$d.pid")"
done
