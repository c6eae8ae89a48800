# SPDX-License-Identifier: GPL-2.0-or-later
"""What cases are made with and made of. A case is a function that makes a file; its decorator says what the program must
say of it."""
import dataclasses
import json
import pathlib
import subprocess

from capsule_editor import Capsule, PowerCapsule, symbol

SAMPLE = pathlib.Path(__file__).resolve().parent.parent / "vmcores" / "while1-6.1-4cpu.vmcore"
POWER_SAMPLE = SAMPLE.parent / "while1-7.2-ppc64le-4cpu.vmcore"
CULPRIT = "pmount_kthread"
EXPLAINED, NOT_EXPLAINED, UNUSABLE = 0, 1, 2
ALL = []


@dataclasses.dataclass
class Case:
    name: str
    make: object
    statuses: tuple
    says: tuple
    never_says: tuple


@dataclasses.dataclass
class Made:
    files: list
    arguments: tuple = ()
    command: list = None
    notice: str = ""  # what is said at once, on standard error, beside the answer


class Kit:
    """What a case makes its file with."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def capsule(self):
        return Capsule(SAMPLE)

    def power_capsule(self):
        return PowerCapsule(POWER_SAMPLE)

    def symbol(self, capsule, name):
        return symbol(self.program, capsule, name)

    def task(self, capsule, pid):
        """The task_struct of a process."""
        return int(self.report_of_task(capsule, "pid", pid)["task"], 16)

    def report_of_task(self, capsule, member, value):
        """What the report says of the first task whose `member` is `value`."""
        run = subprocess.run([self.program, "--json", capsule.path], capture_output=True, check=True)
        return next(task for task in json.loads(run.stdout)["tasks"] if task[member] == value)

    def file(self, data, name="vmcore"):
        path = self.folder / name
        path.write_bytes(data)
        return Made([path])


def case(*says, status=UNUSABLE, never=()):
    statuses = status if isinstance(status, tuple) else (status,)

    def add(make):
        ALL.append(Case(make.__name__, make, statuses, says, tuple(never)))
        return make

    return add


def gap(*says):
    """The culprit is found all the same, and the report says what is missing."""
    return case(*says, CULPRIT, status=EXPLAINED)
