# SPDX-License-Identifier: GPL-2.0-or-later
"""How ADD and DEL grow with what is there already. Each measurement has a host of its own and real things on it: containers that are attached,
networks that have their bridges, ports that are in the kernel's map; only the nearly full pool is filled with reserved endpoints, which have a record
and an address, and no interface.

At each size ADD and DEL of one more container with one port are measured, and ADD and DEL of the same kind at the first host, which has
nothing, in turns with them: growth is told from what the machine does meanwhile.
"""
import json
import os

import contenders as c
from host import BENCH_DIR, CNM, Failure, add_namespaces, program, quantile, rest, sh

SIZES = {"endpoints on the network": (1, 10, 100, 250, 500, 1000),
         "networks": (1, 10, 100, 250, 500),
         "published ports": (1, 100, 1000, 10000, 20000),
         "addresses taken of a /16": (1, 1000, 10000, 30000, 60000, 65500)}
BRIDGE_PORTS = 1023
LIST_OF = "addresses taken of a /16"
PORTS_OF_ONE = 5000
NUMBER = 30000  # of the container that comes and goes: its port is 50000, beside all others


class Host(c.Cnm):
    """cnm by CNI, one port; the containers have numbers."""
    name = "growth"

    def __init__(self, key, pod):
        super().__init__("one port", {NUMBER: pod}, f"growth-{key}")

    def cnm(self, *argv, check=True):
        return sh(CNM, *argv, netns=self.netns, env=self.env, check=check)

    def attach(self, runner, numbers, pods):
        """Attaches containers without ports, one after the other."""
        conf = json.dumps({"cniVersion": "1.0.0", "name": "bench", "type": "cnm"})
        for i, pod in zip(numbers, pods):
            runner.run([[program([CNM], {**self.env, **c.cni_env("ADD", i, pod)}, conf)]], self.netns)


class Endpoints(Host):
    def grow(self, runner, now, size):
        self.attach(runner, range(now, size), add_namespaces([f"grown{i}" for i in range(now, size)]))

    def limit(self, runner):
        """What is said to who comes when the bridge is full; nothing is left of it."""
        here = 1000
        pods = add_namespaces([f"grown{i}" for i in range(here, BRIDGE_PORTS + 1)])
        self.attach(runner, range(here, BRIDGE_PORTS), pods)
        conf = json.dumps({"cniVersion": "1.0.0", "name": "bench", "type": "cnm"})
        refused = runner.run([[program([CNM], {**self.env, **c.cni_env("ADD", BRIDGE_PORTS, pods[-1])}, conf)]], self.netns, check=False)
        text = refused["jobs"][0]["error"]
        left = [e["Name"] for e in json.loads(self.cnm("endpoint", "ls", "--format", "json"))]
        if not text:
            raise Failure(f"container {BRIDGE_PORTS + 1} was attached to a bridge that has {BRIDGE_PORTS} ports")
        if len(left) != BRIDGE_PORTS or f"c{BRIDGE_PORTS}@eth0" in left:
            raise Failure(f"the refused container left a record: {len(left)} of {BRIDGE_PORTS}")
        start = text.find("{")
        return json.loads(text[start:text.rindex("}") + 1])["msg"] if start >= 0 else text


class Networks(Host):
    def grow(self, runner, now, size):
        for i in range(now, size):
            self.cnm("network", "create", "--subnet", f"10.{100 + i // 256}.{i % 256}.0/24", f"other{i}")


class Ports(Host):
    """Every one an element of its own: they are shifted, so none is kept as a range."""

    def grow(self, runner, now, size):
        while now < size:
            count = min(size - now, PORTS_OF_ONE)
            (pod,) = add_namespaces([f"publisher{now}"])
            first = 20000 + now
            self.cnm("connect", "--netns", pod, "bench", f"publisher{now}", "-p", f"{first}-{first + count - 1}:{first + 5001}-{first + 5000 + count}")
            now += count


class Pool(Host):
    def grow(self, runner, now, size):
        sh(f"{BENCH_DIR}/fill", "bench", str(now), str(size - now), netns=self.netns, env=self.env)


KINDS = (("endpoints on the network", Endpoints), ("networks", Networks), ("published ports", Ports), ("addresses taken of a /16", Pool))


def pair(runner, host):
    rest()
    add = runner.run([host.add(NUMBER)], host.netns)["ms"]
    rest()
    return add, runner.run([host.delete(NUMBER)], host.netns)["ms"]


def at_size(runner, host, empty, rounds):
    """Medians here, and at the empty host in turns with it."""
    samples = {host: [], empty: []}
    for r in range(-1, rounds):
        for h in (empty, host):
            took = pair(runner, h)
            if r >= 0:
                samples[h].append(took)
    middle = {h: [quantile([s[v] for s in samples[h]], .5) for v in (0, 1)] for h in samples}
    return {"add_ms": middle[host][0], "del_ms": middle[host][1], "empty_add_ms": middle[empty][0], "empty_del_ms": middle[empty][1]}


def listing(runner, host):
    """`cnm endpoint ls` of all there is."""
    job = [[program([CNM, "endpoint", "ls", "bench"], host.env)]]
    return quantile([runner.run(job, host.netns)["ms"] for _ in range(3)], .5)


def growth(runner, rounds, tell):
    most = int(os.environ.get("GROWTH_MOST") or 10 ** 9)
    (pod,) = add_namespaces(["comes-and-goes"])
    empty = Host("nothing", pod)
    result = {}
    for what, kind in KINDS:
        host, now, rows = kind(what.split()[0], pod), 0, []
        for size in [s for s in SIZES[what] if s <= most]:
            tell(f"growth: {size} {what}")
            # One of the networks is the container's own.
            host.grow(runner, max(now, 1) if kind is Networks else now, size)
            now = size
            row = {"size": size, **at_size(runner, host, empty, rounds)}
            if what == LIST_OF:
                row["list_ms"] = listing(runner, host)
            rows.append(row)
        result[what] = rows
        if kind is Endpoints and now == 1000:
            result["limit"] = host.limit(runner)
    return result
