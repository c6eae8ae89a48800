#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs whyhung on the stories of this folder and holds its verdicts against their truths; then cuts, shuffles and
thins each log at random and sees that a verdict only weakens: nobody is accused who was not.

usage: check_logs.py WHYHUNG            exit status 1 when anything is wrong
       check_logs.py WHYHUNG --mutate N  N mutations of each log"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import make_logs
from bystanders import BYSTANDERS
from dialects import DIALECTS
from doubts import DOUBTS
from stories import STORIES

ALL = STORIES | DIALECTS | DOUBTS | BYSTANDERS

RANK = {"possible": 1, "likely": 2, "certain": 3}


def verdict_of(program, path):
    run = subprocess.run([program, "--json", str(path)], capture_output=True, timeout=60, text=True, errors="replace")
    if run.returncode > 2 or run.returncode < 0:
        raise RuntimeError(f"exit status {run.returncode}: {run.stderr[-200:]}")
    if run.returncode == 2:
        return {"class": "unread", "confidence": "possible", "culprits": [], "summary": run.stderr.strip()}
    return json.loads(run.stdout)["verdict"]


def accused(verdict):
    return [str(c.get(name)) for c in verdict["culprits"] for name in ("comm", "function", "thing") if c.get(name)]


def faults(verdict, truth):
    names = " ".join(accused(verdict))
    if verdict["class"] not in [truth["class"], *truth.get("alternatives", [])]:
        yield f"class {verdict['class']} instead of {truth['class']}"
    for name in truth["must_not_accuse"]:
        if name in names:
            yield f"accuses {name}"
    if RANK[verdict["confidence"]] > RANK[truth["confidence_at_most"]]:
        yield f"says {verdict['confidence']}, may say {truth['confidence_at_most']}"
    if verdict["class"] != truth["class"]:
        return
    if RANK[verdict["confidence"]] < RANK[truth.get("confidence_at_least", "possible")]:
        yield f"says only {verdict['confidence']}"
    for name in truth["culprits"]:
        if name not in names:
            yield f"does not accuse {name} but {names or 'nobody'}"
    for words in truth.get("says", []):
        if words not in verdict["summary"]:
            yield f"does not say \"{words}\": {verdict['summary']}"


def mutated(lines, dice):
    kind = dice.randrange(4)
    if kind == 0:
        start = dice.randrange(len(lines))
        return lines[start:start + dice.randrange(1, len(lines) + 1)]
    if kind == 1:
        return [line for line in lines if dice.random() > 0.15]
    if kind == 2:
        lines = list(lines)
        dice.shuffle(lines)
        return lines
    return [line[:dice.randrange(len(line) + 1)] if dice.random() < 0.1 else line for line in lines]


def strangers(verdict, truth, known):
    """Names that are accused by a mutation, though neither the whole log accuses them nor its truth does."""
    for name in accused(verdict):
        if any(banned in name for banned in truth["must_not_accuse"]) and name not in known:
            yield name


def main():
    program = sys.argv[1]
    mutations = int(sys.argv[3]) if len(sys.argv) == 4 and sys.argv[2] == "--mutate" else 0
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        sys.argv = [sys.argv[0], folder]
        make_logs.main()
        for name, (_, _, truth) in ALL.items():
            path = pathlib.Path(folder) / f"{name}.log"
            whole = verdict_of(program, path)
            for fault in faults(whole, truth):
                print(f"{name}: {fault}")
                wrong += 1
            dice = random.Random(name)
            lines = path.read_text().splitlines()
            known = accused(whole)
            for turn in range(mutations):
                other = pathlib.Path(folder) / "mutated.log"
                other.write_text("\n".join(mutated(lines, dice)) + "\n")
                verdict = verdict_of(program, other)
                for stranger in strangers(verdict, truth, known):
                    print(f"{name}: mutation {turn} accuses {stranger} ({verdict['class']})")
                    wrong += 1
    print(f"{len(ALL)} logs, {mutations} mutations of each, {wrong} faults")
    sys.exit(1 if wrong or not ALL else 0)


if __name__ == "__main__":
    main()
