# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios in which tasks sleep until others have done something (an answer, the
end of a thread, work, a grace period of RCU), and their innocent twins."""

from __future__ import annotations

from .scenario import ALIVE, Scenario
from .scenarios_locks import SETTLE, VARIABLES, sleeping


def _event(summary: str, expected: str, hang: str, **settings: object) -> Scenario:
    return sleeping(summary, expected, "events", hang, **settings)  # type: ignore[arg-type]


def _rmmod(summary: str, expected: str, hang: str, told: str, age: int) -> Scenario:
    return Scenario(summary, expected, f'''
start_hang {hang}
sleep 1
began
request rmmod "$MODULE"
grow_old
{told}
tell_lock 0 mutex state_lock
crash
''', ALIVE, module="events", settle=SETTLE, variables={**VARIABLES, "AGE": str(age)})


EVENTS = {
    "answer-never": _event("four threads wait for a completion that nobody can complete",
                           "never-completed", "never", culprits=0, more='tell waiter "$THREAD"\n'),
    "answer-slow": _event("twin: the completions come, slowly", "none", "answered", culprits=0,
                          parameters="hold=500", age=10),
    "answer-held": _event("a mutex held over the wait for somebody who wants it",
                          "mixed-lock-cycle", "held-answer", culprits=2,
                          locks=("mutex state_lock",),
                          accepted=("lock-held-by-sleeper", "never-completed")),
    "answer-silent": _event("a completion is done, and its waiter was never woken",
                            "lost-wakeup", "silent", culprits=0, more='tell waiter "$THREAD"\n'),
    "change-unheard": _event("a condition is true, and its waiter was never woken",
                             "lost-wakeup", "unheard", culprits=0,
                             more='tell waiter "$THREAD"\n',
                             accepted=("never-completed", "undetermined")),
    "slots-free": _event("a semaphore is free, and its queue sleeps", "lost-wakeup", "slots",
                         culprits=0, locks=("semaphore slots",)),
    "slots-kept": _event("the holder of a semaphore sleeps: nothing names it but its stack",
                         "lock-held-by-sleeper", "kept", locks=("semaphore slots",),
                         accepted=("never-completed", "undetermined")),
    "stop-mutex": _rmmod("rmmod stops a thread under the mutex that the thread wants",
                         "mixed-lock-cycle", "stop",
                         'tell_pid culprits.0 "$requester"\ntell culprits.1 "$THREAD"', 30),
    "stop-tardy": _rmmod("twin: rmmod has been waiting for a tardy thread for three seconds",
                         "none", "tardy", 'tell bystander "$THREAD"', 3),
    "work-flush": _event("a work is flushed under the mutex that it wants",
                         "workqueue-flush-deadlock", "flush", locks=("mutex state_lock",),
                         culprits=0, more='tell culprits.0 "$THREAD"\n'
                         'tell_inside culprits.1 wanting_work\n',
                         accepted=("mixed-lock-cycle",)),
    "work-stuck": _event("the first work of an ordered queue never ends", "workqueue-stall",
                         "stuck-queue", culprits=0,
                         more='tell_inside culprit stuck_work\n', accepted=("never-completed",)),
    "work-slow": _event("twin: an ordered queue that is always full, and moves", "none",
                        "slow-queue", culprits=0, age=10),
    "rcu-sleeper": _event("a reader sleeps inside rcu_read_lock(), others wait for the grace period",
                          "rcu-stall", "rcu-sleeper", accepted=("never-completed",)),
    "rcu-readers": _event("twin: readers come and go, grace periods end", "none", "rcu-readers",
                          age=10),
}
