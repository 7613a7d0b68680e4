#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A network and IPAM driver for cnm and for Docker, in Python's standard library.

Each network is a Linux bridge that has the gateway's address; each endpoint is a pair of virtual links, one end on
the bridge, the other for the container. Addresses are given from 10.96.0.0/16 on, or from the subnet that is asked for.

    remote_driver.py /run/docker/plugins/example.sock      then:  cnm network create -d example --ipam-driver example web
                                                                  docker network create -d example --ipam-driver example web

What a driver must keep in mind (docs/remote.md says more): it may hear the same thing twice, it hears of a deletion at the end or
much later, and it answers {"Err": "why"} (an IPAM driver {"Error": "why"}) where it cannot do what it is asked.
"""
import ipaddress
import json
import os
import socketserver
import subprocess
import sys
from http.server import BaseHTTPRequestHandler


class Refused(Exception):
    """The text goes to the user."""


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused("ip %s: %s" % (" ".join(arguments), done.stderr.strip()))


def link_exists(name):
    return os.path.exists("/sys/class/net/" + name) or subprocess.run(
        ["ip", "link", "show", name], capture_output=True).returncode == 0


# Networks and endpoints ---------------------------------------------------------------------------

networks = {}  # id: its gateways, without prefix
endpoints = {}  # id: id of its network


def bridge_of(network):
    return "xb-" + network[:8]


def outer_of(endpoint):
    return "xo-" + endpoint[:8]


def inner_of(endpoint):
    return "xi-" + endpoint[:8]


def create_network(request):
    bridge = bridge_of(request["NetworkID"])
    pools = request["IPv4Data"] + (request["IPv6Data"] or [])
    gateways = [pool["Gateway"] for pool in pools if pool.get("Gateway")]
    ip("link", "add", bridge, "type", "bridge")
    try:
        for gateway in gateways:
            ip("addr", "add", gateway, "dev", bridge)
        ip("link", "set", bridge, "up")
    except Refused:
        ip("link", "del", bridge)
        raise
    networks[request["NetworkID"]] = [gateway.split("/")[0] for gateway in gateways]
    return {}


def delete_network(request):
    networks.pop(request["NetworkID"], None)
    if link_exists(bridge_of(request["NetworkID"])):
        ip("link", "del", bridge_of(request["NetworkID"]))
    return {}


def create_endpoint(request):
    """May choose what is empty in Interface, and nothing else; this driver leaves the MAC to the kernel."""
    if request["NetworkID"] not in networks:
        raise Refused("there is no network %.12s" % request["NetworkID"])
    outer, inner = outer_of(request["EndpointID"]), inner_of(request["EndpointID"])
    ip("link", "add", outer, "type", "veth", "peer", "name", inner)
    ip("link", "set", outer, "master", bridge_of(request["NetworkID"]), "up")
    endpoints[request["EndpointID"]] = request["NetworkID"]
    return {"Interface": {}}


def delete_endpoint(request):
    endpoints.pop(request["EndpointID"], None)
    if link_exists(outer_of(request["EndpointID"])):
        ip("link", "del", outer_of(request["EndpointID"]))
    return {}


def join(request):
    """Names the link that goes into the container. Addresses are put on it there, by who asked."""
    answer = {"InterfaceName": {"SrcName": inner_of(request["EndpointID"]), "DstPrefix": "eth"}}
    for gateway in networks[request["NetworkID"]]:
        answer["GatewayIPv6" if ":" in gateway else "Gateway"] = gateway
    return answer


def endpoint_info(request):
    return {"Value": {"example.link": outer_of(request["EndpointID"])}}


# Addresses ----------------------------------------------------------------------------------------

DEFAULTS = {False: ("10.96.0.0/12", 16), True: ("fd88::/48", 64)}
pools = {}  # id: (network, set of addresses)


def request_pool(request):
    taken = [pool for pool, _ in pools.values()]
    if request["Pool"]:
        candidates = [ipaddress.ip_network(request["Pool"])]
    else:
        base, prefix = DEFAULTS[request["V6"]]
        candidates = ipaddress.ip_network(base, strict=False).subnets(new_prefix=prefix)
    for pool in candidates:
        if any(pool.version == other.version and pool.overlaps(other) for other in taken):
            continue
        pools[str(pool)] = (pool, set())
        return {"PoolID": str(pool), "Pool": str(pool), "Data": {}}
    raise Refused("no pool is free")


def release_pool(request):
    pools.pop(request["PoolID"], None)
    return {}


def request_address(request):
    if request["PoolID"] not in pools:
        raise Refused("there is no pool %s" % request["PoolID"])
    pool, taken = pools[request["PoolID"]]
    if request["Address"]:
        candidates = [ipaddress.ip_address(request["Address"])]
    else:
        candidates = pool.hosts()
    for address in candidates:
        if address in pool and address not in taken:
            taken.add(address)
            return {"Address": "%s/%d" % (address, pool.prefixlen), "Data": {}}
    raise Refused("no address is free in %s" % pool)


def release_address(request):
    if request["PoolID"] in pools:
        pools[request["PoolID"]][1].discard(ipaddress.ip_address(request["Address"]))
    return {}


# The protocol -------------------------------------------------------------------------------------

def nothing(request):
    return {}


CALLS = {
    "/Plugin.Activate": lambda request: {"Implements": ["NetworkDriver", "IpamDriver"]},
    "/NetworkDriver.GetCapabilities": lambda request: {"Scope": "local", "ConnectivityScope": "local"},
    "/NetworkDriver.CreateNetwork": create_network,
    "/NetworkDriver.DeleteNetwork": delete_network,
    "/NetworkDriver.CreateEndpoint": create_endpoint,
    "/NetworkDriver.DeleteEndpoint": delete_endpoint,
    "/NetworkDriver.EndpointOperInfo": endpoint_info,
    "/NetworkDriver.Join": join,
    "/NetworkDriver.Leave": nothing,
    "/NetworkDriver.ProgramExternalConnectivity": nothing,
    "/NetworkDriver.RevokeExternalConnectivity": nothing,
    "/NetworkDriver.DiscoverNew": nothing,
    "/NetworkDriver.DiscoverDelete": nothing,
    "/IpamDriver.GetCapabilities": lambda request: {"RequiresMACAddress": False, "RequiresRequestReplay": False},
    "/IpamDriver.GetDefaultAddressSpaces": lambda request: {
        "LocalDefaultAddressSpace": "example", "GlobalDefaultAddressSpace": "example"},
    "/IpamDriver.RequestPool": request_pool,
    "/IpamDriver.ReleasePool": release_pool,
    "/IpamDriver.RequestAddress": request_address,
    "/IpamDriver.ReleaseAddress": release_address,
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        print(self.path[1:], body.decode().strip(), flush=True)
        call = CALLS.get(self.path)
        if not call:
            self.reply(404, {"Err": "%s is not known" % self.path})
            return
        try:
            self.reply(200, call(json.loads(body) if body.strip() else {}))
        except Refused as refused:
            self.reply(200, {"Error" if self.path.startswith("/Ipam") else "Err": str(refused)})

    def reply(self, status, answer):
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.docker.plugins.v1.2+json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format, *arguments):
        """do_POST says more."""


class Server(socketserver.ThreadingUnixStreamServer):
    """One thread a connection: the callers keep theirs open."""
    daemon_threads = True


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: remote_driver.py SOCKET")
    os.makedirs(os.path.dirname(sys.argv[1]), exist_ok=True)
    # A socket is made anew: who remembers the old one sees that this is another process.
    if os.path.exists(sys.argv[1]):
        os.unlink(sys.argv[1])
    Server(sys.argv[1], Handler).serve_forever()
