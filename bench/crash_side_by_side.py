#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command lines that users of crash type (crash_lines.txt), in whyhung and in crash, on the same dump.

usage: crash_side_by_side.py --whyhung BIN [--crash BIN --vmlinux FILE] [--details FOLDER] [--only WORD] VMCORE

Prints a Markdown table: for each line whether whyhung answers it, whether crash does, and whether both say the same once blanks are
evened out: `same`, or in how many of crash's lines they differ, and how crash_differences.txt classes that: `better`, `form`, `less`,
`wrong`. Behind it stand the totals; exit status 1 when a difference is not classed, or is `wrong`. --details keeps both answers and their difference, a file for
each line. What was seen stands in docs/crash-side-by-side.md.
"""
import argparse
import difflib
import fnmatch
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
MARK = "@@line "
PATIENCE = 900  # seconds for all lines in crash
REFUSALS = re.compile(r"unknown argument|not a task_struct|request failed|cannot find or load|invalid data structure|invalid (?:option|argument|kernel|symbol|task|input)|not (?:supported|applicable|found)|cannot be determined|"
                      r"^Usage:|^usage:|command not found|option not supported|not available|no such", re.M)


def facts_of(whyhung, dump):
    """What stands for the placeholders of crash_lines.txt."""
    answer = subprocess.run([whyhung, "--json", dump, "-c", "ps", "-c", "mod", "-c", "bt"], capture_output=True, text=True, check=False)
    tasks, modules, current = (entry.get("output") for entry in json.loads(answer.stdout)["commands"])
    one = next(task for task in tasks if task["pid"] == 1)
    address = (one.get("address") or one["task"]).removeprefix("0x")
    shown = subprocess.run([whyhung, dump, "-c", f"task_struct.thread {address}", "-c", "bt 1"], capture_output=True, text=True, check=False)
    stack = re.search(r"^ *#1 \[([0-9a-f]+)\]", shown.stdout, re.M)
    return {"pid": "1", "task": address, "module": modules[0]["name"] if modules else "none", "running": str(current[0]["pid"]),
            "stack": stack.group(1) if stack else address}


def lines_of(facts):
    for line in (HERE / "crash_lines.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            for name, value in facts.items():
                line = line.replace("{" + name + "}", value)
            yield line


def ask_whyhung(whyhung, dump, line):
    """(answered, text): the line goes through the shell, because some lines are the shell's own."""
    ran = subprocess.run([whyhung, "shell", "-s", dump], input=line + "\n", capture_output=True, text=True, errors="replace", timeout=600,
                         check=False)
    text = ran.stdout.split("\n", 1)[1] if "\n" in ran.stdout else ran.stdout
    return ran.returncode == 0, text + ran.stderr


def ask_crash(crash, vmlinux, dump, lines):
    """The answer to each line; all in one session, for starting takes seconds."""
    script = ""
    for number, line in enumerate(lines):
        # The task that is set, and the radix, are those of the start for every line.
        script += f"set -p > /dev/null\nset radix 10 > /dev/null\n!echo '{MARK}{number}'\n{line}\n"
    ran = subprocess.run([crash, "-s", "--no_scroll", vmlinux, dump], input=script + "quit\n", capture_output=True, text=True, errors="replace",
                         timeout=PATIENCE, check=False)
    pieces = re.split(rf"^{MARK}(\d+)\n", ran.stdout, flags=re.M)
    return {int(pieces[i]): pieces[i + 1] for i in range(1, len(pieces) - 1, 2)}


def evened(text):
    # Values are numbered from the first of a session on.
    rows = (re.sub(r"\$\d+ = ", "$ = ", re.sub(r"\s+", " ", row)).strip() for row in text.splitlines())
    return [row for row in rows if row and not row.startswith("crash>")]


def compared(mine, other):
    left, right = evened(mine), evened(other)
    if left == right:
        return "same"
    if sorted(left) == sorted(right):
        return "same, in another order"
    same = sum(block.size for block in difflib.SequenceMatcher(None, right, left, autojunk=False).get_matching_blocks()) \
        if len(left) * len(right) < 4_000_000 else len(set(left) & set(right))
    return f"differs ({max(len(right), len(left)) - same} of {max(len(right), len(left))} lines)"


def classes():
    for line in (HERE / "crash_differences.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            yield [part.strip() for part in line.split("|")]


def class_of(line, known):
    """(class, why) of a difference; nothing when nobody has judged it."""
    # As typed, and with what stands for this machine's addresses and names.
    for pattern, word, why in known:
        if fnmatch.fnmatchcase(line, pattern.replace("[", "[[]")):
            return word, why
    return None, None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whyhung", required=True)
    parser.add_argument("--crash")
    parser.add_argument("--vmlinux")
    parser.add_argument("--details", type=pathlib.Path)
    parser.add_argument("--only", help="only lines that begin so")
    parser.add_argument("vmcore")
    args = parser.parse_args()
    if (args.crash is None) != (args.vmlinux is None):
        parser.error("--crash and --vmlinux go together")
    lines = [line for line in lines_of(facts_of(args.whyhung, args.vmcore)) if line.startswith(args.only or "")]
    theirs = ask_crash(args.crash, args.vmlinux, args.vmcore, lines) if args.crash else {}
    print("| line | whyhung | crash | compared |\n|---|---|---|---|")
    counts = {"answered": 0, "refused": 0, "crash": 0, "same": 0}
    known, unjudged = list(classes()), []
    kinds = dict.fromkeys(("better", "form", "less", "wrong"), 0)
    for number, line in enumerate(lines):
        answered, text = ask_whyhung(args.whyhung, args.vmcore, line)
        other = theirs.get(number)
        by_crash = other is not None and bool(other.strip()) and not REFUSALS.search(other[:2000])
        verdict = compared(text, other) if answered and by_crash else ""
        counts["answered" if answered else "refused"] += 1
        counts["crash"] += by_crash
        counts["same"] += verdict.startswith("same")
        if verdict.startswith("differs"):
            word, why = class_of(line, known)
            if word is None:
                unjudged.append(line)
            else:
                kinds[word] += 1
                verdict = f"{word}: {why}; {verdict}"
        shown = "answered" if answered else "refused: " + (text.strip().splitlines() or ["(nothing)"])[0]
        print(f"| `{line.replace('|', chr(92) + '|')}` | {shown} | {'answered' if by_crash else '–' if other is None else 'refused'} | {verdict} |")
        if args.details:
            args.details.mkdir(parents=True, exist_ok=True)
            name = f"{number:03}-" + re.sub(r"[^A-Za-z0-9]+", "-", line)[:40]
            difference = "\n".join(difflib.unified_diff(evened(other or ""), evened(text), "crash", "whyhung", lineterm="")) \
                if len(text) + len(other or "") < 2_000_000 else "(too long)"
            (args.details / f"{name}.txt").write_text(f"{line}\n\n== whyhung\n{text[:400000]}\n== crash\n{(other or '')[:400000]}\n== difference\n{difference}\n")
    print(f"\n{len(lines)} lines: whyhung answers {counts['answered']} and refuses {counts['refused']}"
          + (f"; crash answers {counts['crash']}; {counts['same']} answers are the same, "
             + ", ".join(f"{count} {word}" for word, count in kinds.items()) if theirs else "") + ".")
    for line in unjudged:
        print(f"not judged: {line}")
    return 1 if unjudged or kinds["wrong"] else 0


sys.exit(main())
