# SPDX-License-Identifier: GPL-2.0-or-later
"""All contenders side by side: in turns, so that what else the machine does hits all alike; one at a time, and many at once."""
import glob
import os
import signal
import subprocess
import time

import contenders as c
import docker
from host import BENCH_DIR, TMP, Failure, add_namespaces, rest, sh, summary

WARM_UP = 1
STRACE = ("strace", "-f", "-c")
AT_ONCE_CASE = "one port"


def measured(runner, contender, jobs):
    """One request of the runner. A daemon's CPU time is what it grew by."""
    pid = contender.daemon()
    before = docker.daemon_cpu_ms(pid) if pid else 0
    reply = runner.run(jobs, contender.netns)
    worst = {"ms": reply["ms"], "cpu_ms": sum(j["cpu_ms"] for j in reply["jobs"]), "later_cpu_ms": reply["later_cpu_ms"],
             "peak_kib": max(j["peak_kib"] for j in reply["jobs"])}
    if pid:
        worst["cpu_ms"] += docker.daemon_cpu_ms(pid) - before
        worst["peak_kib"] = docker.daemon_peak_kib(pid)
    return worst


def turn(runner, contender, numbers):
    """Attaches and detaches these containers, all at once; returns what both took."""
    for i in numbers:
        contender.before_add(i)
    rest()
    added = measured(runner, contender, [contender.add(i) for i in numbers])
    rest()
    jobs = [contender.delete(i) for i in numbers]
    deleted = measured(runner, contender, jobs)
    return added, deleted


def give_up(runner, contender, numbers):
    """After a failure: the containers are as they were, for the others."""
    for i in numbers:
        try:
            runner.run([contender.delete(i)], contender.netns, check=False)
        except (Failure, LookupError):
            pass
        if not contender.daemon():
            sh("ip", "link", "del", "eth0", netns=contender.pods[i], check=False)


def one_at_a_time(runner, everyone, rounds, every, tell):
    """The quick ones in each round, the others in each `every`th. What fails is told, and takes no further part."""
    samples = {x: ([], []) for x in everyone}
    for r in range(-WARM_UP, rounds):
        for x in everyone:
            if x not in samples or (r >= 0 and not x.fast and r % every):
                continue
            try:
                added, deleted = turn(runner, x, [0])
            except Failure as e:
                tell(f"{x.name}, {x.case}: left out: {e}")
                give_up(runner, x, [0])
                del samples[x]
                continue
            if r >= 0:
                samples[x][0].append(added)
                samples[x][1].append(deleted)
    return {x: {"add": summary(a), "del": summary(d), "samples": {"add_ms": [s["ms"] for s in a], "del_ms": [s["ms"] for s in d]}}
            for x, (a, d) in samples.items()}


def many_at_once(runner, everyone, count, rounds, tell):
    """Attaches a second, and detaches a second, when all start at one moment. One more container stays attached all the time: a host on which
    many start at once is no empty one, and some peers fail when two at once make what all share."""
    result = {}
    for x in everyone:
        if x.case == AT_ONCE_CASE and not x.daemon():
            x.pods = x.pods[:count] + add_namespaces([f"stays-{x.key}"])
            x.before_add(count)
            runner.run([x.add(count)], x.netns, stays=True)
    for r in range(rounds):
        for x in everyone:
            if x.case != AT_ONCE_CASE or (r > 0 and x.name not in result):
                continue
            try:
                added, deleted = turn(runner, x, range(count))
            except Failure as e:
                tell(f"{x.name}, {count} at once: left out: {e}")
                give_up(runner, x, range(count))
                result.pop(x.name, None)
                continue
            result.setdefault(x.name, {"add": [], "del": []})
            result[x.name]["add"].append(added)
            result[x.name]["del"].append(deleted)
    return {name: {verb: {**summary(s), "per_second": count * 1000 / summary(s)["median_ms"]} for verb, s in both.items()}
            for name, both in result.items()}


def total_of(path):
    """The calls in a table of strace -c: share, seconds, microseconds a call, calls, errors if any, name."""
    for line in open(path):
        if line.split()[-1:] == ["total"]:
            return int(line.split()[3])
    raise Failure(f"no total in {path}")


