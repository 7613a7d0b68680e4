# SPDX-License-Identifier: GPL-2.0-or-later
"""What the hooks add to a container's start and end, as runc sees it: create and delete with them and without, in turns."""
import json
import os
import shutil

from host import CNM, TMP, make_host, program, quantile, rest, sh

RUNC = shutil.which("runc", path="/usr/sbin:/usr/bin:/sbin:/bin")


def make_bundle(path, netns):
    """Busybox that sleeps, in namespaces of its own."""
    os.makedirs(f"{path}/rootfs/bin")
    for folder in ("etc", "proc", "sys", "dev"):
        os.mkdir(f"{path}/rootfs/{folder}")
    shutil.copy(shutil.which("busybox"), f"{path}/rootfs/bin/busybox")
    sh("sh", "-c", f"cd {path} && {RUNC} spec", netns=netns)
    with open(f"{path}/config.json") as f:
        config = json.load(f)
    config["process"]["terminal"] = False
    config["process"]["args"] = ["/bin/busybox", "sleep", "1000"]
    config["linux"]["cgroupsPath"] = f"/cnm-bench-{os.path.basename(TMP)}-runc/{os.path.basename(path)}"
    with open(f"{path}/config.json", "w") as f:
        json.dump(config, f)


def runc(runner, rounds, tell):
    """Medians of `runc create` and `runc delete`."""
    netns = make_host("runc")
    env = {"CNM_ROOT": f"{TMP}/runc/root", "CNM_STATE": f"{TMP}/runc/state"}
    kinds = ("without", "with")
    sh(CNM, "--root", env["CNM_ROOT"], "--state", env["CNM_STATE"], "network", "create", "--subnet", "10.98.0.0/16", "bench", netns=netns)
    for kind in kinds:
        make_bundle(f"{TMP}/runc/{kind}", netns)
    sh(CNM, "oci-spec", "--network", "bench", f"{TMP}/runc/with", netns=netns, env=env)
    tell(f"runc create, with hooks and without, {rounds} rounds")
    samples = {kind: {"create": [], "delete": []} for kind in kinds}
    try:
        for r in range(-1, rounds):
            for kind in kinds:
                for verb, argv in (("create", ["create", "-b", f"{TMP}/runc/{kind}", kind]), ("delete", ["delete", "-f", kind])):
                    rest()
                    took = runner.run([[program([RUNC, "--root", f"{TMP}/runc/state-of-runc", *argv], env)]], netns, stays=True)["ms"]
                    if r >= 0:
                        samples[kind][verb].append(took)
    finally:
        for kind in kinds:
            sh(RUNC, "--root", f"{TMP}/runc/state-of-runc", "delete", "-f", kind, check=False)
    return {kind: {f"{verb}_ms": quantile(ms, .5) for verb, ms in both.items()} for kind, both in samples.items()}
