#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Diagnoses the snapshot of one folder and compares the verdict with its expected.json. Snapshots come from dumps of the
lab; tasks that only sleep are taken out of them but for a few.

usage: check_scenario.py WHYHUNG FOLDER
       check_scenario.py WHYHUNG FOLDER --save DUMP…   makes the folder from a dump; read expected.json before you keep it
       check_scenario.py WHYHUNG FOLDER --update       stores the verdict of now; read the difference before you keep it
"""
import json
import pathlib
import subprocess
import sys
import tempfile

SLEEPERS_KEPT = 4
EXPLAINED, NOT_EXPLAINED = 0, 1


def verdict_of(program, snapshot):
    """What expected.json holds: who is accused of what, whom it hurts, and how all tasks and CPUs are counted."""
    run = subprocess.run([program, "--json", str(snapshot)], capture_output=True, timeout=60)
    if run.returncode not in (EXPLAINED, NOT_EXPLAINED) or run.stderr:
        sys.exit(f"exit status {run.returncode}: {run.stderr.decode()}")
    report = json.loads(run.stdout)
    verdict = report["verdict"]
    culprit_members = ("kind", "pid", "comm", "cpu", "function", "module")
    return {
        "exit_status": run.returncode,
        "class": verdict["class"],
        "confidence": verdict["confidence"],
        "culprits": [{name: culprit[name] for name in culprit_members} for culprit in verdict["culprits"]],
        "victims": [victim.get("pid", f"CPU {victim.get('cpu')}") for victim in verdict["victims"]],
        "reasons": [reason["kind"] for reason in verdict.get("reasons", [])],
        "findings": [finding["class"] for finding in report["findings"]],
        "tasks": {bucket: count for bucket, count in report["accounting"]["tasks"].items() if count},
        "cpus": {bucket: count for bucket, count in report["accounting"]["cpus"].items() if count},
    }


def shrink(snapshot):
    """Leaves out most tasks that sleep interruptibly and that nothing else names."""
    rest = json.dumps({name: value for name, value in snapshot.items() if name != "tasks"})
    kept, sleepers = [], 0
    for task in snapshot["tasks"]:
        sleeps = task["state"] in ("interruptible", "idle", "parked") and task["address"] not in rest
        sleepers += sleeps
        if not sleeps or sleepers <= SLEEPERS_KEPT:
            kept.append(task)
    snapshot["tasks"] = kept
    snapshot["machine"]["task_count"] = len(kept)
    snapshot["log"] = []
    return snapshot


def save(program, folder, dumps):
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "snapshot.json"
        subprocess.run([program, *dumps, "--save-snapshot", str(path)], stdout=subprocess.DEVNULL, timeout=300)
        snapshot = shrink(json.loads(path.read_text()))
    snapshot["machine"]["dump_file"] = "vmcore"
    (folder / "snapshot.json").write_text(json.dumps(snapshot, indent=None, separators=(",", ":"), ensure_ascii=False) + "\n")
    update(program, folder)


def update(program, folder):
    verdict = verdict_of(program, folder / "snapshot.json")
    (folder / "expected.json").write_text(json.dumps(verdict, indent=2) + "\n")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, folder = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
    if "--save" in sys.argv:
        return save(program, folder, sys.argv[4:])
    if "--update" in sys.argv:
        return update(program, folder)
    expected = json.loads((folder / "expected.json").read_text())
    actual = verdict_of(program, folder / "snapshot.json")
    wrong = [name for name in {**expected, **actual} if expected.get(name) != actual.get(name)]
    for name in wrong:
        print(f"{folder.name}: {name} is {json.dumps(actual.get(name))}\n    instead of {json.dumps(expected.get(name))}")
    return 1 if wrong else 0


sys.exit(main())
