#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the first screen to its promises: it has at most 24 lines of at most 80 columns, begins with what happened, and
says of the machines listed here what is stored in golden/; each class of the report's schema has one of them.

usage: check_screens.py WHYHUNG             the stored screens, and the size of those of all scenarios and capsules
       check_screens.py WHYHUNG --hostile   the size with names, counts and terminals of every kind
       check_screens.py WHYHUNG --update    stores what the program says now; read the difference before you keep it
"""
import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
MOST_LINES, MOST_COLUMNS = 24, 80
STATUS = ("HUNG", "NOT HUNG", "CRASHED", "UNDETERMINED")
# One of each class, and some that look otherwise for another reason.
SHOWN = ("answer-never", "answer-silent", "cpu-hog", "cpu-paused", "crashed-damaged-list", "crashed-in-softirq",
         "crashed-null-call", "crashed-null-dereference", "crashed-out-of-memory", "flock-stopped",
         "fuse-stopped", "futex-threads", "io-suspended", "irqs-off-hung-no-panic", "lock-leaked", "made-ipi-lost",
         "made-waits-unknown", "mutex-abba", "mutex-change", "mutex-exited", "mutex-self", "rcu-spinner", "reclaim-stuck",
         "rt-thread", "rwsem-mutex", "rwsem-reader", "several-sleepers", "softirq-hog", "spin-abba", "spin-self",
         "starved-quota", "stop-machine-for-hotplug", "stop-machine-nmi-panic", "twin-idle", "work-flush", "work-stuck")
# Of these there is no snapshot: only logs tell them.
SHOWN_LOGS = ("console-storm",)
HOSTILE = ("crashed-null-dereference", "futex-threads", "io-suspended", "made-waits-unknown", "mutex-abba", "rwsem-reader",
           "several-sleepers", "softirq-hog", "stop-machine-nmi-panic", "twin-idle", "work-flush")
LARGE = ("mutex-abba", "stop-machine-nmi-panic")
NAMES = {"long": "very_long_name_" * 40, "wide": "漢字🐧" * 60, "controls": "\x1b[2J\x07\r\n\u202e\x9b" * 8,
         "combining": "e\u0301\u200b" * 60, "blanks": " " * 90, "shell": "'; rm -rf / #$(reboot)`id`"}


def screen(program, path, **environment):
    clean = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LANG", "LC_CTYPE")}
    run = subprocess.run([program, "--color", "never", str(path)], capture_output=True, timeout=120, check=False,
                         env={**clean, "LC_ALL": "C.UTF-8", **environment})
    if run.returncode not in (0, 1) or run.stderr:
        sys.exit(f"{path}: exit status {run.returncode}: {run.stderr.decode(errors='replace')}")
    return run.stdout.decode()


def columns(line):
    return sum(0 if unicodedata.combining(c) or c in "\u200b\u200c\u200d" else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in line)


def faults(name, text, most_columns=MOST_COLUMNS):
    lines = text.split("\n")
    if lines.pop() != "":
        yield f"{name}: the last line does not end"
    if len(lines) > MOST_LINES:
        yield f"{name}: {len(lines)} lines:\n{text}"
    for line in lines:
        if columns(line) > most_columns:
            yield f"{name}: {columns(line)} columns: {line}"
        if any(ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0 or 0x202a <= ord(c) <= 0x202e for c in line):
            yield f"{name}: a control character: {line!r}"
    if not lines or not re.match("|".join(f"{status}  " for status in STATUS), lines[0]):
        yield f"{name}: does not begin with what happened: {lines[:1]}"


def snapshot_of(scenario):
    return TESTS / "scenarios" / scenario / "snapshot.json"


def class_of(program, path):
    run = subprocess.run([program, "--json", str(path)], capture_output=True, timeout=120, check=False)
    return json.loads(run.stdout)["verdict"]["class"]


def classes_of_schema():
    words = json.loads((TESTS.parent / "docs" / "report.schema.json").read_text())["$defs"]
    return {*words["hang_class"]["enum"], *words["log_class"]["enum"]}


def shown(folder):
    """Names of stored screens, and what each is the screen of."""
    subprocess.run([sys.executable, TESTS / "logs" / "make_logs.py", folder], check=True)
    return {**{one: snapshot_of(one) for one in SHOWN}, **{f"log-{one}": pathlib.Path(folder) / f"{one}.log" for one in SHOWN_LOGS}}


def check_golden(program, update):
    with tempfile.TemporaryDirectory() as folder:
        yield from check_stored(program, update, shown(folder))
    for path in [*TESTS.glob("scenarios/*/snapshot.json"), *TESTS.glob("vmcores/*.vmcore")]:
        yield from faults(path.parent.name + "/" + path.name, screen(program, path))


def check_stored(program, update, all_shown):
    for name in sorted(classes_of_schema() - {class_of(program, path) for path in all_shown.values()}):
        yield f"no screen of class {name} is stored"
    for name in sorted({path.stem for path in (HERE / "golden").iterdir()} - set(all_shown)):
        yield f"{name}: a screen is stored that nothing shows"
    for name, path in all_shown.items():
        text, stored = screen(program, path), HERE / "golden" / f"{name}.txt"
        yield from faults(name, text)
        if update:
            stored.write_text(text)
        expected = stored.read_text() if stored.exists() else ""
        if text != expected:
            yield "\n".join(difflib.unified_diff(expected.split("\n"), text.split("\n"), str(stored), "now", lineterm=""))


def renamed(value, name):
    """Every name that a dump brings along."""
    if isinstance(value, dict):
        return {key: name if key in ("comm", "function", "module", "name", "release", "panic_message", "taints", "version", "what",
                                     "why", "requested", "thread_function", "symbol", "condition", "build_id", "node_name")
                and isinstance(inner, str) else renamed(inner, name) for key, inner in value.items()}
    if isinstance(value, list):
        return [name if isinstance(one, str) and " " in one else renamed(one, name) for one in value]
    return value


def grown(snapshot, cpus, tasks):
    """The same machine with more CPUs, which idle, and with more tasks, which wait for what others wait for."""
    snapshot = json.loads(json.dumps(snapshot))
    idle = snapshot["cpus"][0]
    for number in range(len(snapshot["cpus"]), cpus):
        snapshot["cpus"].append({**idle, "number": number, "task": "0x0"})
    if cpus == 1:
        snapshot["cpus"] = snapshot["cpus"][:1]
    snapshot["machine"]["cpu_count"] = cpus
    waiting = {wait["waiter"]["id"]: wait for wait in snapshot["waits"] if wait["waiter"]["kind"] == "task"}
    model = next((task for task in snapshot["tasks"] if task["address"] in waiting), snapshot["tasks"][-1])
    for number in range(len(snapshot["tasks"]), tasks):
        address = hex(0xffff900000000000 + number * 0x4000)
        snapshot["tasks"].append({**model, "address": address, "pid": number + 100000, "tgid": number + 100000})
        if model["address"] in waiting:
            snapshot["waits"].append({**waiting[model["address"]], "waiter": {"kind": "task", "id": address}})
    return snapshot


def check_hostile(program):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "snapshot.json"
        for scenario in HOSTILE:
            snapshot = json.loads(snapshot_of(scenario).read_text())
            made = {f"names: {what}": renamed(snapshot, name) for what, name in NAMES.items()}
            made["1 CPU"] = grown(snapshot, 1, 0)
            if scenario in LARGE:
                made["4096 CPUs, 20,000 tasks"] = grown(snapshot, 4096, 20000)
            made["many gaps"] = {**snapshot, "gaps": [{"what": "a thing", "why": "it cannot be read " * 30}] * 40}
            for what, one in made.items():
                path.write_text(json.dumps(one))
                yield from faults(f"{scenario}, {what}", screen(program, path))
            path.write_text(json.dumps(made["names: wide"]))
            for width in (1, 40, 59, 60, 100, 200, 100000):
                text = screen(program, path, COLUMNS=str(width))
                yield from faults(f"{scenario}, COLUMNS={width}", text, min(max(width, 40), 120))
            text = screen(program, path, LC_ALL="C")
            if not text.isascii():
                yield f"{scenario}: not ASCII in the C locale: {text}"
            yield from faults(f"{scenario}, LC_ALL=C", text)
            if "rm -rf" in screen_of(program, made["names: shell"], path).partition("  next")[2].split("\n")[0]:
                yield f"{scenario}: a name of the dump stands in a command to type"


def screen_of(program, snapshot, path):
    path.write_text(json.dumps(snapshot))
    return screen(program, path)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program = str(pathlib.Path(sys.argv[1]).resolve())
    found = list(check_hostile(program) if "--hostile" in sys.argv else check_golden(program, "--update" in sys.argv))
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
