#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds whyhung's verdicts against the ground truth that the lab wrote beside each dump.

usage: check_verdicts.py WHYHUNG DUMPS_FOLDER [FILTER...]

Kernels that carry no types are judged with those of this tree's kernel matrix, the others with their dumps alone.

A dump counts as right when class, pid, CPU, function and module of the culprit are those of the truth, or of a member of
the truth's cycle (of several hangs at once: when each is found, and nothing else); as wrong when somebody else is accused or a healthy machine is called hung; as undetermined otherwise. Exit status 1 when any is wrong,
or when any is undetermined that the truth calls explainable.
"""
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TYPES = pathlib.Path(__file__).resolve().parent.parent / "kernel_matrix" / "types"


def offer(types, folder):
    """Puts the types of kernels that carry none where whyhung looks by itself."""
    folder.mkdir(parents=True)
    for file in types.glob("*.types"):
        if b"\nfrom DWARF\n" in gzip.decompress(file.read_bytes()):
            (folder / file.name).symlink_to(file.resolve())


def judge(truth, report):
    """right, wrong or undetermined, and why. Of several hangs any may be the verdict, and all must be findings. Whom the
    truth calls innocent, no finding may accuse."""
    for finding in [report["verdict"], *report["findings"]]:
        for accused in finding["culprits"]:
            if any(is_same(accused, innocent) for innocent in truth.get("innocents", [])):
                return "wrong", f"accuses {accused['comm']} ({accused['pid']}), who is innocent"
    hangs = [truth, *truth.get("others", [])]
    if len(hangs) == 1:
        return judge_one(truth, report["verdict"])
    for hang in hangs:
        results = [judge_one(hang, finding) for finding in report["findings"]]
        if not any(result == "right" for result, _ in results):
            return "undetermined", f"{hang['expected']} is not among the findings"
    for finding in report["findings"]:
        results = [judge_one(hang, finding) for hang in hangs]
        if not any(result == "right" for result, _ in results):
            return "wrong", f"finds {finding['class']}: {results[0][1]}"
    return "right", ""


def judge_one(truth, verdict):
    """The same of one hang and one finding."""
    expected, said = truth["expected"], verdict["class"]
    accepted = {expected, *truth.get("also_accepted", [])}
    if said not in accepted:
        accused = bool(verdict["culprits"])
        return ("wrong" if accused or said == "none" else "undetermined"), f"says {said}, is {expected}"
    if expected == "none":
        return "right", ""
    reals = truth.get("culprits") or [real for real in [truth.get("culprit")] if real]
    if not reals:
        return "right", ""
    if not verdict["culprits"]:
        # Of a task that is gone the dump need not know more than that.
        return ("right" if reals[0].get("exited") else "undetermined"), "accuses nobody"
    # Of a cycle every member accused must be one; else it is the first that counts.
    for accused in verdict["culprits"] if len(reals) > 1 else verdict["culprits"][:1]:
        faults = {difference(accused, real): real for real in reals}
        if "" not in faults:
            # What is wrong with the one that was meant tells more than that another was not.
            return "wrong", next((fault for fault, real in faults.items() if real.get("pid") == accused["pid"]), next(iter(faults)))
    return "right", ""


def without_suffix(function):
    """The name in the source of a function that the compiler made another of: read_clock.isra.0."""
    return function.split(".")[0]


def is_same(accused, task):
    """Whether all that is told of `task` is true of the accused."""
    return bool(task) and all(accused.get(key) == value for key, value in task.items() if key in ("pid", "comm"))


def difference(accused, real):
    """What tells the accused from the real culprit; empty if nothing does."""
    for key in ("pid", "cpu", "module", "comm"):
        if real.get(key) not in (None, "") and accused[key] != real[key]:
            # Where a task sleeps it has no CPU; the guest told the one it was last seen on. Of one that has exited only
            # what is left of it can be told.
            if key == "cpu" and ("waits_in" in real or real.get("exited")) or key == "module" and real.get("exited"):
                continue
            return f"{key} {accused[key]} instead of {real[key]}"
    functions = {without_suffix(accused["function"]), accused.get("thread_function")}
    if without_suffix(real.get("function") or "") not in {"", *functions} and not real.get("exited"):
        return f"function {accused['function']} instead of {real['function']}"
    return ""


def judged(program, folder, filters):
    """(name of the dump, its truth, verdict and confidence as said, result, why) of each dump whose files are there."""
    home = tempfile.TemporaryDirectory()
    offer(TYPES, pathlib.Path(home.name) / "whyhung" / "types")
    environment = {**os.environ, "XDG_DATA_HOME": home.name}
    for truth_file in sorted(folder.glob("*/*.truth.json")):
        if filters and not any(f in truth_file.name for f in filters):
            continue
        truth = json.loads(truth_file.read_text())
        files = [str(truth_file.parent / name) for name in truth["files"]]
        if not all(pathlib.Path(name).exists() for name in files):
            continue
        run = subprocess.run([program, "--json", *files], capture_output=True, timeout=300, env=environment)
        try:
            report = json.loads(run.stdout)
            verdict = report["verdict"]
            result, why = judge(truth, report)
            said, confidence = verdict["class"], verdict["confidence"]
        except (ValueError, KeyError) as error:
            result, why, said, confidence = "wrong", f"{error}; {run.stderr.decode()[:200]}", f"exit {run.returncode}", ""
        yield truth_file.parent.name, truth, said, confidence, result, why


def main():
    program, folder, filters = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    counts = dict.fromkeys(("right", "undetermined", "wrong"), 0)
    for name, _, said, confidence, result, why in judged(program, folder, filters):
        counts[result] += 1
        print(f"{result:12} {name:45} {said:22} {confidence:9} {why}", flush=True)
    print(f"{sum(counts.values())} dumps: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
    return 0 if counts["right"] and not counts["wrong"] and not counts["undetermined"] else 1


if __name__ == "__main__":
    sys.exit(main())