def traced_programs(runner, contender, job):
    """Every program of the job under strace, with all that it starts."""
    total, traced = 0, []
    for n, step in enumerate(job):
        traced.append({**step, "argv": [*STRACE, "-o", f"{TMP}/strace.{n}", *step["argv"]]})
    runner.run([traced], contender.netns)
    for n in range(len(job)):
        total += total_of(f"{TMP}/strace.{n}")
    return total


def traced_daemon(runner, contender, job):
    """A daemon is traced while it serves; what its own threads do beside that is counted too."""
    path = f"{TMP}/strace.daemon"
    tracer = subprocess.Popen([*STRACE, "-o", path, "-p", str(contender.daemon())], stderr=subprocess.DEVNULL)
    for _ in range(200):
        if "TracerPid:\t0" not in open(f"/proc/{contender.daemon()}/status").read():
            break
        time.sleep(0.02)
    runner.run([job], contender.netns)
    tracer.send_signal(signal.SIGINT)
    tracer.wait(20)
    return total_of(path)


def system_calls(runner, everyone, tell):
    counts = {}
    for x in everyone:
        count = traced_daemon if x.daemon() else traced_programs
        try:
            x.before_add(0)
            counts[x] = {"add": count(runner, x, x.add(0)), "del": count(runner, x, x.delete(0))}
        except Failure as e:
            tell(f"{x.name}, {x.case}: system calls not counted: {e}")
            give_up(runner, x, [0])
    return counts


def instructions(runner, tell):
    """User-space instructions of cnm by CNI with one port, dynamic linking included, counted by callgrind: repeatable to about a per cent. The
    count of a child (the one that waits for the kernel) begins with its parent's, so the greatest is taken."""
    (pod,) = add_namespaces(["counted"])
    x = c.Cnm(AT_ONCE_CASE, [pod], "counted")
    result = {}
    turn(runner, x, [0])  # the first finds less there
    for verb, job in (("add", x.add(0)), ("del", x.delete(0))):
        argv = ["env", f"LD_PRELOAD={BENCH_DIR}/../tests/callgrind_openat2.so", "valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={TMP}/callgrind.{verb}.%p"]
        try:
            runner.run([[{**step, "argv": argv + step["argv"]} for step in job]], x.netns)
        except Failure as e:
            tell(f"instructions not counted: {e}")
            return None
        result[verb] = max(int(line.split()[1]) for path in glob.glob(f"{TMP}/callgrind.{verb}.*") for line in open(path)
                           if line.startswith("totals:"))
    return result


def make_everyone(pods, at_once, tell):
    """All who are installed, and the daemon if it starts."""
    classes = [c.Bare, c.Cnm, c.CnmHook, c.Reference, c.ReferenceChain, c.Netavark]
    engine = None
    for path, gone in ((f"{c.CNI_DIR}/portmap", (c.Reference, c.ReferenceChain)), (c.NETAVARK, (c.Netavark,))):
        if not os.access(path, os.X_OK):
            tell(f"{path} is not there (make bench-deps): {gone[0].name} left out")
            classes = [k for k in classes if k not in gone]
    try:
        engine = docker.Engine(at_once)
    except (Failure, OSError) as e:
        tell(f"dockerd left out: {e}")
    everyone = []
    for case in c.CASES:
        everyone += [k(case, pods) for k in classes if case in k.cases]
        if engine:
            everyone.append(docker.Docker(case, pods, engine))
    return everyone, engine


def compare(runner, rounds, every, at_once, at_once_rounds, tell):
    pods = add_namespaces([f"pod{i}" for i in range(at_once)])
    everyone, engine = make_everyone(pods, at_once, tell)
    try:
        tell(f"{rounds} rounds, one at a time")
        single = one_at_a_time(runner, everyone, rounds, every, tell)
        tell(f"{at_once} at once")
        many = many_at_once(runner, list(single), at_once, at_once_rounds, tell)
        tell("system calls")
        calls = system_calls(runner, list(single), tell)
    finally:
        for x in everyone:
            x.close()
        if engine:
            engine.stop()
    return {"one": [{"case": x.case, "name": x.name, **numbers, "calls": calls.get(x)} for x, numbers in single.items()],
            "at_once": {"count": at_once, "case": AT_ONCE_CASE, "contenders": many}}
