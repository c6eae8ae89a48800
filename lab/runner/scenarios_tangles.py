# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios in which things that are all right by themselves are tangled: works, threads and timers that are waited for
under the lock that they want, callbacks that do not come back, callers of user space that are kept in the kernel. With
innocent twins that only try again, look again, or do all of that all the time."""

from __future__ import annotations

from .scenario import ALIVE, DEAD, Scenario
from .scenarios_kit import MEDIA, NET, RADIO, STORE, lost, steps_of, told_sleeping

_UNSURE = ("never-completed", "undetermined")
_HELD = "lock-held-by-sleeper"

TASKS = {
    "tangle-asked": told_sleeping(
        "tangles", NET, "a question is asked again every five seconds, under a lock, and not answered", _HELD, "asked",
        accepted=_UNSURE, locks=("mutex config_lock",), innocents=("$VICTIM",)),
    "tangle-answered": told_sleeping(
        "tangles", NET, "twin: the second time it is answered", "none", "answered", culprits=0, age=20),
    "tangle-ordered": told_sleeping(
        "tangles", RADIO, "an answer is to come from a work of an ordered queue, whose work before wants the lock", _HELD,
        "ordered", accepted=(*_UNSURE, "mixed-lock-cycle", "workqueue-flush-deadlock"), locks=("mutex config_lock",),
        innocents=("$VICTIM",)),
    "tangle-own-flush": told_sleeping(
        "tangles", STORE, "a work waits for its own end", "workqueue-flush-deadlock", "own-flush", culprits=0,
        accepted=(*_UNSURE, "self-deadlock", "workqueue-stall"), innocents=("$VICTIM", "$THREAD"),
        more="tell_inside culprit restart_config\n"),
    "tangle-own-worker": told_sleeping(
        "tangles", MEDIA, "the thread that does the works wants the lock under which a work is waited for", _HELD,
        "own-worker", accepted=(*_UNSURE, "mixed-lock-cycle"), locks=("mutex config_lock",), innocents=("$VICTIM",)),
    "tangle-read-twice": told_sleeping(
        "tangles", STORE, "a reader reads again, and a writer has come between", "rwsem-reader-blocks-writer",
        "read-twice", accepted=("mixed-lock-cycle", "self-deadlock", _HELD, *_UNSURE), locks=("rwsem map_sem",),
        innocents=("$OTHER", "$VICTIM")),
    "tangle-passed": told_sleeping(
        "tangles", STORE, "a reader stays; a later one, which the semaphore remembers, has left and waits for work",
        "rwsem-reader-blocks-writer", "passed", accepted=(_HELD, *_UNSURE), locks=("rwsem map_sem",),
        innocents=("$OTHER", "$VICTIM")),
    "tangle-semaphores": told_sleeping(
        "tangles", RADIO, "two threads have a semaphore each, as one has a mutex, and want the other's", "mixed-lock-cycle",
        "semaphores", culprits=2, accepted=(_HELD, *_UNSURE), innocents=("$VICTIM",)),
    "tangle-looked-again": told_sleeping(
        "tangles", MEDIA, "twin: a thread looks again and again for three seconds under a lock, and lets others run",
        "none", "looked-again", culprits=0, age=20),
    "tangle-rush": told_sleeping(
        "tangles", MEDIA, "twin: 1200 threads come at once and take a mutex in turn, 25 ms each", "none", "rush",
        culprits=0, parameters="victims=1200 hold=25", age=22, accepted=("undetermined",)),
    "tangle-churning": told_sleeping(
        "tangles", STORE, "twin: threads are made and stopped, works flushed, grace periods awaited, without a pause",
        "none", "churning", culprits=0, age=12),
    "tangle-words": steps_of(
        "who writes a word of /sys is kept, and all who read the module's words wait", _HELD, '''
insert hang=words
sh -c 'exec echo 1 > /sys/module/$0/parameters/rate' $MODULE &
began
sleep 2
for n in 1 2 3; do
	cat /sys/module/$MODULE/parameters/rate > /dev/null &
	waiting="$waiting $!"
done
grow_old
tell_inside culprit set_rate
fact innocents.0.comm=cat
tell_pids victims $waiting
crash
''', module="tangles", names=NET, accepted=_UNSURE),
    "tangle-jobs": steps_of(
        "twin: stopped jobs, with readers and writers of their pipes, tracees, and a stopped debugger", "none", '''
mkfifo /tmp/fifo
sh -c 'kill -STOP $$' | cat > /dev/null &
cat /dev/zero | sh -c 'kill -STOP $$; cat > /dev/null' &
cat /tmp/fifo > /dev/null &
locker hold /tmp/held &
sleep 1
kill -STOP $!
lives traced &
pager 20 &
sleep 2
kill -STOP $(pid_of reader)
kill -STOP $(pid_of lives)
began
grow_old
crash
''', helpers=("lives", "locker", "pager"), age=30),
    "tangle-busy": steps_of(
        "twin: CPUs leave and come back, the clocksource changes, processes are made, all the time", "none", '''
cd /sys/devices/system/clocksource/clocksource0
sh -c 'while :; do for one in $(cat available_clocksource); do echo $one > current_clocksource; done; done' &
cd /sys/devices/system/cpu
sh -c 'while :; do echo 0 > cpu1/online; echo 1 > cpu1/online; done' &
cd /
lives forks 3 &
start_hang churning victims=2
grow_old
crash
''', module="tangles", helpers=("lives",), names=NET, age=15),
}

_CALLBACK = "fact culprit.module=$MODULE\nfact culprit.function={function}\nfact culprit.cpu=$CPU\n"
_BOTH_CPUS = '"$CPU" "$another"'

CALLBACKS = {
    "callback-timer-sync": lost(
        "callbacks", NET, "a timer is ended under the lock that it takes, on another CPU", "spinlock-deadlock", "timer-sync",
        'tell_spinning culprit "$THREAD" stop_aging\n', keep=_BOTH_CPUS, parameters='"other=$another"',
        accepted=("cpu-hog", "mixed-lock-cycle", "undetermined"), innocents=("$OTHER",)),
    "callback-ended": lost(
        "callbacks", NET, "a timer is ended on another CPU while its callback does not come back", "cpu-hog", "ended",
        _CALLBACK.format(function="wait_until_ready").replace("$CPU", "$another") + "fact culprit.context=softirq\n",
        keep=_BOTH_CPUS, parameters='"other=$another"', innocents=("$THREAD", "$OTHER")),
    "callback-page": steps_of(
        "a page of a device does not come; who touched it has the lock of its memory, which others want",
        "rwsem-reader-blocks-writer", '''
insert hang=pages
mapper /dev/lab_pages &
mapper=$!
sleep 3
for n in 1 2 3; do
	cat /proc/$mapper/maps > /dev/null &
	waiting="$waiting $!"
done
began
grow_old
tell culprit toucher
fact innocents.0.comm=unmapper
fact innocents.1.comm=cat
tell_pids victims $waiting
crash
''', module="callbacks", names=MEDIA, helpers=("mapper",), accepted=(_HELD, *_UNSURE)),
    "callback-tick": lost(
        "callbacks", MEDIA, "an hrtimer's callback does not come back", "irqs-off", "tick",
        _CALLBACK.format(function="wait_until_ready") + "fact culprit.context=hardirq\n", hung_when="", settle=25.0,
        panics=ALIVE, accepted=("cpu-hog",), innocents=("$THREAD",)),
    "callback-rcu": lost(
        "callbacks", STORE, "a callback of RCU does not come back, and others wait until all have", "cpu-hog", "freeing",
        _CALLBACK.format(function="wait_until_ready") + "fact culprit.context=softirq\n", accepted=("rcu-stall",),
        innocents=("$THREAD", "$VICTIM")),
    "callback-stopped": lost(
        "callbacks", RADIO, "stop_machine() is asked for while a timer's callback does not come back",
        "stop-machine-starved", "poll-link",
        _CALLBACK.format(function="wait_until_ready") + "fact culprit.context=softirq\n", panics=DEAD,
        after='(cd /sys/devices/system/clocksource/clocksource0; '
              'for other in $(cat available_clocksource); do echo $other > current_clocksource; done) &\n',
        accepted=("cpu-hog",), innocents=("$THREAD",)),
    "callback-hotplug": steps_of(
        "a CPU is to leave, and what a module does before does not end", "never-completed", '''
insert hang=leave-cpu
sh -c 'exec echo 0 > /sys/devices/system/cpu/cpu1/online' &
began
sleep 2
for n in 1 2 3; do
	cat /sys/devices/system/cpu/cpu2/online /proc/interrupts > /dev/null &
	echo 1 > /sys/devices/system/cpu/cpu3/online &
	waiting="$waiting $!"
done
grow_old
tell_inside culprit leave_cpu
tell_pids victims $waiting
crash
''', module="callbacks", names=NET, accepted=(_HELD, "undetermined")),
}

TANGLES: dict[str, Scenario] = {**TASKS, **CALLBACKS}
