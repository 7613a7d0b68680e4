# SPDX-License-Identifier: GPL-2.0-or-later
"""`make bench`, started by run.sh in namespaces of its own: measures, and writes bench.json, *.svg and performance.md to BENCH_OUT.

ROUNDS, EVERY (peers take part in each EVERY-th round), AT_ONCE, AT_ONCE_ROUNDS, GROWTH_ROUNDS, RUNC_ROUNDS and PARTS (compare, growth, runc)
may be given.
"""
import json
import os
import sys
import time

import compare
import growth
import machine
import report
import runtime
from host import Failure, Runner

PARTS = ("compare", "growth", "runc")


def number(name, default):
    return int(os.environ.get(name) or default)


def main():
    start = time.monotonic()
    notes, result = [], {"machine": machine.describe()}

    def tell(text):
        print(f"[{time.monotonic() - start:4.0f} s] {text}", file=sys.stderr, flush=True)
        if "left out" in text or "not counted" in text:
            notes.append(text)

    parts = (os.environ.get("PARTS") or ",".join(PARTS)).replace(",", " ").split()
    runner = Runner()
    try:
        if "compare" in parts:
            result["compare"] = compare.compare(runner, number("ROUNDS", 100), number("EVERY", 2), number("AT_ONCE", 32),
                                                number("AT_ONCE_ROUNDS", 3), tell)
            result["instructions"] = compare.instructions(runner, tell)
        if "growth" in parts:
            result["growth"] = growth.growth(runner, number("GROWTH_ROUNDS", 15), tell)
        if "runc" in parts:
            result["runc"] = runtime.runc(runner, number("RUNC_ROUNDS", 20), tell)
    finally:
        runner.close()
    result["notes"] = notes
    result["seconds"] = round(time.monotonic() - start)
    out = os.environ["BENCH_OUT"]
    with open(f"{out}/bench.json", "w") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    print(report.write(result, out))


if __name__ == "__main__":
    try:
        main()
    except Failure as e:
        sys.exit(f"bench: {e}")
