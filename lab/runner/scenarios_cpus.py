# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios in which CPUs wait for each other without sleeping or real-time tasks
starve the others, and their innocent twins. Of what takes a CPU for good the truth
is told before."""

from __future__ import annotations

from .scenario import ALIVE, DEAD, LOCKUP, LOST_CPU, Scenario
from .scenarios_locks import SETTLE, VARIABLES

_NAMES = {**VARIABLES, "AGE": ""}


def _spinning(summary: str, expected: str, hang: str, *told: str, parameters: str = "victims=0",
              after: str = "", settle: float = 4.0, panics: tuple[str, ...] = LOST_CPU,
              accepted: tuple[str, ...] = ()) -> Scenario:
    """`told`: what is lost, as `role $NAME function`, and `place spinlock symbol`."""
    steps = [("tell_lock " if line[0].isdigit() else "tell_spinning ") + line for line in told]
    return Scenario(summary, expected, "\n".join(
        [f"start_spinning {hang} {parameters}", *steps, "begin_hang", after, "crash", ""]),
        panics, module="spins", hung_when=LOCKUP, settle=settle, variables=_NAMES,
        accepted=accepted)


def _real_time(summary: str, expected: str, steps: str, module: str = "spins",
               age: int = 30) -> Scenario:
    return Scenario(summary, expected, steps, ALIVE, module=module, settle=SETTLE,
                    variables={**VARIABLES, "AGE": str(age)})


_PAIR = ("culprits.0 $THREAD move_entry", "culprits.1 $OTHER move_entry",
         "0 spinlock ring_lock", "1 spinlock stats_lock")
_RING = "0 spinlock ring_lock"

_RT_STEPS = '''
start_spinning {hang} victims=3
echo 1 > /sys/module/$MODULE/parameters/go
began
grow_old
tell_spinning {role} "$THREAD" serve_for_ever
{more}
crash
'''

CPUS = {
    "spin-abba": _spinning("two CPUs hold a spinlock each and spin for the other's",
                           "spinlock-deadlock", "abba", *_PAIR),
    "spin-self": _spinning("a thread spins for the spinlock that it holds", "spinlock-deadlock",
                           "self", "culprit $THREAD count_entry", _RING),
    "spin-interrupted": _spinning(
        "a timer spins for the spinlock of the thread that it interrupted", "spinlock-deadlock",
        "interrupted", "culprit $THREAD count_entry", _RING,
        after="fact culprit.context=softirq"),
    "spin-held": _spinning("a thread loops with a spinlock held, another CPU spins for it",
                           "cpu-hog", "held", "culprit $THREAD hold_and_loop",
                           "waiter $OTHER count_entry", _RING),
    "rwlock-held": _spinning("a reader loops with a read-write lock held, a writer spins for it", "cpu-hog",
                             "read-held", "culprit $THREAD read_and_loop", "waiter $OTHER change_view"),
    "rwlock-self": _spinning("a thread spins for the write lock that it holds for reading",
                             "spinlock-deadlock", "upgrade", "culprit $THREAD change_view"),
    "spin-contended": Scenario(
        "twin: two CPUs contend for a spinlock, and get it", "none", '''
start_spinning contended victims=0
tell_spinning bystander "$THREAD" contending_kthread
echo 1 > /sys/module/$MODULE/parameters/go
sleep 10
crash
''', ALIVE, module="spins", variables=_NAMES),
    "rcu-spinner": _spinning("a reader loops inside rcu_read_lock(), others wait for the grace period",
                             "rcu-stall", "rcu", "culprit $THREAD read_for_ever",
                             parameters="victims=3", settle=18.0, accepted=("cpu-hog",)),
    "ipi-deaf": _spinning("a CPU with interrupts off is asked to run a function",
                          "ipi-not-answered", "deaf", "culprit $THREAD loop_without_interrupts",
                          "waiter $OTHER calling_kthread", panics=DEAD, accepted=("irqs-off",)),
    "ipi-asked": Scenario(
        "twin: a busy CPU that another asks for answers again and again", "none", '''
start_spinning asked victims=0
tell_spinning bystander "$THREAD" counting_kthread
echo 1 > /sys/module/$MODULE/parameters/go
sleep 10
crash
''', ALIVE, module="spins", variables=_NAMES),
    "cpu-paused": Scenario(
        "the same, and the host does not run the busy CPU: no task is to blame", "external", '''
start_spinning asked victims=0
tell_spinning paused "$THREAD" counting_kthread
begin_hang
''', DEAD, module="spins", hung_when=LOCKUP, settle=8.0, variables=_NAMES, pauses=True,
        accepted=("ipi-not-answered",)),
    "work-hog": _spinning("a work keeps its CPU, others wait for the next one there",
                          "workqueue-stall", "work", parameters="victims=3", after='''
taker=$(cat "/sys/module/$MODULE/parameters/taker")
task_fact culprit "$taker"
fact "culprit.module=$MODULE"
fact "culprit.function=hogging_work"
''', settle=18.0, accepted=("cpu-hog",)),
    "rt-thread": _real_time(
        "a SCHED_FIFO thread of the kernel keeps its CPU, works wait there", "rt-hog",
        "no_throttling" + _RT_STEPS.format(hang="real-time", role="culprit", more="")),
    "rt-mutex": _real_time(
        "the same on the CPU of a thread that holds a mutex", "rt-hog",
        "no_throttling" + _RT_STEPS.format(
            hang="inversion", role="culprit",
            more='tell_spinning holder "$OTHER" preempted_kthread\ntell_lock 0 mutex state_lock')),
    "rt-throttled": _real_time(
        "twin: the same SCHED_FIFO thread, and the scheduler leaves the others their share",
        "none", _RT_STEPS.format(hang="real-time", role="bystander", more=""), age=10),
}
