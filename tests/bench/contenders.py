# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is compared: how each attaches container number I, and detaches it again, with or without a port, by IPv4 or by both families.

Each has a host of its own (a namespace), so that nobody's rules slow another down, and the same containers (namespaces) as all others. CASES are
what a container asks for; the port is published on all of the host's addresses. The container's number decides port and names, so that many can
be attached at once.
"""
import json
import os

from host import BENCH_DIR, CNM, TMP, ip_batch, make_host, program, sh

CASES = ("no port", "one port", "dual stack")
CNI_DIR = "/usr/lib/cni"
NETAVARK = "/usr/lib/podman/netavark"


class Contender:
    name = None
    fast = False  # takes part in each round
    cases = CASES

    def __init__(self, case, pods, key=None):
        self.case, self.pods = case, pods
        self.key = key or f"{type(self).__name__}-{case}".lower().replace(" ", "-")
        self.netns = make_host(self.key)
        self.prepare()

    def prepare(self):
        """Makes the network."""

    def add(self, i):
        raise NotImplementedError

    def delete(self, i):
        raise NotImplementedError

    def before_add(self, i):
        """What the caller of an attach has ready; not measured."""

    def daemon(self):
        """The process whose CPU time and memory count too."""
        return None

    def close(self):
        pass

    @property
    def port(self):
        return self.case == "one port"

    @property
    def dual(self):
        return self.case == "dual stack"


class Bare(Contender):
    """The same netlink messages and nothing else: no record, no lock, no firewall, no port."""
    name = "bare netlink"
    fast = True

    def prepare(self):
        ip_batch(self.netns, "link add br0 type bridge", "addr add 10.90.0.1/16 dev br0", "addr add fd00:90::1/64 dev br0 nodad",
                 "link set br0 up")

    def add(self, i):
        six = [f"fd00:90::{i + 2:x}", "fd00:90::1"] if self.dual else []
        return [program([f"{BENCH_DIR}/bare_attach", "add", self.pods[i], "br0", f"bare{i}", f"10.90.0.{i + 2}", "10.90.0.1", *six])]

    def delete(self, i):
        return [program([f"{BENCH_DIR}/bare_attach", "del", f"bare{i}"])]


class Cnm(Contender):
    """By CNI, which is one call of one plugin."""
    name = "cnm, CNI"
    fast = True

    def prepare(self):
        self.env = {"CNM_ROOT": f"{TMP}/{self.key}/root", "CNM_STATE": f"{TMP}/{self.key}/state"}
        args = ["--subnet", "10.91.0.0/16"] + (["--subnet", "fd00:91::/64"] if self.dual else [])
        sh(CNM, "network", "create", *args, "bench", netns=self.netns, env=self.env)

    def step(self, command, i):
        conf = {"cniVersion": "1.0.0", "name": "bench", "type": "cnm"}
        if self.port:
            conf["runtimeConfig"] = {"portMappings": [{"hostPort": 20000 + i, "containerPort": 80, "protocol": "tcp"}]}
        return [program([CNM], {**self.env, **cni_env(command, i, self.pods[i])}, json.dumps(conf))]

    def add(self, i):
        return self.step("ADD", i)

    def delete(self, i):
        return self.step("DEL", i)


class CnmHook(Cnm):
    """By the hooks of runc and crun."""
    name = "cnm, OCI hook"

    def state(self, i, status, pid):
        return json.dumps({"ociVersion": "1.0.2", "id": f"c{i}", "status": status, "pid": pid, "bundle": "/"})

    def prepare(self):
        super().prepare()
        self.inits = {}

    def before_add(self, i):
        """The container's init, which waits in its namespace."""
        self.inits[i] = os.posix_spawn("/usr/bin/nsenter", ["nsenter", f"--net={self.pods[i]}", "sleep", "1000"], os.environ)
        while os.stat(f"/proc/{self.inits[i]}/ns/net").st_ino != os.stat(self.pods[i]).st_ino:
            os.sched_yield()

    def add(self, i):
        ports = ["-p", f"{20000 + i}:80"] if self.port else []
        return [program([CNM, "oci", "createRuntime", "--network", "bench", *ports], self.env, self.state(i, "creating", self.inits[i]))]

    def delete(self, i):
        self.close_init(i)
        return [program([CNM, "oci", "poststop"], self.env, self.state(i, "stopped", 0))]

    def close_init(self, i):
        pid = self.inits.pop(i, None)
        if pid:
            os.kill(pid, 9)
            os.waitpid(pid, 0)

    def close(self):
        for i in list(self.inits):
            self.close_init(i)


