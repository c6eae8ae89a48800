#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs whyhung on one capsule of this folder and compares what it prints, byte for byte, and its exit status with what
is stored in the folder of the same name. Capsules are real dumps of hung machines, cut down by `whyhung pack`.

usage: check_capsule.py WHYHUNG NAME            compares
       check_capsule.py WHYHUNG NAME --repack   packs the capsule again: the verdict must be the same
       check_capsule.py WHYHUNG NAME --update   stores what the program says now; read the difference before you keep it
"""
import difflib
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SAMPLE = "while1-6.1-4cpu"  # the capsule that the README and scripts/demo show; its commands are compared as well
COMMANDS = ("sys", "ps", "log", "mod", "bt", "bt -a", "bt 115", "foreach active bt", "foreach rmmod bt", "foreach UN bt",
            "dis pmount_kthread")
EXPLAINED, NOT_EXPLAINED = 0, 1
MOST_GROWTH = 32768  # bytes: what newer readers ask for and a capsule says of it


def runs_of(name):
    """Name of the stored file, arguments."""
    yield "verdict.txt", ["--full"]
    yield "screen.txt", []
    yield "verdict.json", ["--json"]
    if name != SAMPLE:
        return
    for command in COMMANDS:
        stem = command.replace(" ", "_")
        yield f"{stem}.txt", ["-c", command]
        yield f"{stem}.json", ["--json", "-c", command]


def run(program, capsule, arguments, folder):
    """Run beside the capsule, so that its name and nothing else of the path can appear."""
    done = subprocess.run([program, "--color", "never", *arguments, capsule], cwd=folder, capture_output=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def difference(expected, actual, name):
    lines = difflib.unified_diff(expected.decode(errors="replace").splitlines(), actual.decode(errors="replace").splitlines(),
                                 f"{name} as stored", f"{name} now", lineterm="", n=1)
    return "\n".join(line[:400] for line in list(lines)[:40])


def compare(program, name):
    failures = 0
    for file, arguments in runs_of(name):
        status, output, errors = run(program, f"{name}.vmcore", arguments, HERE)
        stored = (HERE / name / file).read_bytes()
        wanted = NOT_EXPLAINED if "-c" not in arguments and (HERE / name / "not-explained").exists() else EXPLAINED
        if output != stored:
            failures += 1
            print(difference(stored, output, f"{name}/{file}"))
        if status != wanted or errors:
            failures += 1
            print(f"{name} {' '.join(arguments)}: exit status {status} instead of {wanted}, standard error {errors.decode()!r}")
    return failures


def repack(program, name):
    with tempfile.TemporaryDirectory() as folder:
        again = pathlib.Path(folder) / f"{name}.vmcore"
        pack = subprocess.run([program, "pack", str(HERE / again.name), "-o", str(again)], capture_output=True, timeout=120)
        if pack.returncode != 0:
            print(f"pack: exit status {pack.returncode}: {pack.stderr.decode()}")
            return 1
        failures = 0
        for file, arguments in runs_of(name):
            output = run(program, again.name, arguments, folder)[1]
            stored = (HERE / name / file).read_bytes()
            if output != stored:
                failures += 1
                print(difference(stored, output, f"{name}/{file}, packed again"))
        # What the program has learnt to read since may be asked for too, and told as left out.
        if again.stat().st_size > (HERE / again.name).stat().st_size + MOST_GROWTH:
            failures += 1
            print(f"packed again, the capsule grew to {again.stat().st_size} bytes")
        return failures


def update(program, name):
    (HERE / name).mkdir(exist_ok=True)
    for file, arguments in runs_of(name):
        status, output, errors = run(program, f"{name}.vmcore", arguments, HERE)
        if status not in (EXPLAINED, NOT_EXPLAINED) or errors:
            sys.exit(f"{name} {arguments}: exit status {status}: {errors.decode()}")
        (HERE / name / file).write_bytes(output)
        if file == "verdict.txt":
            mark = HERE / name / "not-explained"
            mark.touch() if status == NOT_EXPLAINED else mark.unlink(missing_ok=True)
    return 0


def main():
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    if len(arguments) != 2:
        sys.exit(__doc__)
    program, name = str(pathlib.Path(arguments[0]).resolve()), arguments[1]
    action = update if "--update" in sys.argv else repack if "--repack" in sys.argv else compare
    sys.exit(1 if action(program, name) else 0)


main()
