#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds docs/report.schema.json to the program: what `whyhung --json` says of each file must be valid, what is mutilated
must be refused, and each word that the program has for a class, a state or an origin must be in the schema.

With --logs the stories of tests/logs are tried as well. usage: check_schema.py SOURCE_TREE WHYHUNG [--logs] FILE…
"""
import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import jsonschema

# Enumerations of the program and their places in the schema.
ENUMS = {
    "HangClass": "hang_class", "CulpritKind": "culprit_kind", "Doubt": "doubt", "EvidenceKind": "evidence_kind",
    "Certainty": "certainty", "FrameOrigin": "found_by", "StackEndReason": "stack_end", "TaskState": "task_state",
    "RegisterSource": "registers_from", "ContextKind": "context", "DumpRole": "dump_role", "LoopYield": "loop_yield",
    "CpuBucket": "cpu_bucket", "Rung": "rung", "TaskBucket": "task_bucket", "Claim": "claim", "Advice": "advice_kind",
    "NodeKind": "node_kind", "ResourceKind": "resource_kind", "HolderRole": "holder_role", "WaitKind": "wait_kind",
    "IncidentKind": "incident_kind", "ComplaintKind": "complaint_kind",
}
WORD = re.compile(r'\b(\w+)::k\w+(?:: return|,)\s*"([a-z-]+)"')


def words_of_program(root):
    words = {}
    for file in [*root.glob("src/diagnose/*.cc"), root / "src/diagnose/class_names.h", *root.glob("src/model/*.cc")]:
        for enum, word in WORD.findall(file.read_text()):
            words.setdefault(enum, set()).add(word)
    return words


def check_words(root, schema):
    words = words_of_program(root)
    for enum, name in ENUMS.items():
        listed = set(schema["$defs"][name]["enum"])
        for word in sorted(words.get(enum, set()) - listed):
            yield f"{name}: the program says {word!r}, the schema does not know it"
        for word in sorted(listed - words.get(enum, set())):
            yield f"{name}: the schema lists {word!r}, the program never says it"


def mutilations(report):
    """One thing wrong in each."""
    for name in report:
        broken = copy.deepcopy(report)
        del broken[name]
        yield f"without {name}", broken
    for name in report["verdict"].keys() - {"advice", "advice_kinds", "signature", "what_still_ran", "reasons"}:
        broken = copy.deepcopy(report)
        del broken["verdict"][name]
        yield f"without verdict.{name}", broken
    for path, value in ((("schema",), "whyhung-report-0"), (("verdict", "class"), "bad-luck"), (("verdict", "confidence"), 1),
                        (("machine", "cpus"), -1), (("machine", "release"), None), (("cpus", 0, "task"), 17),
                        (("cpus", 0, "stack"), []), (("cpus", 0, "registers"), {"RIP": 1}), (("tasks", 0, "pid"), "1"),
                        (("tasks", 0, "state"), "tired"), (("tasks", 0, "stack", "end"), "somewhere"),
                        (("accounting", "tasks"), []), (("gaps",), [{"what": "something"}]), (("cpus", 0, "mood"), "bad"),
                        (("findings",), {}), (("waits",), {}), (("resources",), [{"kind": "mutex"}]), (("verdict", "culprits"), [{"pid": 1}])):
        broken = copy.deepcopy(report)
        inner = broken
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
        yield f"{'.'.join(map(str, path))} = {value!r}", broken


def closed(schema):
    """The schema with no member allowed that it does not describe: the published one lets later versions add some."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(value) for name, value in schema.items()}
    if isinstance(inner.get("properties"), dict) and "additionalProperties" not in inner:
        inner["additionalProperties"] = False
    return inner


def check_reports(program, validator, files):
    failures = []
    for number, file in enumerate(files):
        run = subprocess.run([program, "--json", file], capture_output=True, timeout=120)
        report = json.loads(run.stdout)
        for error in validator.iter_errors(report):
            failures.append(f"{file}: {'.'.join(map(str, error.absolute_path))}: {error.message[:200]}")
        if number == 0:
            failures += [f"a report {what} is taken for valid" for what, bad in mutilations(report) if validator.is_valid(bad)]
    return failures


def main():
    logs = "--logs" in sys.argv
    root, program, *files = (argument for argument in sys.argv[1:] if argument != "--logs")
    root = pathlib.Path(root)
    schema = json.loads((root / "docs" / "report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(closed(schema))
    failures = list(check_words(root, schema))
    if not files:
        failures.append("no file to check")
    with tempfile.TemporaryDirectory() as folder:
        if logs:
            subprocess.run([sys.executable, root / "tests" / "logs" / "make_logs.py", folder], check=True)
            made = sorted(pathlib.Path(folder).glob("*.log"))
            if not made:
                failures.append("no log to check")
            files += made
        failures += check_reports(program, validator, files)
    print("\n".join(failures))
    sys.exit(1 if failures else 0)


main()
