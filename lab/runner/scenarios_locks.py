# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios in which tasks sleep for a lock or an event, and their innocent twins.
The guest lives on, waits until the hang has an age, and tells the truth then."""

from __future__ import annotations

from .scenario import ALIVE, Scenario

SETTLE = 1.0   # the hang is complete when the guest says so
VARIABLES = {
    "AGE": "30",          # seconds from the hang to the dump
    "HUNG_TASK": "10",    # the kernel's own limit for its reports; empty leaves it alone
    "OTHER": "pmount_flush", "THIRD": "pmount_sync",   # names of more culprits
    "VICTIM": "pmount_user",                           # name of those who suffer
}
_CULPRITS = ("$THREAD", "$OTHER", "$THIRD")


def sleeping(summary: str, expected: str, module: str, hang: str, *, culprits: int = 1,
              locks: tuple[str, ...] = (), parameters: str = "", more: str = "",
              age: int = 30, accepted: tuple[str, ...] = ()) -> Scenario:
    """The module's hang, told as so many culprits by their names, and its locks, each
    as `kind symbol`. `more` runs when the hang has its age, before the truth is told."""
    role = "bystander" if expected == "none" else "culprit"
    names = [f'tell {role}{f"s.{place}" if culprits > 1 else ""} "{name}"\n'
             for place, name in enumerate(_CULPRITS[:culprits])]
    told = [f"tell_lock {place} {lock}\n" for place, lock in enumerate(locks)]
    steps = (f"start_hang {hang} {parameters}\ngrow_old\n{more}" + "".join(names + told)
             + 'tell_victims "$VICTIM"\ncrash\n')
    return Scenario(summary, expected, steps, ALIVE, module=module, settle=SETTLE,
                    variables={**VARIABLES, "AGE": str(age)}, accepted=accepted)


def _mutex(summary: str, expected: str, hang: str, *names: str, **settings: object) -> Scenario:
    locks = tuple(f"mutex {name}" for name in names or ("table_lock",))
    return sleeping(summary, expected, "mutexes", hang, locks=locks, **settings)  # type: ignore[arg-type]


def _rwsem(summary: str, expected: str, hang: str, **settings: object) -> Scenario:
    return sleeping(summary, expected, "rwsems", hang,
                     locks=("rwsem map_sem",), **settings)  # type: ignore[arg-type]


# The culprit is gone when the truth is told: it says who it is while it waits to begin.
_EXITED = '''
insert hang=exited "names=$THREAD,$OTHER,$THIRD" "victim=$VICTIM"
gone=$(pid_of "$THREAD") || fail "no task is called $THREAD"
task_fact culprit "$gone"
fact culprit.module=$MODULE
fact culprit.function=leave_kthread
fact culprit.exited=yes
began
echo 1 > /sys/module/$MODULE/parameters/go
sleep 3
[ -e "/proc/$gone" ] && fail "$THREAD is still there"
'''
_EXITED_END = '''
grow_old
tell_lock 0 mutex table_lock
tell_victims "$VICTIM"
crash
'''

LOCKS = {
    "mutex-abba": _mutex("two threads hold a mutex each and want the other's",
                         "mutex-deadlock", "abba", "table_lock", "cache_lock", culprits=2),
    "mutex-cycle3": _mutex("three threads hold a mutex each and want the next one's",
                           "mutex-deadlock", "cycle3", "table_lock", "cache_lock", "log_lock",
                           culprits=3),
    "mutex-order": _mutex("twin: both mutexes together, always in one order",
                          "none", "order", "table_lock", "cache_lock", age=10),
    "mutex-queue": _mutex("twin: a long queue that moves",
                          "none", "queue", culprits=0, parameters="victims=20", age=10),
    "mutex-self": _mutex("a thread takes a mutex that it holds", "self-deadlock", "self"),
    "mutex-answer": _mutex("the holder waits for a completion that never comes",
                           "lock-held-by-sleeper", "answer", parameters="victims=20",
                           accepted=("never-completed",)),
    "mutex-change": _mutex("the holder sleeps in a wait queue that nobody wakes",
                           "lock-held-by-sleeper", "change", parameters="victims=20"),
    "mutex-nap": _mutex("the holder sleeps again and again for two seconds",
                        "lock-held-by-sleeper", "nap", parameters="victims=20"),
    "mutex-chain": _mutex("the holder waits for a mutex whose holder sleeps",
                          "lock-held-by-sleeper", "chain", "cache_lock", "table_lock",
                          parameters="victims=10", accepted=("never-completed",)),
    "mutex-exited": Scenario("a thread takes a mutex and exits", "lock-held-by-exited-task",
                             _EXITED + _EXITED_END, ALIVE, module="mutexes", settle=SETTLE,
                             variables=VARIABLES),
    "mutex-exited-reused": Scenario(
        "the same, and many tasks come after it: its task_struct may be another's",
        "lock-held-by-exited-task", _EXITED + '''
heir=0
for try in $(seq 60); do
	mask=$(printf %x $((1 << (try % CPUS))))
	taskset "$mask" sh -c 'for n in $(seq 16); do sleep 1000 & done'
	heir=$(cat /sys/module/$MODULE/parameters/heir)
	[ "$heir" = 0 ] || break
done
[ "$heir" = 0 ] && fail "no task came to lie where it lay"
task_fact heir "$heir"
''' + _EXITED_END, ALIVE, module="mutexes", settle=SETTLE, variables=VARIABLES),
    "mutex-exited-tidily": _mutex("twin: the thread gives the mutex back and exits; the queue moves",
                                  "none", "exited-tidily", culprits=0, age=10),
    "mutex-forgotten": _mutex("the owner's word is lost: the mutex is free, its queue sleeps",
                              "lost-wakeup", "forgotten", culprits=0),
    "rwsem-self": _rwsem("a thread reads under its own write lock", "self-deadlock", "self"),
    "rwsem-reader": _rwsem("a reader sleeps; a writer queues, and all readers behind it",
                           "rwsem-reader-blocks-writer", "reader", parameters="victims=12",
                           more='tell writer "$OTHER"\n'),
    "rwsem-writer": _rwsem("a writer sleeps, others queue", "lock-held-by-sleeper", "writer",
                           parameters="victims=12", accepted=("never-completed",)),
    "rwsem-turns": _rwsem("twin: readers and a writer take turns", "none", "turns",
                          culprits=0, parameters="victims=12", age=10),
    "rwsem-mutex": sleeping("a mutex and an rwsem, taken in either order", "mixed-lock-cycle",
                             "rwsems", "mixed", culprits=2,
                             locks=("rwsem map_sem", "mutex map_lock")),
}
