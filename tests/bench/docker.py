# SPDX-License-Identifier: GPL-2.0-or-later
"""Docker Engine: connect and disconnect of running containers over its API, which is libnetwork's work without a container's start."""
import json
import os
import shutil
import signal
import subprocess
import time

from contenders import Contender
from host import ENV, TMP, Failure, dress_host, sh

SOCKET = f"{TMP}/docker.sock"
TICK = os.sysconf("SC_CLK_TCK")


class Engine:
    """The daemon, in the namespace of the bench itself, with containers that wait on a network that nobody measures."""

    def __init__(self, count):
        self.ids = []
        self.cgroup = f"/cnm-bench-{os.path.basename(TMP)}"
        self.log = open(f"{TMP}/docker.log", "w")
        dress_host("/proc/self/ns/net")
        self.child = subprocess.Popen(
            ["dockerd", "--data-root", f"{TMP}/docker", "--exec-root", "/run/docker", "-H", f"unix://{SOCKET}", "--pidfile",
             "/run/docker.pid", "--storage-driver", "vfs", "--cgroup-parent", self.cgroup, "--ip6tables", "--experimental"],
            env=ENV, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        for _ in range(300):
            if self.child.poll() is not None:
                break
            if self.answers():
                self.start_containers(count)
                return
            time.sleep(0.1)
        self.child.kill()
        self.child.wait()
        raise Failure("dockerd does not start: " + open(f"{TMP}/docker.log").read()[-600:])

    def answers(self):
        return os.path.exists(SOCKET) and self.docker("version", "-f", "{{.Server.Version}}", check=False)

    def docker(self, *argv, check=True):
        return sh("docker", "-H", f"unix://{SOCKET}", *argv, check=check).strip()

    def start_containers(self, count):
        """Container I of `count` publishes a port; one more does not. On an internal network a port is kept for the first one that is not."""
        os.makedirs(f"{TMP}/image/bin")
        shutil.copy(shutil.which("busybox"), f"{TMP}/image/bin/busybox")
        sh("sh", "-c", f"tar -C {TMP}/image -c . | docker -H unix://{SOCKET} import - box")
        self.docker("network", "create", "--internal", "--subnet", "10.95.0.0/16", "idle")
        self.docker("network", "create", "--subnet", "10.96.0.0/16", "four")
        self.docker("network", "create", "--ipv6", "--subnet", "10.97.0.0/16", "--subnet", "fd00:97::/64", "both")
        for i in range(count + 1):
            port = ["-p", f"{20000 + i}:80"] if i < count else []
            self.ids.append(self.docker("run", "-d", "--network", "idle", *port, "box", "/bin/busybox", "sleep", "100000"))

    def stop(self):
        """Containers first. Their cgroups go at the end of run.sh."""
        if self.ids:
            self.docker("rm", "-f", *self.ids, check=False)
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.log.close()


class Docker(Contender):
    name = "dockerd (libnetwork), connect"

    def __init__(self, case, pods, engine):
        self.case, self.pods, self.engine = case, pods, engine
        self.netns, self.key = None, "docker"
        self.network = "both" if self.dual else "four"

    def request(self, verb, i):
        container = self.engine.ids[i] if self.port else self.engine.ids[-1]
        body = json.dumps({"Container": container})
        return [{"unix": SOCKET, "request": f"POST /networks/{self.network}/{verb} HTTP/1.0\r\nHost: docker\r\n"
                 f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"}]

    def add(self, i):
        return self.request("connect", i)

    def delete(self, i):
        return self.request("disconnect", i)

    def daemon(self):
        return self.engine.child.pid


def daemon_cpu_ms(pid):
    """What the daemon and the programs that it waited for have used."""
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return sum(int(f) for f in fields[11:15]) * 1000 / TICK


def daemon_peak_kib(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise Failure("no VmHWM")
