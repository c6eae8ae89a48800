#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs each recipe of docs/python.md on a bundled dump and compares what it prints with what stands below it.

usage: check_python_recipes.py SOURCE_TREE"""
import contextlib
import io
import pathlib
import re
import sys

import whyhung

FEWEST = 10
RECIPE = re.compile(r"^```python\n(.*?)^```\n+```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DUMP = re.compile(r"`tests/vmcores/([\w.-]+)`")


def main():
    root = pathlib.Path(sys.argv[1])
    text = (root / "docs" / "python.md").read_text()
    faults = []
    found = list(RECIPE.finditer(text))
    if len(found) < FEWEST:
        faults.append(f"docs/python.md has {len(found)} recipes, which are too few")
    for recipe in found:
        code, expected = recipe.groups()
        dump = DUMP.findall(text[:recipe.start()])[-1]  # the last that was named
        printed = io.StringIO()
        with whyhung.open(root / "tests" / "vmcores" / dump) as m, contextlib.redirect_stdout(printed):
            try:
                exec(compile(code, "docs/python.md", "exec"), {"whyhung": whyhung, "m": m})  # pylint: disable=exec-used
            except Exception as error:  # pylint: disable=broad-except
                print(f"{type(error).__name__}: {error}")
        if printed.getvalue() != expected:
            faults.append(f"{code}says\n{printed.getvalue()}and not\n{expected}")
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


main()
