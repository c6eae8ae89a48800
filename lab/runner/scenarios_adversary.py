# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios made to mislead: queues that look stuck and move, locks that keep no owner, holders that are gone, asleep or
ended by an Oops, and what waits for a lost CPU. Each hang has an innocent twin of the same make."""

from __future__ import annotations

from .scenario import ALIVE, DEAD, Scenario
from .scenarios_life import LIVES, MIXTURES
from .scenarios_kit import MEDIA, NET, RADIO, STORE, lost, steps_of, told_sleeping
from .scenarios_locks import SETTLE, VARIABLES
from .scenarios_tangles import TANGLES


_BOTH_CPUS = '"$CPU" "$another"'
_OTHER = '"other=$another"'
QUEUES = {
    "turn-long-queue": told_sleeping(
        "turnstiles", NET, "twin: 900 threads take one mutex in turn, 25 ms each: the oldest wait is long", "none",
        "queue", culprits=0, parameters="victims=900 hold=25", age=20),
    "turn-writers": told_sleeping(
        "turnstiles", STORE, "twin: 250 writers take a read-write semaphore in turn, 100 ms each", "none", "writers",
        culprits=0, parameters="victims=250 hold=100", age=20),
    "turn-handed-on": told_sleeping(
        "turnstiles", STORE, "twin: tasks younger than the oldest wait overtake the queue of a read-write semaphore",
        "none", "handed-on", culprits=0, parameters="victims=300 hold=40", age=12),
    "turn-either-worker": told_sleeping(
        "turnstiles", RADIO, "twin: a flush under a lock, and a work that wants it; another worker gets to what is flushed",
        "none", "either-worker", culprits=0, parameters="round_ms=6000 hold=200", age=10),
    "turn-no-worker": told_sleeping(
        "turnstiles", RADIO, "the same, and all places of the queue are taken by works that want the lock",
        "workqueue-flush-deadlock", "no-worker", parameters="hold=200", accepted=("mixed-lock-cycle",), culprits=0,
        more='tell culprits.0 "$THREAD"\ntell_inside culprits.1 do_locked_round\n'
             'fact culprits.1.pid=\nfact culprits.1.comm=\nfact culprits.1.cpu=\n', innocents=("$VICTIM",)),
    "turn-bursts": told_sleeping(
        "turnstiles", MEDIA, "twin: a real-time thread works 40 ms and sleeps 30; a nice thread has the rest, and a lock",
        "none", "bursts", culprits=0, parameters='"cpu=$CPU"', age=10),
    "turn-lent": told_sleeping(
        "turnstiles", MEDIA, "twin: 40 threads borrow 4 slots of a semaphore, 800 ms each", "none", "lent",
        culprits=0, parameters="victims=40 hold=800", age=12),
    "turn-kept": told_sleeping(
        "turnstiles", MEDIA, "all slots of a semaphore are kept over a wait; one thread had borrowed one before",
        "lock-held-by-sleeper", "kept", culprits=2, accepted=("never-completed", "undetermined"),
        locks=("semaphore tokens",), innocents=("$THIRD", "$VICTIM")),
    "turn-counted": told_sleeping(
        "turnstiles", NET, "twin: a semaphore counts what arrives every six seconds", "none", "counted", culprits=0,
        parameters="round_ms=6000 victims=2", age=15),
    "turn-uncounted": told_sleeping(
        "turnstiles", NET, "a semaphore counts what arrives, and nothing arrives any more", "never-completed",
        "uncounted", culprits=0, accepted=("undetermined",), innocents=("$VICTIM", "$THREAD")),
    "turn-polled": told_sleeping(
        "turnstiles", RADIO, "a mutex is held by a thread that polls, 50 ms at a time, for what never comes",
        "lock-held-by-sleeper", "polled", locks=("mutex ring_lock",), innocents=("$VICTIM",)),
    "turn-repolled": told_sleeping(
        "turnstiles", RADIO, "twin: what it polls for comes every four seconds", "none", "repolled", culprits=0,
        parameters="round_ms=4000 victims=4", age=12),
    "turn-trylocks": told_sleeping(
        "turnstiles", NET, "two threads hold a mutex each and try for the other's for ever, without sleeping",
        "cpu-hog", "trylocks", culprits=2, accepted=("lock-held-by-sleeper", "mutex-deadlock", "undetermined"),
        locks=("mutex ring_lock", "mutex peer_lock"), innocents=("$VICTIM",)),
}

_UNSURE = ("never-completed", "undetermined")

GATES = {
    "gate-srcu-reader": told_sleeping(
        "gates", NET, "a reader of SRCU sleeps; who waits for it holds the mutex that others want", "rcu-stall",
        "srcu-reader", accepted=(*_UNSURE, "lock-held-by-sleeper"), innocents=("$VICTIM", "$OTHER")),
    "gate-srcu-circle": told_sleeping(
        "gates", NET, "the reader wants that mutex: a circle through synchronize_srcu()", "mixed-lock-cycle",
        "srcu-circle", culprits=2, accepted=("lock-held-by-sleeper", "rcu-stall", "undetermined"), innocents=("$VICTIM",)),
    "gate-srcu-turns": told_sleeping(
        "gates", NET, "twin: readers of SRCU stay a while, and go", "none", "srcu-turns", culprits=0, age=10),
    "gate-percpu-reader": told_sleeping(
        "gates", STORE, "a reader of a per-CPU semaphore sleeps; a writer waits, and all readers behind it",
        "rwsem-reader-blocks-writer", "percpu-reader", accepted=(*_UNSURE, "lock-held-by-sleeper"),
        innocents=("$VICTIM", "$OTHER")),
    "gate-percpu-writer": told_sleeping(
        "gates", STORE, "a writer of a per-CPU semaphore sleeps, readers wait", "lock-held-by-sleeper", "percpu-writer",
        accepted=_UNSURE, innocents=("$VICTIM",)),
    "gate-percpu-turns": told_sleeping(
        "gates", STORE, "twin: writers are frozen and thawed again and again", "none", "percpu-turns", culprits=0, age=10,
        parameters="hold=400"),
    "gate-bit": told_sleeping(
        "gates", STORE, "a bit is locked over a wait that does not end", "lock-held-by-sleeper", "bit",
        accepted=_UNSURE, innocents=("$VICTIM",)),
    "gate-bit-turns": told_sleeping(
        "gates", STORE, "twin: many threads lock the bit in turn", "none", "bit-turns", culprits=0, age=12,
        parameters="victims=30 hold=300"),
    "gate-bit-circle": told_sleeping(
        "gates", STORE, "a bit and a mutex, taken in either order", "mixed-lock-cycle", "bit-circle", culprits=2,
        accepted=("lock-held-by-sleeper", *_UNSURE), locks=("mutex index_lock",), innocents=("$VICTIM",)),
    "gate-page": told_sleeping(
        "gates", MEDIA, "a page is locked over a wait that does not end", "lock-held-by-sleeper", "page",
        accepted=_UNSURE, innocents=("$VICTIM",)),
    "gate-page-turns": told_sleeping(
        "gates", MEDIA, "twin: many threads lock the page in turn", "none", "page-turns", culprits=0, age=12,
        parameters="victims=30 hold=300"),
    "gate-old-reader": told_sleeping(
        "gates", MEDIA, "a reader sleeps; a later one, which the semaphore remembers, has left; writers wait",
        "rwsem-reader-blocks-writer", "old-reader", accepted=("lock-held-by-sleeper", *_UNSURE),
        locks=("rwsem tree_sem",), innocents=("$OTHER", "$VICTIM")),
    "gate-events": told_sleeping(
        "gates", RADIO, "two threads wait for an event that the other would bring about", "never-completed", "events",
        culprits=2, accepted=("mixed-lock-cycle", "undetermined")),
    "gate-nested": told_sleeping(
        "gates", STORE, "mutex, writer of a per-CPU semaphore, its reader's flush of a work, a bit, a wait",
        "lock-held-by-sleeper", "nested", accepted=(*_UNSURE, "workqueue-stall"), innocents=("$VICTIM", "$THIRD")),
    "gate-shutdown": told_sleeping(
        "gates", RADIO, "a thread is stopped under the mutex that a work wants, for which it waits", "mixed-lock-cycle",
        "shutdown", culprits=0, accepted=("workqueue-flush-deadlock",), innocents=("$VICTIM",),
        more='tell culprits.0 "$THREAD"\ntell culprits.1 "$OTHER"\ntell_inside culprits.2 refresh_config\n'),
    "gate-parked": told_sleeping(
        "gates", MEDIA, "twin: threads that are parked", "none", "parked", culprits=0, age=20),
    "gate-probe": steps_of(
        "a module's start waits for a piece of itself, which waits for all pieces", "never-completed", '''
insert hang=probe &
sleep 1
began
grow_old
tell_inside culprit probe_device
crash
''', module="gates", names=RADIO, accepted=("self-deadlock", "mixed-lock-cycle", "workqueue-stall", "undetermined")),
}

_LEAK_TOLD = 'tell_spinning culprit "$THREAD" {function}\ntell_lock 0 {kind} {lock}\n'
_FLASH_END = '''
grow_old
tell_lock 0 mutex flash_lock
tell_victims "$VICTIM"
crash
'''


def _crash(fault: str) -> Scenario:
    return Scenario(
        f"a crash ({fault}) while a mutex is held for a long and lawful erase", "crashed", f'''
insert hang=crash fault={fault} "names=$THREAD,$OTHER,$THIRD" "victim=$VICTIM"
tell_spinning culprit "$THREAD" {_FAULTS[fault]}
fact innocents.0.comm=$OTHER
fact innocents.1.comm=$VICTIM
began
begin_hang
fact stage=hung
''', ("oops",), module="leaks", settle=SETTLE, variables={**VARIABLES, **MEDIA, "HUNG_TASK": ""})


_FAULTS = {"null": "charge_channel", "bug": "parse_frame", "divide": "parse_frame", "wild": "parse_frame",
           "stack": "descend"}

LEAKS = {
    "leak-left": lost(
        "leaks", NET, "a thread left with a spinlock; one spins for it with a second lock, another for the second",
        "lock-leaked", "left", _LEAK_TOLD.format(function="take_and_leave", kind="spinlock", lock="queue_lock")
        + "fact culprit.exited=yes", keep=_BOTH_CPUS, parameters=_OTHER, innocents=("$OTHER", "$THIRD"),
        accepted=("lock-held-by-exited-task", "undetermined")),
    "leak-slept": lost(
        "leaks", NET, "a thread sleeps with a spinlock; the same two spin", "lock-held-by-sleeper", "slept",
        _LEAK_TOLD.format(function="take_and_sleep", kind="spinlock", lock="queue_lock") + "fact culprit.cpu=",
        keep=_BOTH_CPUS, parameters=_OTHER, innocents=("$OTHER", "$THIRD"),
        accepted=("lock-leaked", "never-completed", "undetermined")),
    "leak-reader-left": lost(
        "leaks", RADIO, "a reader left with a read-write lock; a writer spins", "lock-leaked", "reader-left",
        _LEAK_TOLD.format(function="leaving_reader_kthread", kind="rwlock", lock="route_lock")
        + "fact culprit.exited=yes", parameters=_OTHER, accepted=("lock-held-by-exited-task", "undetermined")),
    "leak-seqcount": lost(
        "leaks", MEDIA, "a sequence counter is odd because its writer sleeps; a reader spins", "cpu-hog", "seqcount",
        'tell_spinning culprits.0 "$OTHER" read_clock\ntell_spinning culprits.1 "$THREAD" adjust_clock\n'
        'fact culprits.1.function=\nfact culprits.1.cpu=\n', parameters=_OTHER, accepted=("lock-held-by-sleeper", "never-completed")),
    "leak-flag": lost(
        "leaks", RADIO, "a flag is polled without sleeping; who sets it wants a mutex, whose holder waits", "cpu-hog",
        "flag", 'tell_spinning culprits.0 "$THIRD" poll_link\ntell_spinning culprits.1 "$THREAD" keep_policy_kthread\nfact culprits.1.cpu=\n',
        parameters=_OTHER, accepted=("lock-held-by-sleeper", "never-completed"), innocents=("$OTHER",)),
    "leak-call-circle": lost(
        "leaks", NET, "one CPU holds a lock and calls another, which spins for the lock with interrupts off",
        "ipi-not-answered", "call-circle",
        'tell_spinning culprits.0 "$THREAD" flush_peers\ntell_spinning culprits.1 "$OTHER" drain_ring\n',
        keep=_BOTH_CPUS, parameters=_OTHER, panics=DEAD,
        accepted=("spinlock-deadlock", "mixed-lock-cycle", "irqs-off")),
    "leak-call-stopped": lost(
        "leaks", NET, "the same, and stop_machine() is asked for besides", "stop-machine-starved", "call-circle",
        'tell_spinning culprits.0 "$THREAD" flush_peers\ntell_spinning culprits.1 "$OTHER" drain_ring\n',
        keep=_BOTH_CPUS, parameters=_OTHER, panics=DEAD,
        after='(cd /sys/devices/system/clocksource/clocksource0; '
              'for other in $(cat available_clocksource); do echo $other > current_clocksource; done) &\n',
        accepted=("ipi-not-answered", "spinlock-deadlock", "mixed-lock-cycle", "irqs-off")),
    "leak-all-deaf": lost(
        "leaks", MEDIA, "every CPU spins with its interrupts off", "irqs-off", "all-deaf",
        'tell_spinning culprit "$THREAD" wait_for_hardware\nfact culprit.pid=\nfact culprit.cpu=\n', keep="",
        panics=("nmi",), hung_when="", settle=25.0, accepted=("cpu-hog",)),
    "leak-overwritten": told_sleeping(
        "leaks", STORE, "the owner's word of a mutex was overwritten", "lock-leaked", "overwritten", culprits=0,
        accepted=("lost-wakeup", "undetermined", "never-completed"), locks=("mutex flash_lock",),
        innocents=("$VICTIM", "$THREAD")),
    "oops-holder": steps_of(
        "an Oops ends a thread that holds a mutex; its task_struct may be another's", "lock-held-by-exited-task", '''
insert hang=oops-holder "names=$THREAD,$OTHER,$THIRD" "victim=$VICTIM"
gone=$(pid_of "$THREAD") || fail "no task is called $THREAD"
task_fact culprit "$gone"
fact culprit.module=$MODULE
fact culprit.function=charge_channel
fact culprit.exited=yes
began
echo 1 > /sys/module/$MODULE/parameters/go
sleep 3
[ -e "/proc/$gone" ] && grep -q "State:.*[RS]" "/proc/$gone/status" && fail "$THREAD is still there"
sleep 9
heir=$(cat /sys/module/$MODULE/parameters/heir)
[ "$heir" = 0 ] || [ "$heir" = "$gone" ] || task_fact innocents.0 "$heir"
fact "innocents.1.comm=$THIRD"
fact "innocents.2.comm=$VICTIM"
''' + _FLASH_END, module="leaks", names=STORE, limit=300),
    "oops-then-deadlock": steps_of(
        "an Oops that hurts nobody, and later a deadlock of another module", "mutex-deadlock", '''
insert hang=oops-alone "names=$THREAD,$OTHER,$THIRD" "victim=$VICTIM"
echo 1 > /sys/module/$MODULE/parameters/go
sleep 3
in_companion start_hang abba
grow_old
in_companion tell culprits.0 "$THREAD2"
in_companion tell culprits.1 "$OTHER2"
crash
''', module="leaks", companion="mutexes",
        names={**STORE, "THREAD2": "acme_poll", "OTHER2": "acme_flush", "THIRD2": "acme_sync",
               "VICTIM2": "acme_user"}),
    "oops-moving": steps_of(
        "twin: an Oops that hurts nobody, and a queue that moves", "none", '''
insert hang=oops-alone "names=$THREAD,$OTHER,$THIRD" "victim=$VICTIM"
echo 1 > /sys/module/$MODULE/parameters/go
sleep 3
in_companion start_hang queue victims=20
grow_old
crash
''', module="leaks", companion="mutexes", age=10, accepted=("crashed",),
        names={**STORE, "THREAD2": "acme_poll", "OTHER2": "acme_flush", "THIRD2": "acme_sync",
               "VICTIM2": "acme_user"}),
    "warned-holder": told_sleeping(
        "leaks", NET, "a thread warns, takes a mutex and waits for good", "lock-held-by-sleeper", "warned",
        accepted=("never-completed",), locks=("mutex flash_lock",), innocents=("$VICTIM",)),
    "two-lost": lost(
        "leaks", MEDIA, "two CPUs are lost in the same moment, and their watchdogs panic together", "cpu-hog",
        "two-lost", 'tell_spinning culprits.0 "$THREAD" drain_fifo\ntell_spinning culprits.1 "$OTHER" drain_fifo\n',
        keep=_BOTH_CPUS, parameters=_OTHER, panics=("softlockup",)),
    **{f"crash-{fault}": _crash(fault) for fault in _FAULTS},
}

_SOFTIRQ = "fact culprit.module=$MODULE\nfact culprit.function={function}\nfact culprit.cpu=$CPU\n"
_RESET = 'tell_spinning culprit "$THREAD" reset_engine\n'

STORMS = {
    "storm-hrtimer": lost(
        "storms", MEDIA, "an hrtimer starts itself again for a moment that has passed, for ever", "cpu-hog",
        "sample-storm", _SOFTIRQ.format(function="sample_again") + "fact culprit.context=hardirq\n", hung_when="",
        settle=25.0, panics=("sysrq", "nmi", "serial"), accepted=("irqs-off",), innocents=("$THREAD",)),
    "storm-sampling": told_sleeping(
        "storms", MEDIA, "twin: an hrtimer every millisecond, and threads that wait for one that gets on", "none",
        "sampling", culprits=0, parameters='"cpu=$CPU"', age=10),
    "storm-lost-timer": lost(
        "storms", RADIO, "a timer of a CPU with interrupts off would complete what others wait for", "irqs-off",
        "lost-timer", _RESET, hung_when="", settle=30.0, panics=ALIVE, accepted=("cpu-hog",), innocents=("$VICTIM",)),
    "storm-timer": told_sleeping(
        "storms", RADIO, "twin: the timer comes every second", "none", "timer", culprits=0, parameters='"cpu=$CPU"',
        age=12),
    "storm-lost-work": lost(
        "storms", RADIO, "a delayed work of a CPU with interrupts off would complete it", "irqs-off", "lost-work", _RESET,
        hung_when="", settle=30.0, panics=ALIVE, accepted=("cpu-hog",), innocents=("$VICTIM",)),
    "storm-bound": lost(
        "storms", NET, "who would complete it may run on the lost CPU alone", "cpu-hog", "bound",
        'tell_spinning culprit "$THREAD" reload_engine\n', innocents=("$VICTIM", "$OTHER")),
    "storm-softirq": lost(
        "storms", NET, "a timer's callback never ends, and the CPU's next timer would complete it", "cpu-hog", "softirq",
        _SOFTIRQ.format(function="poll_phy") + "fact culprit.context=softirq\n", innocents=("$VICTIM", "$THREAD")),
    "storm-tasklet": told_sleeping(
        "storms", MEDIA, "twin: a tasklet schedules itself again all the time", "none", "tasklet", culprits=0,
        parameters='"cpu=$CPU"', age=10),
    "storm-tasklet-off": told_sleeping(
        "storms", MEDIA, "a tasklet that is switched off is to be ended under a mutex", "lock-held-by-sleeper",
        "tasklet-off", parameters='"cpu=$CPU"', accepted=_UNSURE, innocents=("$VICTIM",)),
    "storm-talk": told_sleeping(
        "storms", NET, "twin: the console has more to say than it can, and all get on", "none", "talk", culprits=0,
        parameters='"cpu=$CPU"', age=10),
}

ADVERSARY = {**QUEUES, **GATES, **LEAKS, **STORMS, **LIVES, **MIXTURES, **TANGLES}
