#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What programs say of the same tasks that wait for each other: crash (`ps -m`, `foreach UN bt`), drgn with the lock
helpers of drgn-tools, and whyhung. Each answer is held against the truth that the lab wrote beside the dump.

usage: locks_side_by_side.py --whyhung BIN [--crash BIN] [--drgn BIN --drgn-tools FOLDER] --vmlinux FILE DUMP_FOLDER...

Prints a Markdown table: whether the task that is to blame is named as the owner or cause, whether a circle is said to be one,
whether the kind of hang is, user seconds and peak memory. "–" where there is nothing of the kind to be said. crash and drgn get
the vmlinux of the dumps; whyhung gets none.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import tempfile

CIRCLES = ("mutex-deadlock", "self-deadlock", "mixed-lock-cycle", "workqueue-flush-deadlock")
DRGN_SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from drgn_tools.lock import get_deadlock_info, scan_lock
scan_lock(prog, False)
get_deadlock_info(prog, False)
"""
CRASH_COMMANDS = "ps -m\nforeach UN bt\nquit\n"


def run(command, stdin_path):
    """(text, user seconds, peak MB, exit status) of one run."""
    with tempfile.TemporaryFile() as output, open(stdin_path, "rb") as stdin:
        process = subprocess.Popen(command, stdin=stdin, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    return text, usage.ru_utime, usage.ru_maxrss / 1024, process.returncode


def guilty_pids(truth):
    culprits = truth.get("culprits") or [truth.get("culprit")]
    return [culprit["pid"] for culprit in culprits if culprit]


def judge_text(text, truth):
    """A list is read for what it states: who owns what, and what goes in a circle."""
    pids = guilty_pids(truth)
    named = [pid for pid in pids if re.search(rf"(?i)owner[^\n]*\b{pid}\b", text)]
    circle = bool(re.search(r"(?i)cycle detected|deadlock (found|detected)", text))
    return bool(pids) and len(named) == len(pids), circle, False


def judge_whyhung(text, truth):
    verdict = json.loads(text)["verdict"]
    pids = guilty_pids(truth)
    accused = {culprit["pid"] for culprit in verdict["culprits"]}
    accepted = (truth["expected"], *truth.get("also_accepted", []))
    return bool(pids) and accused <= set(pids) and bool(accused), verdict["class"] in CIRCLES, verdict["class"] in accepted


def word(applies, value):
    return "–" if not applies else "yes" if value else "no"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--whyhung", required=True)
    parser.add_argument("--crash")
    parser.add_argument("--drgn")
    parser.add_argument("--drgn-tools")
    parser.add_argument("--vmlinux", required=True)
    parser.add_argument("folders", nargs="+", metavar="DUMP_FOLDER")
    options = parser.parse_args()
    print("| what happened | program | names who is to blame | the circle | the kind of hang | user s | peak MB |\n"
          "|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        (scratch / "locks.py").write_text(DRGN_SCRIPT.format(folder=options.drgn_tools or ""))
        (scratch / "crash.txt").write_text(CRASH_COMMANDS)
        for folder in map(pathlib.Path, options.folders):
            truth = json.loads(next(folder.glob("*.truth.json")).read_text())
            dump = str(folder / truth["files"][0])
            contenders = [("whyhung", [options.whyhung, "--json", dump], os.devnull, judge_whyhung)]
            if options.drgn and options.drgn_tools:
                contenders.append(("drgn-tools", [options.drgn, "-q", "-c", dump, "-s", options.vmlinux,
                                                  str(scratch / "locks.py")], os.devnull, judge_text))
            if options.crash:
                contenders.append(("crash", [options.crash, "-s", options.vmlinux, dump], scratch / "crash.txt", judge_text))
            for program, command, stdin_path, judge in contenders:
                text, user, peak, status = run(command, stdin_path)
                if status not in (0, 1) or (status == 1 and program != "whyhung"):
                    reason = (text.strip().splitlines() or ["no output"])[-1][:80]
                    print(f"| {truth['scenario']} | {program} | fails: {reason} | | | | |", flush=True)
                    continue
                named, circle, kind = judge(text, truth)
                has_circle = truth["expected"] in CIRCLES
                print(f"| {truth['scenario']} | {program} | {word(guilty_pids(truth), named)} | {word(has_circle, circle)} | "
                      f"{word(True, kind)} | {user:.3f} | {peak:.0f} |", flush=True)


if __name__ == "__main__":
    main()
