# SPDX-License-Identifier: GPL-2.0-or-later
"""What all measurements share: namespaces that are small hosts, the runner that measures, and plain program calls."""
import json
import os
import subprocess
import time

ENV = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
TMP = os.environ["TMPDIR"]
CNM = os.environ["CNM"]
BENCH_DIR = os.environ["BENCH_DIR"]


class Failure(Exception):
    """Something that was to be measured did not work: a number would mean nothing."""


def sh(*argv, netns=None, env=None, text=None, check=True):
    """Runs a program that is not measured, and returns what it prints."""
    if netns:
        argv = ("nsenter", f"--net={netns}") + argv
    done = subprocess.run(argv, env={**ENV, **(env or {})}, input=text, capture_output=True, text=True)
    if check and done.returncode:
        raise Failure(f"{' '.join(argv)[:300]}: {done.stdout[-500:]} {done.stderr[-500:]}")
    return done.stdout


def add_namespaces(names):
    """Makes named namespaces, all by one process; returns their paths."""
    ip_batch(None, *(f"netns add {n}" for n in names))
    return [f"/run/netns/{n}" for n in names]


def make_host(name):
    """A namespace that stands for a host."""
    (path,) = add_namespaces([f"host-{name}"])
    dress_host(path)
    return path


def dress_host(path):
    """Gives a host what hosts have: loopback, an uplink to nowhere and default routes (some plugins ask for them), and it forwards."""
    ip_batch(path, "link set lo up",
             "link add uplink type veth peer name far", "addr add 192.0.2.1/24 dev uplink", "addr add 2001:db8:2::1/64 dev uplink nodad",
             "link set uplink up", "link set far up", "route add default via 192.0.2.2", "route add default via 2001:db8:2::2")
    sh("sh", "-c", "for f in ipv4/ip_forward ipv6/conf/all/forwarding; do echo 1 >/proc/sys/net/$f; done", netns=path)


def ip_batch(netns, *lines):
    """Many commands of ip(8), by one process."""
    sh("ip", "-batch", "-", text="".join(f"{line}\n" for line in lines), netns=netns)


class Runner:
    """The process that starts what is measured. A job is a list of steps; see runner.c."""

    def __init__(self):
        self.child = subprocess.Popen([f"{BENCH_DIR}/runner"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      env=ENV, text=True)

    def run(self, jobs, netns=None, check=True, stays=False):
        request = {"netns": netns, "jobs": jobs, **({"stays": True} if stays else {})}
        self.child.stdin.write(json.dumps(request) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise Failure(f"the runner ended with status {self.child.wait()}")
        reply = json.loads(line)
        errors = [job["error"] for job in reply["jobs"] if job["error"]]
        if errors and check:
            raise Failure(f"{len(errors)} of {len(jobs)}: {errors[0]}")
        return reply

    def close(self):
        self.child.stdin.close()
        self.child.wait()


def program(argv, env=None, text="", prev=False):
    """A step that runs a program."""
    step = {"argv": argv, "env": [f"{k}={v}" for k, v in {**ENV, **(env or {})}.items()], "input": text}
    if prev:
        step["prev"] = True
    return step


def rest(seconds=0.02):
    """The kernel goes on with a removed link for a while; nobody else is to pay for that."""
    time.sleep(seconds)


def quantile(values, q):
    """Nearest rank, so that every quantile is a value that was measured."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(q * 1000) * len(ordered) // 1000) - 1))]


def summary(samples):
    """Median and 99th percentile of wall time, mean of CPU time (a daemon's is known in ticks only), peak memory."""
    wall = [s["ms"] for s in samples]
    return {"count": len(samples), "median_ms": quantile(wall, .5), "p99_ms": quantile(wall, .99),
            "cpu_ms": sum(s["cpu_ms"] for s in samples) / len(samples),
            "later_cpu_ms": sum(s.get("later_cpu_ms", 0) for s in samples) / len(samples),
            "peak_kib": max(s["peak_kib"] for s in samples)}
