#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Judges each guest's console log beside its dump, as the lab leaves both (NAME.vmcore, NAME.console.log), and prints a
table. A log may say less than the dump; it must accuse nobody whom the dump does not.

usage: check_console_logs.py WHYHUNG FOLDER…      exit status 1 when a log accuses somebody else"""
import json
import pathlib
import subprocess
import sys


def verdict_of(program, path):
    run = subprocess.run([program, "--json", str(path)], capture_output=True, timeout=300, text=True, errors="replace")
    return json.loads(run.stdout)["verdict"] if run.returncode in (0, 1) and run.stdout else None


def names(verdict):
    """Whom it accuses: programs, functions, devices."""
    return {culprit[key] for culprit in verdict["culprits"] for key in ("comm", "function", "thing") if culprit.get(key)}


def said(verdict):
    if verdict is None:
        return "not read"
    who = ", ".join(sorted(names(verdict)))
    return f"`{verdict['class']}` {verdict['confidence']}{': ' + who if who else ''}"


def contradicts(dump, log):
    """A log that accuses, of a dump that accuses others. What no dump explains, none can contradict."""
    return bool(dump and log and names(log) and names(dump) and not names(log) & names(dump))


def main():
    program, folders = sys.argv[1], sys.argv[2:]
    wrong = count = 0
    print("| guest | dump | console log |\n|---|---|---|")
    for folder in folders:
        for log in sorted(pathlib.Path(folder).glob("*.console.log")):
            dump = log.with_name(log.name.removesuffix(".console.log") + ".vmcore")
            if not dump.exists():
                continue
            count += 1
            of_dump, of_log = verdict_of(program, dump), verdict_of(program, log)
            bad = contradicts(of_dump, of_log)
            wrong += bad
            print(f"| {dump.stem} | {said(of_dump)} | {said(of_log)}{' **accuses others**' if bad else ''} |")
    print(f"{count} guests, {wrong} logs that accuse others than the dump", file=sys.stderr)
    sys.exit(1 if wrong or not count else 0)


if __name__ == "__main__":
    main()
