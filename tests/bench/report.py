# SPDX-License-Identifier: GPL-2.0-or-later
"""What people read: tables in Markdown (performance.md), plots (performance.svg, performance-growth.svg), the targets with hit or miss."""
import svg
from docker import Docker
from contenders import CASES, Bare, Cnm, CnmHook, Netavark, Reference, ReferenceChain

LIMIT_CALLS, LIMIT_INSTRUCTIONS, LIMIT_PEAK_KIB = 120, 2000000, 4096


def table(head, rows):
    """The first column is text, the others are numbers."""
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] + ["---:"] * (len(head) - 1)) + " |"]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows]) + "\n"


def ms(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def find(result, case, name):
    for row in result.get("compare", {}).get("one", []):
        if (row["case"], row["name"]) == (case, name):
            return row
    return None


def comparison(result, case):
    rows = [r for r in result["compare"]["one"] if r["case"] == case]
    ours = find(result, case, Cnm.name)
    lines = []
    for r in rows:
        add, delete, calls = r["add"], r["del"], r["calls"] or {"add": "?", "del": "?"}
        of = (lambda verb: f"{r[verb]['median_ms'] / ours[verb]['median_ms']:.1f}" if ours else "")
        lines.append([r["name"], ms(add["median_ms"]), ms(add["p99_ms"]), of("add"), ms(delete["median_ms"]), ms(delete["p99_ms"]), of("del"),
                      f"{ms(add['cpu_ms'])} / {ms(delete['cpu_ms'] + delete['later_cpu_ms'])}", f"{calls['add']} / {calls['del']}",
                      f"{max(add['peak_kib'], delete['peak_kib']) / 1024:.1f}"])
    head = [case, "ADD median", "ADD p99", "of ours", "DEL median", "DEL p99", "of ours", "CPU ADD / DEL", "system calls ADD / DEL", "peak MiB"]
    return table(head, lines)


def at_once(result):
    both = result["compare"]["at_once"]
    rows = [[name, f"{v['add']['per_second']:.0f}", ms(v["add"]["median_ms"]), f"{v['del']['per_second']:.0f}", ms(v["del"]["median_ms"])]
            for name, v in both["contenders"].items()]
    return table([f"{both['count']} at once, {both['case']}", "ADDs a second", "ms for all", "DELs a second", "ms for all"], rows)


def ratio(result, case, name, verb, name_case=None):
    """How many times another's median is ours; None where it was not measured."""
    ours, other = find(result, case, Cnm.name), find(result, name_case or case, name)
    return other[verb]["median_ms"] / ours[verb]["median_ms"] if ours and other else None


def growth_at(result, what, size):
    for row in result.get("growth", {}).get(what, []):
        if row["size"] == size:
            return row["add_ms"] / row["empty_add_ms"]
    return None


def targets(result):
    """The table of targets: what, the target as text, what was measured, and whether that is enough. Nothing measured: it says so."""
    port, none = CASES[1], CASES[0]
    many = result.get("compare", {}).get("at_once", {}).get("contenders", {})
    own = find(result, port, Cnm.name)
    calls, instructions = (own or {}).get("calls"), result.get("instructions")
    inverse = (lambda r: 1 / r if r else None)
    per_second = (lambda name: many.get(name, {}).get("add", {}).get("per_second"))
    chain_rate, own_rate = per_second(ReferenceChain.name), per_second(Cnm.name)
    peak = max((max(r[v]["peak_kib"] for v in ("add", "del")) for r in result.get("compare", {}).get("one", [])
                if r["name"] in (Cnm.name, CnmHook.name)), default=None)
    return [
        ("ADD, one port, IPv4, against bare netlink", "at most", 1.3, inverse(ratio(result, port, Bare.name, "add")), "times"),
        ("ADD against the reference chain", "at least", 40, ratio(result, port, ReferenceChain.name, "add"), "times faster"),
        ("ADD, one port, against netavark", "at least", 20, ratio(result, port, Netavark.name, "add"), "times faster"),
        ("ADD, no port, against libnetwork", "at least", 10, ratio(result, none, Docker.name, "add"), "times faster"),
        ("DEL against bare netlink that waits for its acknowledgement", "at most", .3, inverse(ratio(result, port, Bare.name, "del")), "times"),
        ("DEL against the reference chain", "at least", 60, ratio(result, port, ReferenceChain.name, "del"), "times faster"),
        ("32 at once, ADDs a second, against the reference chain", "at least", 30,
         own_rate / chain_rate if own_rate and chain_rate else None, "times"),
        ("ADD at 1,000 endpoints against ADD at none", "at most", 1.2, growth_at(result, "endpoints on the network", 1000), "times"),
        ("system calls of one ADD", "at most", LIMIT_CALLS - 1, calls and calls["add"], ""),
        ("user-space instructions of one ADD, dynamic linking included", "at most", LIMIT_INSTRUCTIONS - 1,
         instructions and instructions["add"], ""),
        ("peak memory", "at most", LIMIT_PEAK_KIB, peak, "KiB")]


def verdict(way, target, value):
    if value is None:
        return "not measured"
    return "hit" if (value <= target if way == "at most" else value >= target) else "**miss**"


def plain(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def target_table(result):
    return table(["what", "target", "measured", ""],
                 [[what, f"{way} {target:,} {unit}".strip(), plain(value), verdict(way, target, value)]
                  for what, way, target, value, unit in targets(result)])


def growth(result):
    parts = []
    for what, rows in result["growth"].items():
        if what == "limit":
            continue
        listed = any("list_ms" in r for r in rows)
        head = [what, "ADD", "of an empty host's", "DEL", "of an empty host's"] + (["`cnm endpoint ls` of them"] if listed else [])
        parts.append(table(head, [[f"{r['size']:,}", ms(r["add_ms"]), f"{r['add_ms'] / r['empty_add_ms']:.2f}", ms(r["del_ms"]),
                                   f"{r['del_ms'] / r['empty_del_ms']:.2f}"] + ([ms(r["list_ms"])] if listed else []) for r in rows]))
    if "limit" in result["growth"]:
        parts.append(f"What the 1,024th container of a bridge is told, and nothing is left of it: `{result['growth']['limit']}`\n")
    return "\n".join(parts)


def runc(result):
    both = result["runc"]
    return table(["runc", "create, ms", "delete, ms"],
                 [[f"{kind} hooks", ms(v["create_ms"]), ms(v["delete_ms"])] for kind, v in both.items()]
                 + [["the hooks add", *(ms(both["with"][k] - both["without"][k]) for k in ("create_ms", "delete_ms"))]])


def machine(result):
    m = result["machine"]
    packages = ", ".join(f"{k} {v}" for k, v in m["packages"].items())
    return (f"{m['date']}, {m['processors']} processors ({m['cpu']}), {m['memory_gib']} GiB, Linux {m['kernel']}, {m['distribution']}; "
            f"{m['cnm']}; peers: {packages}. Load before the run: {m['load_before']:.1f}. The run took {result['seconds']} s.\n")


def markdown(result):
    parts = ["### Machine\n", machine(result), "### Targets\n", target_table(result)]
    if "compare" in result:
        parts.append("### Side by side\n\nMilliseconds; a ratio above 1 is slower than cnm by CNI.\n")
        parts += [comparison(result, case) for case in CASES]
        parts.append(at_once(result))
        if result["instructions"]:
            parts.append("User-space instructions of cnm by CNI, one port, dynamic linking included: ADD {add:,}, DEL {del:,}.\n".format(
                **result["instructions"]))
        parts.append("![ADD and DEL of all, one at a time](performance.svg)\n")
    if "growth" in result:
        parts += ["### Growth\n\nMilliseconds, and times what the same costs on an empty host in turns with it.\n", growth(result),
                  "![growth](performance-growth.svg)\n"]
    if "runc" in result:
        parts += ["### Start-up as runc sees it\n", runc(result)]
    if result["notes"]:
        parts += ["### Notes of the run\n", "".join(f"- {n}\n" for n in (" ".join(note.split()) for note in result["notes"]))]
    return "\n".join(parts)


def write(result, out):
    """Writes the files; returns the text."""
    if "compare" in result:
        groups = [(case, [(r["name"].replace("reference plugins:", "reference:"), r["add"]["median_ms"], r["del"]["median_ms"])
                          for r in result["compare"]["one"] if r["case"] == case]) for case in CASES]
        with open(f"{out}/performance.svg", "w") as f:
            f.write(svg.bars("Attach and detach of one container", groups))
    if "growth" in result:
        panels = []
        for what, rows in result["growth"].items():
            if what != "limit":
                series = [("ADD", [(r["size"], r["add_ms"]) for r in rows]), ("DEL", [(r["size"], r["del_ms"]) for r in rows])]
                series += [("endpoint ls", [(r["size"], r["list_ms"]) for r in rows if "list_ms" in r])] if any("list_ms" in r for r in rows) else []
                panels.append((f"ms against {what}", series))
        with open(f"{out}/performance-growth.svg", "w") as f:
            f.write(svg.curves("Growth", panels))
    text = markdown(result)
    with open(f"{out}/performance.md", "w") as f:
        f.write(text)
    return text
