#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes docs/kernel-support.md from the distilled types of the lab's kernels, and holds whyhung to them.

usage: support_table.py KERNEL_BINDINGS --kernel NAME    every view binds to that kernel
       support_table.py KERNEL_BINDINGS --views          no view was forgotten in kernel_bindings.cc
       support_table.py KERNEL_BINDINGS --check          docs/kernel-support.md is current
       support_table.py KERNEL_BINDINGS --update         writes it
"""
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DOCUMENT = ROOT / "docs" / "kernel-support.md"
MOST_BYTES = 2_000_000

# Debian builds these as modules, which have types of their own.
IN_MODULES = {"FUSE requests", "RPC calls"}
# What some machines and kernels have not, or keep in variables that no type describes: only POWER masks interrupts in software, it has a frame of fixed
# layout for tasks that sleep, and x86_64 from 6.14 on counts preemption in per-CPU variables.
NOT_EVERYWHERE = {"software interrupt mask", "saved registers of sleepers", "interrupts and preemption", "old spinlocks", *IN_MODULES}
# Commands alone walk these, and the stored types are cut to what a verdict asks for; tests/unit/kernel tries them.
FOR_COMMANDS = {"RedBlackTreeView", "MapleTreeView"}
# Asked for since the stored types were distilled, which lack them; tests of kernel and collect try them.
NEWER_THAN_TYPES = {"UserfaultView", "CpuHotplugView"}
HEAD = """# Kernels and what whyhung finds in them

Made by `tests/kernel_matrix/support_table.py` from the types of the kernels that the lab boots, cut to what whyhung asks for (`tests/kernel_matrix/types/`,
[distilled-types.md](distilled-types.md)). Each is tried by a test of its own. Other builds of these versions, and versions between them, differ in offsets, which are read and not assumed.

"""


def bindings(program, types):
    run = subprocess.run([program, str(types)], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{types.name}: {run.stderr.strip()}")
    return json.loads(run.stdout)


def all_kernels(program):
    def order(path):
        version, _, machine = path.stem.partition("-")
        return machine, [int(part) for part in version.split(".")]
    return {path.stem: bindings(program, path) for path in sorted((HERE / "types").glob("*.types"), key=order)}


def faults(kernel):
    """What must be there and is not."""
    for view in kernel["views"]:
        for member in view["missing"]:
            yield f"{view['name']}: {member}"
        if view["bound"] == 0 and view["name"] not in NOT_EVERYWHERE:
            yield f"{view['name']}: nothing was found"


def check_kernel(program, name):
    kernel = bindings(program, HERE / "types" / f"{name}.types")
    for view in kernel["views"]:
        lacks = view["missing"] + view["absent"] + [f"type {one}" for one in view["unknown_types"]]
        print(f"{view['name']}: {view['bound']} found" + (", not there: " + ", ".join(lacks) if lacks else ""))
    found = list(faults(kernel))
    if found:
        sys.exit("\n".join(["", "missing:", *found]))


def check_views():
    """Each view that src/kernel declares for the verdict is bound in kernel_bindings.cc."""
    tried = (HERE / "kernel_bindings.cc").read_text()
    forgotten = []
    for header in sorted((ROOT / "src" / "kernel").glob("*.h")):
        for view in re.findall(r"static (\w+) bind\(", header.read_text()):
            if view not in FOR_COMMANDS | NEWER_THAN_TYPES and f"{view}::bind(" not in tried:
                forgotten.append(f"{header.name}: {view}")
    if forgotten:
        sys.exit("kernel_bindings.cc does not bind " + ", ".join(forgotten))


def cell(view):
    if view["missing"]:
        return "without " + ", ".join(f"`{one}`" for one in view["missing"])
    return "yes" if view["bound"] else "—"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def document(kernels):
    text = HEAD
    text += table(["kernel", "release", "machine", "types from", "distilled"],
                  [[name, f"`{one['release']}`", one["machine"],
                    "BTF in the dump" if one["from"] == "BTF" else "DWARF: `--vmlinux` or `--types`",
                    f"{one['bytes'] / 1000:.0f} KB"] for name, one in kernels.items()])
    text += "\n## What is read\n\n“—”: that kernel or machine has no such structure, or keeps it in variables that need no type.\n\n"
    names = [view["name"] for view in next(iter(kernels.values()))["views"]]
    text += table(["", *kernels], [[name, *(cell(one["views"][row]) for one in kernels.values())]
                                   for row, name in enumerate(names)])
    text += ("\n## Members that only some kernels have\n\nEach by the newest of its names; a member that was renamed is found under its older "
             "ones and stands here only where it has none. What is not there is read elsewhere or not at all.\n\n")
    absent, there = {}, {}
    for name, one in kernels.items():
        absent[name] = {member for view in one["views"] for member in view["absent"]}
        there[name] = {member for view in one["views"] for member in view["asked"]} - absent[name]
    rows = [[f"`{member}`", *("yes" if member in there[name] else "" for name in kernels)]
            for member in sorted(set().union(*absent.values()) & set().union(*there.values()))]
    return text + table(["member", *kernels], rows)


def main():
    program, action = sys.argv[1], sys.argv[2]
    if action == "--kernel":
        return check_kernel(program, sys.argv[3])
    if action == "--views":
        return check_views()
    size = sum(path.stat().st_size for path in (HERE / "types").glob("*"))
    if size > MOST_BYTES:
        sys.exit(f"the distilled types have {size} bytes, more than {MOST_BYTES}")
    wanted = document(all_kernels(program))
    if action == "--update":
        DOCUMENT.write_text(wanted)
    elif not DOCUMENT.exists() or DOCUMENT.read_text() != wanted:
        sys.exit(f"{DOCUMENT.name} is not what the kernels say: run support_table.py {program} --update")


if __name__ == "__main__":
    main()
