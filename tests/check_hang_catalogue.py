#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds docs/hang-catalogue.md against the program: every class of the report's schema has its section, its line in the
README and in the manual, and the output under each "<!-- tests/scenarios/NAME -->" is what whyhung says of that snapshot, and is of the section's class.

usage: check_hang_catalogue.py WHYHUNG            exit status 1 when something differs
       check_hang_catalogue.py WHYHUNG --update   writes the outputs anew
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/hang-catalogue.md"
MARK = re.compile(r"(<!-- (tests/scenarios/[\w-]+) -->\n)(?:\n```\n(.*?)```\n)?", re.S)


def report(program, scenario):
    """Verdict, chain and advice, without the machine's table before them and the accounting behind."""
    run = subprocess.run([program, "--full", ROOT / scenario / "snapshot.json"], capture_output=True, timeout=60, check=False)
    if run.stderr:
        sys.exit(f"{scenario}: {run.stderr.decode()}")
    blocks = re.split(r"\n\n(?=[A-Z])", run.stdout.decode())
    wanted = [block for block in blocks if re.match(r"VERDICT|CHAIN|SUGGESTED FIX", block)]
    return "\n\n".join(wanted).rstrip() + "\n"


def classes_of_schema():
    text = (ROOT / "docs/report.schema.json").read_text()
    names = set()

    def visit(value):
        if isinstance(value, dict):
            if {"stop-machine-starved", "console-storm"} & set(value.get("enum", [])):
                names.update(value["enum"])
            for one in value.values():
                visit(one)
        elif isinstance(value, list):
            for one in value:
                visit(one)

    visit(json.loads(text))
    return names


def main():
    program, update = sys.argv[1], "--update" in sys.argv
    page = PAGE.read_text()
    faults = []
    sections = dict(re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", page, re.S | re.M))
    faults += [f"no section for {name}" for name in sorted(classes_of_schema() - sections.keys())]
    faults += [f"section for {name}, which the schema does not know" for name in sorted(sections.keys() - classes_of_schema())]
    readme = set(re.findall(r"`([a-z-]+)`", "\n".join(re.findall(r"^\| `.*$", (ROOT / "README.md").read_text(), re.M))))
    manual = set(re.findall(r"^\.B(?:R)? ([a-z\\-]+)$", (ROOT / "docs/man/whyhung.1").read_text().partition(".SH VERDICTS")[2], re.M))
    for place, told in (("README.md", readme), ("the manual", {name.replace("\\", "") for name in manual})):
        faults += [f"{place} does not tell of {name}" for name in sorted(classes_of_schema() - told)]
    for name, text in sections.items():
        for _, scenario, _ in MARK.findall(text):
            if report(program, scenario).split()[1] != name:
                faults.append(f"{scenario} is not of class {name}")

    def fill(match):
        mark, scenario, shown = match.groups()
        said = report(program, scenario)
        if shown != said:
            faults.append(f"{scenario}: the output differs")
        return f"{mark}\n```\n{said}```\n"

    filled = MARK.sub(fill, page)
    if update:
        PAGE.write_text(filled)
        faults = [fault for fault in faults if not fault.endswith("differs")]
    for fault in faults:
        print(f"docs/hang-catalogue.md: {fault}")
    return 1 if faults else 0


sys.exit(main())
