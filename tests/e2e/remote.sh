# SPDX-License-Identifier: GPL-2.0-or-later
# Plugins as a host meets them: found in each place and over each kind of address, from the command line and from CNI, without the HTTP library
# where there is no plugin, and with a plain word where it is missing.
. "$(dirname "$0")/lib.sh"

PLUGINS=/etc/docker/plugins
mkdir -p "$TMPDIR/plugins"
mount -t tmpfs tmpfs /etc/docker
mkdir "$PLUGINS"

# serve_plugin SOCKET
serve_plugin() {
	rm -f "$1" # of a predecessor
	python3 "$CNM_SOURCE/examples/remote_driver.py" "$1" >"$TMPDIR/plugin.log" 2>&1 &
	PLUGIN=$!
	until_true 10 test -S "$1" || fail "the plugin does not start: $(cat "$TMPDIR/plugin.log")"
}

# serve_tcp PORT [CERTIFICATE]: the same driver over TCP; with a certificate over TLS, for clients that have that certificate.
serve_tcp() {
	python3 - "$CNM_SOURCE/examples" "$@" >"$TMPDIR/plugin.log" 2>&1 <<'PY' &
import ssl, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import http.server, remote_driver
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), remote_driver.Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3] + ".pem", sys.argv[3] + ".key")
    context.load_verify_locations(sys.argv[3] + ".pem")
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
PY
	PLUGIN=$!
	until_true 10 nc -z 127.0.0.1 "$1" || fail "the plugin does not start: $(cat "$TMPDIR/plugin.log")"
}

stop_plugin() {
	kill "$PLUGIN"
	wait "$PLUGIN" 2>/dev/null || true
}

# goes_round NAME: a network of the plugin, with a container that reaches its gateway, comes and goes.
goes_round() {
	"$CNM" network create -d "$1" --ipam-driver "$1" net >/dev/null
	"$CNM" sandbox create c1 >/dev/null
	"$CNM" connect net c1 >/dev/null
	"$CNM" exec c1 -- ping -c 1 -W 3 10.96.0.1 >/dev/null || fail "plugin $1: no way to the gateway"
	"$CNM" disconnect net c1
	"$CNM" sandbox rm c1 >/dev/null
	"$CNM" network rm net >/dev/null
	assert_eq "links of plugin $1" '' "$(ip -o link | grep -o 'x[bio]-[0-9a-f]*' || true)"
	assert_eq "what is owed to plugin $1" '' "$(find "$CNM_ROOT/owed" "$CNM_ROOT/held" -type f)"
}

say 'where plugins are found, and how they are spoken to'
serve_plugin /run/docker/plugins/one.sock
goes_round one
stop_plugin
serve_plugin /run/docker/plugins/two/two.sock
goes_round two
stop_plugin
serve_plugin "$TMPDIR/plugins/three.sock"
echo "unix://$TMPDIR/plugins/three.sock" >"$PLUGINS/three.spec"
goes_round three
stop_plugin
serve_tcp 5991
echo 'tcp://127.0.0.1:5991' >"$PLUGINS/four.spec"
goes_round four
mkdir "$PLUGINS/five"
echo '{"Name": "five", "Addr": "http://127.0.0.1:5991/ignored"}' >"$PLUGINS/five/five.json"
goes_round five
stop_plugin

say 'TLS: both sides show who they are'
for c in ours theirs; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=plugin -addext 'subjectAltName=IP:127.0.0.1' \
		-keyout "$TMPDIR/$c.key" -out "$TMPDIR/$c.pem" 2>/dev/null
done
# tls_spec NAME CA CERTIFICATE [MORE]
tls_spec() {
	printf '{"Name": "%s", "Addr": "tcp://127.0.0.1:5992", "TLSConfig": {"CAFile": "%s", "CertFile": "%s", "KeyFile": "%s"%s}}\n' \
		"$1" "$TMPDIR/$2.pem" "$TMPDIR/$3.pem" "$TMPDIR/$3.key" "${4:-}" >"$PLUGINS/$1.json"
}
serve_tcp 5992 "$TMPDIR/ours"
tls_spec six ours ours
goes_round six
tls_spec blind theirs ours ', "InsecureSkipVerify": true'
goes_round blind
tls_spec fraud theirs ours
assert_status 1 "$CNM" network create -d fraud net
assert_match 'a server that nobody knows' '^cnm: network net: plugin fraud: Plugin.Activate: .*certificate' "$(cat "$TMPDIR/err")"
tls_spec stranger ours theirs
assert_status 1 "$CNM" network create -d stranger net
assert_match 'a client that nobody knows' '^cnm: network net: plugin stranger: Plugin.Activate: ' "$(cat "$TMPDIR/err")"
stop_plugin

say 'CNI: a plugin as the driver of a configuration'
serve_plugin /run/docker/plugins/one.sock
ip netns add pod
cni() {
	env CNI_COMMAND="$1" CNI_CONTAINERID=pod1 CNI_NETNS=/run/netns/pod CNI_IFNAME=eth0 CNI_PATH=/none "$CNM" <"$TMPDIR/cni.json"
}
"$CNM" network create -d one --ipam-driver one podnet >/dev/null
echo '{ "cniVersion": "1.0.0", "name": "podnet", "type": "cnm" }' >"$TMPDIR/cni.json"
assert_json 'CNI result' '.ips[0].address == "10.96.0.2/16" and .interfaces[-1].name == "eth0" and .ips[0].gateway == "10.96.0.1"' "$(cni ADD)"
ip netns exec pod ping -c 1 -W 3 10.96.0.1 >/dev/null || fail 'the pod does not reach its gateway'

say 'a plugin that is gone keeps nobody; gc tells it later'
stop_plugin
cni DEL
cni DEL
"$CNM" network rm podnet >/dev/null
assert_match 'gc' 'owed to plugin one .*cannot connect to /run/docker/plugins/one.sock: Connection refused' "$("$CNM" gc)"
ip -o link | grep -q 'xo-' || fail 'who deleted the links of a plugin that is gone?'
serve_plugin /run/docker/plugins/one.sock
assert_match 'gc' 'DeleteNetwork owed to plugin one .*it could not be told before' "$("$CNM" gc)"
assert_eq 'links of the plugin' '' "$(ip -o link | grep -o 'x[bio]-[0-9a-f]*' || true)"
assert_eq 'gc has no more to do' '' "$("$CNM" gc)"

say 'the HTTP library: only for plugins, and not without a word'
strace -f -e trace=openat -o "$TMPDIR/trace" "$CNM" network create local >/dev/null
"$CNM" sandbox create c2 >/dev/null
strace -f -e trace=openat -A -o "$TMPDIR/trace" "$CNM" connect local c2 >/dev/null
strace -f -e trace=openat -A -o "$TMPDIR/trace" "$CNM" disconnect local c2
assert_match 'the trace' 'libnftnl' "$(cat "$TMPDIR/trace")"
assert_eq 'files of libcurl, for a local network' '' "$(grep curl "$TMPDIR/trace" || true)"
"$CNM" sandbox rm c2 >/dev/null
"$CNM" network rm local >/dev/null
for library in $(ldconfig -p | awk '$1 == "libcurl.so.4" { print $NF }'); do
	mount --bind /dev/null "$library"
done
assert_status 1 "$CNM" network create -d one net
assert_match 'no library' '^cnm: network net: plugin one: ' "$(cat "$TMPDIR/err")"
assert_match 'no library' 'package libcurl4' "$(cat "$TMPDIR/err")"
stop_plugin
