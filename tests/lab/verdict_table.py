#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes docs/verdicts.md: what the verdicts on the lab's dumps are worth, class by kernel and machine.

usage: verdict_table.py WHYHUNG DUMPS_FOLDER
"""
import collections
import pathlib
import subprocess
import sys

from check_verdicts import judged

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs/verdicts.md"
HEAD = """# Verdicts on the lab's dumps

Written by `tests/lab/verdict_table.py` from the dumps of `lab/lab matrix full` and `lab/lab matrix catalogue`: {version}.
A row is what really happened, a column a kernel and a machine. A cell says how many dumps were judged *right* (class, task, CPU, function and module are those of the truth that the lab
wrote down), how many *undetermined*, and how many *wrong* (somebody else accused, a healthy machine called hung, or a hung one healthy). An empty cell was not tried.

"""


def release_of(truth):
    return ".".join(truth["kernel"]["release"].split(".")[:2]).split("-")[0], truth["arch"]


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    cells = collections.defaultdict(collections.Counter)
    total, sure, faults = collections.Counter(), 0, []
    for name, truth, said, confidence, result, why in judged(program, folder, []):
        cells[truth["expected"], release_of(truth)][result] += 1
        total[result] += 1
        sure += result == "right" and confidence in ("certain", "likely")
        if result != "right":
            faults.append(f"| {name} | {truth['expected']} | {said} | {result}: {why} |")
        print(f"{result:12} {name}", flush=True)
    kernels = sorted({kernel for _, kernel in cells}, key=lambda one: (one[1], [int(part) for part in one[0].split(".")]))
    classes = sorted({expected for expected, _ in cells}, key=lambda one: (one == "none", one))
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    lines = [HEAD.format(version=version)]
    lines.append("| what happened | " + " | ".join(f"{release} {arch}" for release, arch in kernels) + " |\n")
    lines.append("|---|" + "---|" * len(kernels) + "\n")
    for expected in classes:
        row = []
        for kernel in kernels:
            counts = cells[expected, kernel]
            row.append(", ".join(f"{counts[word]} {word}" for word in ("right", "undetermined", "wrong") if counts[word]))
        lines.append(f"| `{expected}` | " + " | ".join(row) + " |\n")
    count = sum(total.values())
    lines.append(f"\n{count} dumps: {total['right']} right ({sure} of them certain or likely), "
                 f"{total['undetermined']} undetermined, {total['wrong']} wrong.\n")
    if faults:
        lines.append("\n| dump | what happened | verdict | |\n|---|---|---|---|\n" + "\n".join(faults) + "\n")
    PAGE.write_text("".join(lines))
    return 1 if total["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
