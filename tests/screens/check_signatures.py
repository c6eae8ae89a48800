#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the signatures of all stored machines against signatures.txt: those that stand in one group there have one
signature, and no others share one. That a capsule and the snapshot saved of it agree is tried too.

usage: check_signatures.py WHYHUNG            exit status 1 when something differs
       check_signatures.py WHYHUNG --update   writes the table anew; read the difference before you keep it
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TABLE = HERE / "signatures.txt"
HEAD = """# SPDX-License-Identifier: GPL-2.0-or-later
# Machines with one signature stand in one line behind it: other boots, kernels, numbers of CPUs and machines of one
# hang. Two lines are two hangs.
"""


def signature(program, path):
    run = subprocess.run([program, "--json", str(path)], capture_output=True, timeout=120, check=False)
    return json.loads(run.stdout)["verdict"].get("signature")


def machines():
    for path in sorted(HERE.parent.glob("vmcores/*.vmcore")):
        yield path.stem, path
    for path in sorted(HERE.parent.glob("scenarios/*/snapshot.json")):
        yield path.parent.name, path


def table(program):
    """id → the names of its machines."""
    groups = {}
    for name, path in machines():
        one = signature(program, path)
        if one is not None:
            groups.setdefault(one["id"], []).append(name)
            assert re.fullmatch(r"[a-z-]+:[0-9a-f]{12}", one["id"]) and one["title"].startswith(one["id"].split(":")[0]), one
    return groups


def text_of(groups):
    return HEAD + "".join(f"{one} {' '.join(names)}\n" for one, names in sorted(groups.items()))


def saved_alike(program):
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(HERE.parent.glob("vmcores/*.vmcore")):
            saved = pathlib.Path(folder) / f"{path.stem}.json"
            subprocess.run([program, str(path), "--save-snapshot", str(saved)], stdout=subprocess.DEVNULL, timeout=120, check=False)
            if signature(program, saved) != signature(program, path):
                yield f"{path.stem}: the snapshot that was saved of it has another signature"


def moved(program):
    """Other pids, offsets and what a compiler adds to names change nothing."""
    def other(text):
        text = re.sub(r'"pid":(\d+)', lambda m: f'"pid":{int(m[1]) + 5000}', text)
        text = re.sub(r'"offset":"0x([0-9a-f]+)"', lambda m: f'"offset":"{int(m[1], 16) + 16:#x}"', text)
        return re.sub(r'"function":"(update|zz_loop|pmount_kthread|work_for_ever)"', r'"function":"\1.constprop.0"', text)

    with tempfile.TemporaryDirectory() as folder:
        for name in ("mutex-abba", "rwsem-mutex", "cpu-hog", "mutex-busy", "stop-machine-flag-loop"):
            path = HERE.parent / "scenarios" / name / "snapshot.json"
            changed = pathlib.Path(folder) / "snapshot.json"
            text = other(path.read_text())
            changed.write_text(text)
            if text == path.read_text() or signature(program, changed) != signature(program, path):
                yield f"{name}: has another signature with other pids, offsets and suffixes"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program = str(pathlib.Path(sys.argv[1]).resolve())
    now = text_of(table(program))
    if "--update" in sys.argv:
        TABLE.write_text(now)
    found = [*saved_alike(program), *moved(program)]
    if TABLE.read_text() != now:
        stored, present = TABLE.read_text().splitlines(), now.splitlines()
        found += [f"- {line}" for line in stored if line not in present] + [f"+ {line}" for line in present if line not in stored]
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
