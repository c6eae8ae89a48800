#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Has crash and drgn read again what whyhung's verdicts rest on, by what --emit-crash and --emit-drgn print, and compares.

usage: check_evidence.py WHYHUNG [DUMP…]      exit status 77: what is needed is not here, and that is said

Without a dump all of $WHYHUNG_RIVAL_DUMPS. Each needs the vmlinux of its kernel in the lab's cache. For each record one
line: `same`, `DIFFERS`, or `?` where the other tool cannot say it: crash 8.0.2 knows no sleeping task of kernels since
6.1, and neither tool the symbols of a module whose file is not there. Exit status 1 when any differs, and when a tool
compared fewer than half of the records that have a value.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

SKIPPED = 77
PATIENCE = 300  # seconds; crash takes some ten to start
RECORD = re.compile(r"^#    (?P<what>.*?)(?: = (?P<value>.*?))?(?: at (?P<address>0x[0-9a-f]+))?$")
MARK = "@@record "


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def run(command, **how):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, errors="replace", timeout=PATIENCE,
                          check=False, **how)


def vmlinux_of(whyhung, dump):
    said = run([whyhung, "shell", "--osrelease", dump]).stdout.strip()
    cache = pathlib.Path(os.environ.get("WHYHUNG_LAB_CACHE", pathlib.Path.home() / ".cache" / "whyhung-lab"))
    file = cache / "debuginfo" / said / "vmlinux"
    return file if said and file.is_file() else None


def records(emitted):
    """(what, value, command) of each record that has a command; several records of one stack have one command."""
    record = None
    for line in emitted.splitlines():
        above = re.search(r"  \((bt .*) above\)$", line)
        match = RECORD.match(line[:above.start()] if above else line)
        if match and above:
            yield match["what"], match["value"], above[1]
        elif match:
            record = None if line.endswith("(by hand)") else (match["what"], match["value"])
        elif record and line and not line.startswith("#"):
            yield (*record, line)


def numbers_in(text):
    return [int(word, 0) for word in re.findall(r"(?<![\w.])-?(?:0x[0-9a-f]+|\d+)(?![\w.])", text)]


def value_in(answer):
    """The part of crash's answer that is the value: behind the last "=", or, of rd, behind the colon."""
    for line in reversed(answer.splitlines()):
        for mark in ("=", ":"):
            if mark in line:
                return line.split(mark, 1)[1].strip()
    return ""


def holds(what, value, command, answer):
    """Whether crash's answer holds what whyhung read; None: it says nothing that could be compared."""
    if re.search(r"invalid (task|kernel|structure|user)|^Usage|no such|cannot (resolve|determine)|seek error|page excluded", answer, re.M):
        return None
    if command.startswith("bt "):
        return re.search(rf"\b{re.escape(what.split('.')[0])}\b", answer) is not None
    if value is None or command.startswith(("struct -x ", "p ", "rd ")) and "." not in command and not command.startswith(("p ", "rd ")):
        return None
    if command.startswith("dis "):
        return None
    shown = value_in(answer)
    expected = value.split(" ns")[0].split(" [")[0]
    number = re.fullmatch(r"-?(?:0x[0-9a-f]+|\d+)", expected)
    if number:
        wanted = int(expected, 16 if expected.startswith("0x") else 10)
        if command.startswith("rd "):
            return int(shown.split()[0], 16) == wanted
        return any(abs(found - wanted) % (1 << 64) == 0 or (found - wanted) % (1 << 32) == 0 == wanted >> 32 for found in numbers_in(shown))
    if expected in shown:
        return True
    # Without the module's file its functions are bare numbers.
    return None if re.fullmatch(r"\(?.*\)? ?0x[0-9a-f]+,?", shown) else False


def ask_crash(vmlinux, dump, commands, folder):
    script = folder / "commands"
    script.write_text("".join(f"!echo '{MARK}{i}'\n{command}\n" for i, command in enumerate(commands)) + f"!echo '{MARK}{len(commands)}'\nquit\n")
    said = run(["crash", "-s", "-i", script, vmlinux, dump], input="quit\n").stdout
    pieces = re.split(rf"^{MARK}(\d+)\n", said, flags=re.M)
    answers = {int(pieces[i]): pieces[i + 1] for i in range(1, len(pieces) - 1, 2)}
    return [answers.get(i, "") for i in range(len(commands))]


def check_crash(whyhung, vmlinux, dump, folder):
    found = list(records(run([whyhung, "--emit-crash", dump]).stdout))
    commands = sorted({command for _, _, command in found})
    answers = dict(zip(commands, ask_crash(vmlinux, dump, commands, folder)))
    for what, value, command in found:
        if "command not found" in answers[command]:
            yield "DIFFERS", f"crash does not know the command {command}"
        truth = holds(what, value, command, answers[command])
        word = {True: "same", False: "DIFFERS", None: "?"}[truth]
        detail = "" if truth else "  says " + " ".join(answers[command].split())[:200]
        yield word, f"{what} = {value}: {command}{detail}"


def check_drgn(whyhung, vmlinux, dump, folder):
    script = folder / "emitted.py"
    script.write_text(run([whyhung, "--emit-drgn", dump]).stdout)
    said = run(["drgn", "-q", "-c", dump, "-s", vmlinux, script], stdin=subprocess.DEVNULL)
    for line in said.stdout.splitlines():
        match = re.match(r"(same|DIFFERS|\?) +(.*)", line)
        if match:
            yield match.groups()
    if not re.search(r"records are the same", said.stdout):
        yield "DIFFERS", "drgn did not come to the end: " + said.stderr.strip()[-500:]


def main():
    whyhung = sys.argv[1]
    dumps = [pathlib.Path(name) for name in sys.argv[2:]]
    if not dumps and "WHYHUNG_RIVAL_DUMPS" in os.environ:
        dumps = sorted(pathlib.Path(os.environ["WHYHUNG_RIVAL_DUMPS"]).glob("*.vmcore"))
    if not dumps:
        skip("no dumps: name some, or their folder in WHYHUNG_RIVAL_DUMPS")
    missing = [tool for tool in ("crash", "drgn") if not shutil.which(tool)]
    if missing:
        skip(f"{' and '.join(missing)} is not installed")
    import tempfile
    faults = 0
    for dump in dumps:
        vmlinux = vmlinux_of(whyhung, dump)
        if vmlinux is None:
            skip(f"the vmlinux of {dump} is not in the lab's cache: lab/lab debuginfo --kernel …")
        for tool, check in (("crash", check_crash), ("drgn", check_drgn)):
            with tempfile.TemporaryDirectory() as name:
                results = list(check(whyhung, vmlinux, dump, pathlib.Path(name)))
            for word, text in results:
                print(f"{tool:5} {word:7} {text}")
            counts = {word: sum(1 for one, _ in results if one == word) for word in ("same", "DIFFERS", "?")}
            print(f"{dump.name} in {tool}: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
            faults += counts["DIFFERS"] + (counts["same"] == 0)
    sys.exit(1 if faults else 0)


main()