class Reference(Contender):
    """The reference plugins, as a runtime calls them: one after the other, each with the result of the one before."""
    cases = ("no port", "dual stack")
    name = "reference plugins: bridge"
    chain = ("bridge",)

    def plugins(self, i):
        ranges = [[{"subnet": "10.92.0.0/16"}]] + ([[{"subnet": "fd00:92::/64"}]] if self.dual else [])
        routes = [{"dst": "0.0.0.0/0"}] + ([{"dst": "::/0"}] if self.dual else [])
        every = {
            "bridge": {"bridge": "br0", "isGateway": True, "ipMasq": True, "hairpinMode": True,
                       "ipam": {"type": "host-local", "dataDir": f"{TMP}/{self.key}", "ranges": ranges, "routes": routes}},
            "portmap": {"runtimeConfig": {"portMappings": [{"hostPort": 20000 + i, "containerPort": 80, "protocol": "tcp"}]}},
            "firewall": {"ingressPolicy": "same-bridge"},
            "tuning": {}}
        return [(p, {"cniVersion": "1.0.0", "name": "bench", "type": p, **every[p]}) for p in self.chain]

    def add(self, i):
        return [program([f"{CNI_DIR}/{p}"], cni_env("ADD", i, self.pods[i]), json.dumps(conf), prev=n > 0)
                for n, (p, conf) in enumerate(self.plugins(i))]

    def delete(self, i):
        """The result of ADD is given too, as the specification asks of a runtime."""
        result = json.dumps({"cniVersion": "1.0.0", "interfaces": [{"name": "eth0", "sandbox": self.pods[i]}],
                             "ips": [{"interface": 0, "address": a} for a in self.addresses(i)]})
        return [program([f"{CNI_DIR}/{p}"], cni_env("DEL", i, self.pods[i]), json.dumps({**conf, "prevResult": json.loads(result)}))
                for p, conf in reversed(self.plugins(i))]

    def addresses(self, i):
        found = json.loads(sh("ip", "-j", "addr", "show", "dev", "eth0", netns=self.pods[i]))
        return [f"{a['local']}/{a['prefixlen']}" for a in found[0]["addr_info"] if a["scope"] == "global"]


class ReferenceChain(Reference):
    cases = ("one port",)
    name = "reference plugins: bridge, portmap, firewall, tuning"
    chain = ("bridge", "portmap", "firewall", "tuning")


class Netavark(Contender):
    """As podman runs it: all of a container's networks by one call, its settings on standard input."""
    name = "netavark"

    def text(self, i):
        subnets = [{"subnet": "10.93.0.0/16", "gateway": "10.93.0.1"}]
        addresses = [f"10.93.0.{i + 2}"]
        if self.dual:
            subnets.append({"subnet": "fd00:93::/64", "gateway": "fd00:93::1"})
            addresses.append(f"fd00:93::{i + 2:x}")
        ports = [{"host_ip": "", "container_port": 80, "host_port": 20000 + i, "range": 1, "protocol": "tcp"}] if self.port else []
        return json.dumps({
            "container_id": f"{i:064x}", "container_name": f"c{i}", "port_mappings": ports,
            "networks": {"bench": {"static_ips": addresses, "interface_name": "eth0"}},
            "network_info": {"bench": {
                "name": "bench", "id": "b" * 64, "driver": "bridge", "network_interface": "br0", "subnets": subnets,
                "ipv6_enabled": self.dual, "internal": False, "dns_enabled": False, "ipam_options": {"driver": "host-local"}}}})

    def step(self, verb, i):
        return [program([NETAVARK, "--config", f"{TMP}/{self.key}", verb, self.pods[i]], text=self.text(i))]

    def add(self, i):
        return self.step("setup", i)

    def delete(self, i):
        return self.step("teardown", i)


def cni_env(command, i, netns):
    return {"CNI_COMMAND": command, "CNI_CONTAINERID": f"c{i}", "CNI_NETNS": netns, "CNI_IFNAME": "eth0", "CNI_PATH": CNI_DIR}
