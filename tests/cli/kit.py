# SPDX-License-Identifier: GPL-2.0-or-later
"""What a call is made with."""
import os
import pathlib
import re
import shutil
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[2]
VMCORES = SOURCE / "tests" / "vmcores"
SAMPLE = VMCORES / "while1-6.1-4cpu.vmcore"
OTHER = VMCORES / "mutex-abba-6.1-4cpu.vmcore"
CULPRIT = "pmount_kthread"
EXPLAINED, NOT_EXPLAINED, UNUSABLE = 0, 1, 2


class Ran:
    def __init__(self, run):
        self.status = run.returncode
        self.output = (run.stdout or b"").decode(errors="replace")
        self.errors = (run.stderr or b"").decode(errors="replace")

    def __repr__(self):
        return f"exit status {self.status}\n--- output\n{self.output}\n--- errors\n{self.errors}"


class Kit:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def run(self, *arguments, environment=None, **how):
        """One run, its output and errors caught unless `how` says otherwise."""
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **how}
        env = {**os.environ, "XDG_DATA_HOME": str(self.folder / "nothing"), **(environment or {})}
        env.pop("DEBUGINFOD_URLS", None)
        return Ran(subprocess.run([self.program, *map(str, arguments)], cwd=self.folder, env=env, timeout=60, **how))

    def dump(self, name="vmcore", of=SAMPLE):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(of, path)
        return path

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def snapshot(self):
        path = self.folder / "machine.json"
        ran = self.run("--save-snapshot", path, SAMPLE)
        assert ran.status == EXPLAINED, ran
        return path


def refused(ran, *says):
    """Exit status 2, nothing on standard output, one line that begins with the program's name, and perhaps a hint."""
    lines = ran.errors.splitlines()
    assert ran.status == UNUSABLE, ran
    assert ran.output == "", ran
    assert lines and re.match(r"whyhung( [a-z]+)?: ", lines[0]), ran
    assert len(lines) == 1 or len(lines) == 2 and lines[1].startswith("  hint: "), ran
    for words in says:
        assert words in ran.errors, f"does not say {words!r}: {ran}"


def warned(ran, *says):
    """The answer is given all the same."""
    assert ran.status == EXPLAINED and CULPRIT in ran.output, ran
    assert ran.errors.startswith("whyhung: "), ran
    for words in says:
        assert words in ran.errors, f"does not say {words!r}: {ran}"
