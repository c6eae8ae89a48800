#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs each line of docs/json.md on the sample and compares its output with what stands there; draws the graph with
docs/draw_graph.py and sees that each node and edge of the report is in the picture.

usage: check_recipes.py SOURCE_TREE WHYHUNG"""
import json
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree

SAMPLE = "tests/vmcores/while1-6.1-4cpu.vmcore"
PROMPT = "$ whyhung --json vmcore | "  # then one call of jq, whose program stands in single quotes
SVG = "{http://www.w3.org/2000/svg}"


def recipes(text):
    for block in re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if block.startswith(PROMPT):
            command, _, output = re.match(r"([^']*'[^']*')(\n)(.*)", block, re.DOTALL).groups()
            yield command.removeprefix(PROMPT), output


def check_recipes(root, report):
    found = list(recipes((root / "docs" / "json.md").read_text()))
    if len(found) < 10:
        yield f"docs/json.md has {len(found)} recipes, which are too few"
    for command, expected in found:
        run = subprocess.run(["sh", "-c", command], input=report, capture_output=True, text=True)
        if run.returncode != 0 or run.stdout != expected:
            yield f"{command}\n  says {run.stdout!r}, exit status {run.returncode} {run.stderr}\n  and not {expected!r}"


def check_drawing(root, report):
    run = subprocess.run([sys.executable, root / "docs" / "draw_graph.py"], input=report, capture_output=True, text=True)
    if run.returncode != 0:
        yield f"draw_graph.py: {run.stderr}"
        return
    picture = xml.etree.ElementTree.fromstring(run.stdout)
    graph = json.loads(report)["graph"]
    texts = {text.text for text in picture.iter(SVG + "text")}
    labels = {line for node in graph["nodes"] for line in node["label"]} | {edge["label"] for edge in graph["edges"]}
    if not labels or texts != labels:
        yield f"the picture lacks {sorted(labels - texts)} and has besides {sorted(texts - labels)}"
    for name, things in (("rect", graph["nodes"]), ("path", graph["edges"])):
        if len(list(picture.iter(SVG + name))) != len(things):
            yield f"the picture has not {len(things)} {name}s"


def main():
    root, program = pathlib.Path(sys.argv[1]), sys.argv[2]
    report = subprocess.run([program, "--json", root / SAMPLE], capture_output=True, text=True, check=True).stdout
    faults = [*check_recipes(root, report), *check_drawing(root, report)]
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


main()
