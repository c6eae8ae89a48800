#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole programs side by side on the same dumps: whyhung to its verdict, drgn with the stacks of all tasks, crash with
`sys` and `foreach active bt`. The programs take turns, so that a machine whose speed drifts is unfair to none.

usage: side_by_side.py --whyhung BIN [--drgn BIN] [--crash BIN] [--runs N] DUMP[=VMLINUX]...

Prints a Markdown table of medians. A program that fails on a dump gets its reason instead of figures. drgn and crash need
the vmlinux of the dump; whyhung gets none.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

DRGN_SCRIPT = """
for task in for_each_task(prog):
    try:
        print(task.pid.value_(), prog.stack_trace(task))
    except Exception as error:
        print(task.pid.value_(), error)
"""
# drgn's own helper names only online CPUs' idle tasks; all others are what `crash foreach bt` shows too.
DRGN_HEAD = "from drgn.helpers.linux.pid import for_each_task\n"
CRASH_COMMANDS = "sys\nforeach active bt\nquit\n"


def run(command, stdin_path):
    """(user s, sys s, peak KB, exit status, tail of the output) of one run."""
    with tempfile.TemporaryFile() as output, open(stdin_path, "rb") as stdin:
        process = subprocess.Popen(command, stdin=stdin, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(max(0, output.tell() - 400))
        tail = output.read().decode(errors="replace").strip().splitlines()
    return usage.ru_utime, usage.ru_stime, usage.ru_maxrss, process.returncode, tail[-1] if tail else ""


class Contender:
    def __init__(self, name, command, stdin_path, good):
        self.name, self.command, self.stdin_path, self.good = name, command, stdin_path, good
        self.runs, self.failure = [], ""

    def once(self):
        if self.failure:
            return
        user, system, peak, status, tail = run(self.command, self.stdin_path)
        if status not in self.good:
            self.failure = f"fails: {tail[:90]}" if tail else f"fails with exit status {status}"
        self.runs.append((user, system, peak))

    def median(self, index):
        return statistics.median(one[index] for one in self.runs)


def contenders(options, dump, vmlinux, folder):
    drgn_script, crash_script = folder / "all_stacks.py", folder / "crash.txt"
    drgn_script.write_text(DRGN_HEAD + DRGN_SCRIPT)
    crash_script.write_text(CRASH_COMMANDS)
    made = [Contender("whyhung", [options.whyhung, dump], os.devnull, (0, 1))]
    if options.drgn and vmlinux:
        made.append(Contender("drgn", [options.drgn, "-q", "-c", dump, "-s", vmlinux, str(drgn_script)], os.devnull, (0,)))
    if options.crash and vmlinux:
        made.append(Contender("crash", [options.crash, "-s", vmlinux, dump], crash_script, (0,)))
    return made


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--whyhung", required=True)
    parser.add_argument("--drgn")
    parser.add_argument("--crash")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("dumps", nargs="+", metavar="DUMP[=VMLINUX]")
    options = parser.parse_args()
    print("| dump | program | user s | sys s | peak RSS MB | user time, whyhung = 1 |\n|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        for item in options.dumps:
            dump, _, vmlinux = item.partition("=")
            field = contenders(options, dump, vmlinux, pathlib.Path(name))
            for one in field:
                one.once()  # the warm-up, which also shows who cannot read the dump at all
                one.runs.clear()
            for _ in range(options.runs):
                for one in field:
                    one.once()
            base = field[0].median(0)
            for one in field:
                row = f"| {pathlib.Path(dump).name} | {one.name} |"
                if one.failure:
                    print(f"{row} {one.failure} | | | |", flush=True)
                    continue
                ratio = one.median(0) / base if base else float("nan")
                print(f"{row} {one.median(0):.3f} | {one.median(1):.3f} | {one.median(2) / 1024:.1f} | {ratio:.0f} |", flush=True)
    return 0


sys.exit(main())
