# SPDX-License-Identifier: GPL-2.0-or-later
"""From what the guest said to truth.json. Nothing is made up here: tasks and
addresses come from the facts that the guest read in its own /proc, panics and
lockups from the kernel's words on the console. The keys are documented in
README.md."""

from __future__ import annotations

import re

_NUMBERS = {"pid", "cpu", "cpus", "memory_kb", "paging_levels", "count"}
# 6.8 and later put a UID between CPU and PID.
_TASK_LINE = re.compile(r"CPU: (\d+) (?:UID: \d+ )?PID: (\d+) Comm: (.+?) (?:Not tainted|Tainted|Kdump)")
_PANIC_LINE = re.compile(r"Kernel panic - not syncing: (.*)")
# The end of an Oops's first line. Where a capture kernel is loaded it starts before panic() says anything.
_OOPS_LINE = re.compile(r"(?:\] |^)([^]\n]*\[#\d+\])", re.MULTILINE)
_LOCKUP_LINE = re.compile(r"BUG: soft lockup - CPU#(\d+) stuck for (\d+)s! \[(.+):(\d+)\]")
_STALL_LINE = re.compile(r"rcu: INFO: (\S+) (?:self-)?detected (?:expedited )?stalls?")


def facts(text: str) -> dict[str, object]:
    """`a.b=c` lines as nested dictionaries, `a.0.b=c` as lists of them; a later
    line replaces an earlier."""
    result: dict[str, object] = {}
    for line in text.splitlines():
        key, separator, value = line.partition("=")
        if not separator or not re.fullmatch(r"[a-z0-9_.]+", key):
            continue
        *path, last = key.split(".")
        place = result
        for name in path:
            place = place.setdefault(name, {})  # type: ignore[assignment]
        place[last] = _value(last, value)
    return {key: _with_lists(value) for key, value in result.items()}


def _value(key: str, text: str) -> object:
    if key == "pids":
        return [int(word) for word in text.split()]
    if key == "began":
        return float(text)
    return int(text) if key in _NUMBERS and text.isdigit() else text


def _with_lists(value: object) -> object:
    if not isinstance(value, dict):
        return value
    made = {key: _with_lists(inner) for key, inner in value.items()}
    if made and all(key.isdigit() for key in made):
        return [made[key] for key in sorted(made, key=int)]
    return made


def panic(console: str) -> dict[str, object] | None:
    """Who panicked, where and why; None if nobody did."""
    return _told_by(_PANIC_LINE.search(console), console)


def oops(console: str) -> dict[str, object] | None:
    """The same of the last Oops, for a crash that ends there."""
    found = None
    for found in _OOPS_LINE.finditer(console):
        pass
    return _told_by(found, console)


def _told_by(found: re.Match[str] | None, console: str) -> dict[str, object] | None:
    if found is None:
        return None
    result: dict[str, object] = {"message": found.group(1).strip()}
    task = _TASK_LINE.search(console, found.end())
    if task:
        result.update(cpu=int(task.group(1)), pid=int(task.group(2)), comm=task.group(3))
    return result


def lockups(console: str) -> list[dict[str, object]]:
    """The kernel's soft lockup messages, in their order; victims among them."""
    return [{"cpu": int(cpu), "seconds": int(seconds), "comm": comm, "pid": int(pid)}
            for cpu, seconds, comm, pid in _LOCKUP_LINE.findall(console)]


def stalls(console: str) -> list[str]:
    return _STALL_LINE.findall(console)
