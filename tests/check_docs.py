#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the documents to their form: no line of prose or of an example is over 120 columns, so that terminals and
differences show them whole (a row of a table cannot be broken and is left out); a link to a file leads somewhere.

usage: check_docs.py SOURCE_TREE     prints each breach as FILE:LINE: what, exit status 1 when there is any
       check_docs.py --self-test     proves on small broken documents that each rule is kept
"""
import pathlib
import re
import sys
import tempfile

WIDEST = 120
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
# Written before there was the rule; each goes from here when it is wrapped. Nothing is added.
TOO_WIDE_YET = {"CHANGELOG.md", "README.md", "docs/adding.md", "docs/architecture.md", "docs/distilled-types.md",
                "docs/evidence.md", "docs/kernel-support.md", "docs/man/whyhung.1", "docs/verdicts.md", "lab/README.md"}


def documents(root):
    for file in sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "docs").rglob("*.1"), *(root / "lab").glob("*.md")]):
        yield file, str(file.relative_to(root))


def breaches(root):
    count = 0
    for file, name in documents(root):
        count += 1
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if len(line) > WIDEST and not line.startswith("|") and name not in TOO_WIDE_YET:
                yield f"{name}:{number}: has {len(line)} columns, more than {WIDEST}"
            for target in LINK.findall(line) if file.suffix == ".md" else ():
                if not (file.parent / target).exists():
                    yield f"{name}:{number}: leads to {target}, which is not there"
    if count == 0:
        yield f"{root}:1: holds no documents: is this the source tree?"


def self_test():
    def found(text):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "page.md").write_text(text)
            return list(breaches(pathlib.Path(folder)))

    failures = [f"a sound page is refused: {one}" for one in found("# A page\n\n[itself](page.md#part) " + "x" * 90 + "\n")]
    for what, text, expected in (("a wide line", "y" * 121, "page.md:1: has 121 columns"),
                                 ("a link that leads nowhere", "\n[gone](gone.md)\n", "page.md:2: leads to gone.md")):
        if not any(expected in one for one in found(text)):
            failures.append(f"{what} is not noticed: {found(text)}")
    if found("|" + "y" * 200 + "|"):
        failures.append("a row of a table is refused")
    with tempfile.TemporaryDirectory() as folder:
        if not list(breaches(pathlib.Path(folder))):
            failures.append("a tree without documents is taken for a sound one")
    return failures


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = self_test() if sys.argv[1] == "--self-test" else list(breaches(pathlib.Path(sys.argv[1])))
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
