#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Gives whyhung files that are damaged, cut, forged or not dumps at all, and checks the one line that it says of each,
its exit status, its time and its memory. Cases are the functions of cases.py.

usage: run_case.py --list
       run_case.py WHYHUNG CASE --show     also prints what the program says
       run_case.py WHYHUNG CASE
"""
import pathlib
import resource
import subprocess
import sys
import tempfile

import cases

MOST_SECONDS = 60
MOST_KILOBYTES = 1 << 20  # nothing is sized by a number from the file
UNUSABLE = 2


def check(case, program, folder):
    made = case.make(cases.Kit(program, folder))
    command = made.command if made.command else [program, "--color", "never", "--full", *made.arguments, *map(str, made.files)]
    run = subprocess.run(command, capture_output=True, timeout=MOST_SECONDS, cwd=folder)
    output, errors = run.stdout.decode(errors="replace"), run.stderr.decode(errors="replace")
    if "--show" in sys.argv:
        print(errors + output)
    if run.returncode not in case.statuses:
        yield f"exit status {run.returncode}, not one of {case.statuses}"
    said = errors if case.statuses == (UNUSABLE,) else output
    for words in case.says:
        if words not in said:
            yield f"does not say {words!r}"
    for words in case.never_says:
        if words in output + errors:
            yield f"says {words!r}"
    if case.statuses == (UNUSABLE,):
        lines = errors.splitlines()
        if output or not lines or not lines[0].startswith("whyhung: ") or len(lines) > 2:
            yield "is not one line of error, and a hint"
        if len(lines) == 2 and not lines[1].startswith("  hint: "):
            yield "the second line is no hint"
    elif made.notice not in errors:
        yield f"does not say at once {made.notice!r}"
    elif errors and not made.notice:
        yield "there is text on standard error"
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    if used > MOST_KILOBYTES:
        yield f"{used} KB of memory were used"



def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(case.name for case in cases.ALL))
        return
    program, wanted = str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2]
    case = next(one for one in cases.ALL if one.name == wanted)
    with tempfile.TemporaryDirectory() as folder:
        failures = list(check(case, program, pathlib.Path(folder)))
    print("\n".join(failures))
    sys.exit(1 if failures else 0)


main()
