# SPDX-License-Identifier: GPL-2.0-or-later
"""What the numbers were measured on, and with which versions of the peers."""
import os
import platform
import time

from host import sh

PACKAGES = ("containernetworking-plugins", "netavark", "docker.io", "runc")


def cpu_model():
    for line in open("/proc/cpuinfo"):
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_gib():
    return int(open("/proc/meminfo").readline().split()[1]) / 1048576


def distribution():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return "unknown"


def describe():
    """The host's name is left out: it says nothing to others."""
    versions = sh("dpkg-query", "-W", "-f", "${Package} ${Version}\\n", *PACKAGES, check=False)
    return {"cpu": cpu_model(), "processors": os.cpu_count(), "memory_gib": round(memory_gib(), 1), "kernel": platform.release(),
            "distribution": distribution(), "date": time.strftime("%Y-%m-%d"), "load_before": os.getloadavg()[0],
            "cnm": sh(os.environ["CNM"], "--version").strip(),
            "packages": dict(line.split() for line in versions.splitlines() if len(line.split()) == 2)}
