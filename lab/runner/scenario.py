# SPDX-License-Identifier: GPL-2.0-or-later
"""What a scenario is, and the ways to panic that fit it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scenario:
    summary: str
    expected: str                # verdict class that is right, unless a step says `expect`
    steps: str
    panics: tuple[str, ...]      # ways to panic that work here, the usual one first
    module: str = ""             # modules/MODULE.c, or none
    companion: str = ""          # a second one, for what has nothing to do with the first
    function: str = "pmount_kthread"
    hung_when: str = ""          # console text that proves the hang
    settle: float = 4.0          # seconds from then, until the hang is complete
    memory: int = 640            # MB
    limit: float = 150.0         # seconds that the steps may take
    variables: dict[str, str] = field(default_factory=dict)   # set with --set
    helpers: tuple[str, ...] = ()                             # guest/HELPER.c
    drivers: tuple[str, ...] = ()                             # the kernel's own modules
    pauses: bool = False              # the culprit's CPU is not run by the host while it hangs
    accepted: tuple[str, ...] = ()    # verdict classes that are not wrong either
    append: str = ""                  # more of the kernel's command line
    slots: int = 0                    # CPUs that the machine has room for, and not in it


LOCKUP = "soft lockup"
DEAD = ("softlockup", "nmi", "serial")              # no task can ask for a panic
LOST_CPU = ("softlockup", "sysrq", "nmi", "serial")
ALIVE = ("sysrq", "nmi", "serial")                  # no CPU is lost for the watchdog to see
