# SPDX-License-Identifier: GPL-2.0-or-later
# One process of the example driver, used by cnm and by Docker Engine one after the other: a container of each reaches its gateway, and
# nothing is left of either.
. "$(dirname "$0")/lib.sh"

STATE_DIR="$TMPDIR/docker"
SOCKET="$TMPDIR/docker.sock"
PLUGIN_LOG="$TMPDIR/plugin.log"

say 'the plugin runs'
python3 "$CNM_SOURCE/examples/remote_driver.py" /run/docker/plugins/example.sock >"$PLUGIN_LOG" 2>&1 &
PLUGIN=$!
until_true 10 test -S /run/docker/plugins/example.sock || fail "the plugin does not start: $(cat "$PLUGIN_LOG")"

# What the plugin was told, call and body, without the ids, which differ. Docker asks for information when it likes.
conversation() {
	sed -E 's/[0-9a-f]{64}/ID/g; s/("SandboxKey":)"[^"]*"/\1"KEY"/' | grep -vE 'OperInfo|^Plugin|GetCap|AddressSpaces' |
		while read -r call body; do
			printf '%s %s\n' "$call" "$(printf '%s' "$body" | jq -cS .)"
		done
}

say 'cnm: network, container, gateway'
"$CNM" network create -d example --ipam-driver example -o color=blue --ipv6 --subnet 10.80.0.0/16 --subnet fd88::/64 web >/dev/null
assert_json 'network' '.[0].Driver == "example" and .[0].IPAM.Driver == "example"' "$("$CNM" network inspect web)"
make_bundle b
"$CNM" oci-spec --network web -p 8080:80 b
start_container c1 b
GATEWAY=$("$CNM" network inspect web | jq -r '.[0].IPAM.Config[0].Gateway')
in_container c1 ping -c 1 -W 3 "$GATEWAY" >/dev/null || fail "no way to gateway $GATEWAY"
assert_eq 'default route' "$GATEWAY" "$(in_container c1 ip route | awk '/^default/ { print $3 }')"
in_container c1 ping -6 -c 1 -W 3 fd88::1 >/dev/null || fail 'no way to the IPv6 gateway'
assert_json 'what the plugin says' '.[0].DriverInfo["example.link"] | startswith("xo-")' \
	"$("$CNM" endpoint inspect "web/c1-$UNIQUE@eth0")"
delete_container c1
"$CNM" network rm web
assert_eq 'links of the plugin' '' "$(ip -o link | grep -o 'x[bio]-[0-9a-f]*' || true)"
conversation <"$PLUGIN_LOG" >"$TMPDIR/said.cnm"

say 'Docker Engine: the same process'
mkdir -p "$STATE_DIR"
dockerd --data-root "$STATE_DIR/root" --exec-root "$STATE_DIR/exec" -H "unix://$SOCKET" --pidfile "$STATE_DIR/pid" \
	--iptables=false --ip-masq=false --storage-driver vfs --bridge none >"$TMPDIR/dockerd.log" 2>&1 </dev/null &
DOCKERD=$!
docker_cli() {
	docker -H "unix://$SOCKET" "$@"
}
until_true 60 sh -c "docker -H unix://$SOCKET version >/dev/null 2>&1" || fail "dockerd does not start: $(tail -5 "$TMPDIR/dockerd.log")"
BEFORE=$(wc -l <"$PLUGIN_LOG")
tar -C b/rootfs -c . | docker_cli import - box >/dev/null
docker_cli network create -d example --ipam-driver example -o color=blue --ipv6 --subnet 10.80.0.0/16 --subnet fd88::/64 web >/dev/null
docker_cli run -d --name c2 --network web -p 8080:80 box /bin/sleep 1000 >/dev/null || fail "docker run: $(tail -5 "$TMPDIR/dockerd.log")"
docker_cli exec c2 /bin/ping -c 1 -W 3 10.80.0.1 >/dev/null || fail "Docker's container does not reach its gateway"
docker_cli rm -f c2 >/dev/null
docker_cli network rm web >/dev/null
assert_eq 'links of the plugin' '' "$(ip -o link | grep -o 'x[bio]-[0-9a-f]*' || true)"

say 'both said the same'
tail -n "+$((BEFORE + 1))" "$PLUGIN_LOG" | conversation >"$TMPDIR/said.docker"
assert_eq 'calls' 20 "$(wc -l <"$TMPDIR/said.docker")"
diff -u "$TMPDIR/said.docker" "$TMPDIR/said.cnm" || fail 'what the plugin was told differs'
kill "$DOCKERD" "$PLUGIN"
wait "$DOCKERD" "$PLUGIN" 2>/dev/null || true
