# SPDX-License-Identifier: GPL-2.0-or-later
"""A crash dump of a Linux machine that hung, for programs.

    import whyhung

    with whyhung.open("vmcore") as m:
        print(m.verdict["class"], m.verdict["culprits"])
        for task in m.tasks():
            print(task.pid, task.comm, task.object.se.vruntime)

Nothing is read before it is asked for. What the dump cannot give raises whyhung.Error or one of its kinds; docs/python.md
has recipes.
"""
from ._library import (Busy, Closed, Error, NoMember, NotADump, NotFound, Unreadable, UsageError, library_path,
                       library_version)
from .machine import Machine, Symbol, Task, open  # pylint: disable=redefined-builtin
from .values import Array, Enumerator, Pointer, Struct

__all__ = ["Array", "Busy", "Closed", "Enumerator", "Error", "Machine", "NoMember", "NotADump", "NotFound", "Pointer", "Struct",
           "Symbol", "Task", "Unreadable", "UsageError", "library_path", "library_version", "open"]
