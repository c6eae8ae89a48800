# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios in which waits of several kinds are nested in each other, or in which one machine has several hangs that
have nothing to do with each other, and their innocent twins."""

from __future__ import annotations

from .scenario import ALIVE, DEAD, LOCKUP, LOST_CPU, Scenario
from .scenarios_locks import SETTLE, VARIABLES, sleeping

_SECOND = {"THREAD2": "acme_poll", "OTHER2": "acme_flush", "THIRD2": "acme_sync", "VICTIM2": "acme_user"}
_BOTH = {**VARIABLES, **_SECOND}
_CHAIN = 'tell links.0 "$OTHER"\ntell links.1 "$THIRD"\n'
_CHAIN_LOCKS = ("mutex inner_lock", "rwsem tree_sem", "mutex outer_lock")


def _nested(summary: str, expected: str, hang: str, **settings: object) -> Scenario:
    return sleeping(summary, expected, "nested", hang, **settings)  # type: ignore[arg-type]


def _lost(summary: str, expected: str, hang: str, function: str, panics: tuple[str, ...],
          accepted: tuple[str, ...] = ()) -> Scenario:
    steps = f'''
start_spinning_one {hang}
tell_spinning culprit "$THREAD" {function}
begin_hang
crash
'''
    return Scenario(summary, expected, steps, panics, module="nested", settle=25.0,
                    variables={**VARIABLES, "AGE": ""}, accepted=accepted)


def _several(summary: str, expected: str, module: str, companion: str, steps: str,
             panics: tuple[str, ...] = ALIVE, hung_when: str = "", settle: float = SETTLE,
             accepted: tuple[str, ...] = ()) -> Scenario:
    return Scenario(summary, expected, steps, panics, module=module, companion=companion,
                    hung_when=hung_when, settle=settle, variables=_BOTH, accepted=accepted)


# A deadlock of the companion's, thirty seconds old before anything else happens.
_OLD_DEADLOCK = '''
in_companion start_hang abba
fact others.0.expected=mutex-deadlock
grow_old
in_companion tell others.0.culprits.0 "$THREAD2"
in_companion tell others.0.culprits.1 "$OTHER2"
'''

MIXED = {
    "nest-sleeping": _nested(
        "mutex, rwsem, flushed work, mutex: the holder at the end waits for an answer",
        "lock-held-by-sleeper", "sleeping-chain", locks=_CHAIN_LOCKS, more=_CHAIN,
        accepted=("never-completed",)),
    "nest-looping": _lost("the same, and the holder at the end loops", "cpu-hog",
                          "looping-chain", "loop_for_ever", LOST_CPU),
    "nest-unheard": _lost("the same, and the holder at the end loops with interrupts off", "irqs-off",
                          "unheard-chain", "loop_unheard", ALIVE),
    "nest-moving": _nested("twin: the same chain, and the holder at the end gets on", "none",
                           "moving-chain", age=10),
    "nest-cycle": _nested("a cycle of a mutex, a flushed work and a read-write semaphore",
                          "mixed-lock-cycle", "cycle", culprits=2, more="tell_inside culprits.2 writing_work\n",
                          locks=("mutex outer_lock", "rwsem tree_sem"), accepted=("workqueue-flush-deadlock",)),
    "stop-pair": _nested("two threads stop each other", "mixed-lock-cycle", "pair", culprits=2),
    "stop-deaf": Scenario("rmmod stops a thread that never looks whether it is to stop", "never-completed", '''
start_hang deaf
sleep 1
began
request rmmod "$MODULE"
grow_old
tell culprit "$THREAD"
crash
''', ALIVE, module="nested", settle=SETTLE, variables=VARIABLES, accepted=("lock-held-by-sleeper",)),
    "several-sleepers": _several(
        "two threads in a deadlock, and others of another module that wait for an answer", "mutex-deadlock",
        "events", "mutexes", '''
start_hang never
in_companion start_hang abba
grow_old
in_companion tell culprits.0 "$THREAD2"
in_companion tell culprits.1 "$OTHER2"
fact others.0.expected=never-completed
crash
'''),
    "several-lost": _several(
        "a CPU lost to a thread, and an old deadlock", "cpu-hog", "hog", "mutexes",
        _OLD_DEADLOCK + '''
start_culprit "no_preempt=$NO_PREEMPT"
crash
''', LOST_CPU, LOCKUP, 4.0),
    "several-stopped": _several(
        "stop_machine() starves, after an old deadlock", "stop-machine-starved", "while1", "mutexes",
        _OLD_DEADLOCK + '''
start_culprit "no_preempt=$NO_PREEMPT"
request rmmod "$MODULE"
told_by_requester
''', DEAD, LOCKUP, 4.0),
    "several-moving": _several(
        "twin: queues of two modules that move", "none", "mutexes", "rwsems", '''
start_hang queue victims=10
in_companion start_hang turns
AGE=10
grow_old
crash
'''),
}
