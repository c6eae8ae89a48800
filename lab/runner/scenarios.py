# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of scenarios: what the guest does, and which verdict is right.
Adding one is adding an entry here or in one of the tables beside it, and a C file
in modules/ if it needs a new module. The steps are shell, run by the guest with
guest/lab.sh at hand and the run's parameters as variables (CPU, LOOP, MODULE,
THREAD, FUNCTION, ...)."""

from __future__ import annotations

from .scenario import ALIVE, DEAD, LOCKUP, LOST_CPU, Scenario
from .scenarios_adversary import ADVERSARY
from .scenarios_cpus import CPUS
from .scenarios_crashes import CRASHES
from .scenarios_events import EVENTS
from .scenarios_locks import LOCKS, SETTLE, VARIABLES
from .scenarios_mixed import MIXED
from .scenarios_starved import STARVED
from .scenarios_user import USER

_FIRST = {
    "while1": Scenario(
        "a module's thread never yields; rmmod asks for stop_machine()",
        "stop-machine-starved", r'''
start_culprit "no_preempt=$NO_PREEMPT"
request rmmod "$MODULE"
told_by_requester
''', DEAD, module="while1", hung_when=LOCKUP),

    "while1-hotplug": Scenario(
        "the same thread; taking a CPU offline asks for stop_machine()",
        "stop-machine-starved", r'''
[ "$CPUS" -ge 3 ] || fail "this scenario needs three CPUs"
victim=$((CPUS - 1))
[ "$victim" = "$CPU" ] && victim=$((victim - 1))
start_culprit "no_preempt=$NO_PREEMPT"
fact "requester.asks=CPU $victim to go offline"
request sh -c "echo 0 > /sys/devices/system/cpu/cpu$victim/online"
told_by_requester _cpu_down
''', DEAD, module="while1", hung_when=LOCKUP),

    "while1-clocksource": Scenario(
        "the same thread; changing the clocksource asks for stop_machine()",
        "stop-machine-starved", r'''
cd /sys/devices/system/clocksource/clocksource0
now=$(cat current_clocksource)
for other in $(cat available_clocksource) ''; do
	[ "$other" != "$now" ] && break
done
[ -n "$other" ] || fail "there is no clocksource but $now"
start_culprit "no_preempt=$NO_PREEMPT"
fact "requester.asks=clocksource $other instead of $now"
request sh -c "echo $other > /sys/devices/system/clocksource/clocksource0/current_clocksource"
told_by_requester
''', DEAD, module="while1", hung_when=LOCKUP),

    "cpu-hog": Scenario(
        "a thread never yields, nobody asks for stop_machine()",
        "cpu-hog", r'''
start_culprit "no_preempt=$NO_PREEMPT"
crash
''', LOST_CPU, module="hog", hung_when=LOCKUP),

    "softirq-hog": Scenario(
        "a timer's callback never returns: the loop is in a softirq",
        "cpu-hog", r'''
fact "culprit.cpu=$CPU"
fact "culprit.context=softirq"
insert "cpu=$CPU" "loop=$LOOP"
function_fact culprit
begin_hang
crash
''', LOST_CPU, module="timerhog", function="pmount_timer", hung_when=LOCKUP),

    "irqs-off": Scenario(
        "a thread loops with interrupts off: its CPU answers nothing but an NMI",
        "irqs-off", r'''
[ "$CPUS" -gt 1 ] || [ "$PANIC" != sysrq ] || fail "with one CPU nobody is left to ask for a panic"
keep_off "$CPU"
start_culprit
crash
''', ALIVE, module="irqoff"),

    "simple": Scenario(
        "control: a thread that stops when asked; loaded, removed, loaded again",
        "none", r'''
insert
rmmod "$MODULE" || fail "rmmod failed"
insert
bystander=$(pid_of "$THREAD") || fail "no thread is called $THREAD"
task_fact bystander "$bystander"
function_fact bystander
sleep 2
crash
''', ALIVE, module="simple"),

    "busy": Scenario(
        "control: user and kernel threads use all CPU time and behave",
        "none", r'''
for cpu in $(seq "$CPUS"); do
	sh -c 'while :; do :; done' &
done
insert "threads=$CPUS"
bystander=$(pid_of "$THREAD") || fail "no thread is called $THREAD"
task_fact bystander "$bystander"
function_fact bystander
sleep 10
crash
''', ALIVE, module="busy"),

    "idle": Scenario(
        "control: nothing runs", "none", r'''
sleep 3
crash
''', ALIVE),

    "many-tasks": Scenario(
        "COUNT sleeping tasks, THREADS in each process; on top nothing, or TOP=while1",
        "none", r'''
echo 4194304 > /proc/sys/kernel/pid_max
echo 1000000 > /proc/sys/kernel/threads-max
sleepers "$((COUNT / THREADS))" "$THREADS" > /dev/null || fail "the tasks cannot be made"
read -r _ _ _ tasks _ < /proc/loadavg
fact "machine.tasks=${tasks#*/}"
if [ "$TOP" = while1 ]; then
	expect stop-machine-starved
	start_culprit "no_preempt=$NO_PREEMPT"
	request rmmod "$MODULE"
else
	sleep 2
	crash
fi
''', ("sysrq", "softlockup", "nmi", "serial"), module="while1", memory=4096, limit=600,
        variables={"COUNT": "20000", "THREADS": "2", "TOP": ""}, helpers=("sleepers",)),

    "many-waiters": Scenario(
        "WAITERS threads wait for the mutex of one that sleeps; COUNT more tasks sleep in peace",
        "lock-held-by-sleeper", r'''
echo 4194304 > /proc/sys/kernel/pid_max
echo 1000000 > /proc/sys/kernel/threads-max
sleepers "$((COUNT / THREADS))" "$THREADS" > /dev/null || fail "the tasks cannot be made"
start_hang answer "victims=$WAITERS"
grow_old
read -r _ _ _ tasks _ < /proc/loadavg
fact "machine.tasks=${tasks#*/}"
tell culprit "$THREAD"
tell_lock 0 mutex table_lock
crash
''', ALIVE, module="mutexes", settle=SETTLE, memory=4096, limit=600,
        variables={**VARIABLES, "HUNG_TASK": "", "COUNT": "5000", "THREADS": "2", "WAITERS": "5000"},
        helpers=("sleepers",), accepted=("never-completed",)),
}

# One for each way to hang in the catalogue, in the order of its classes.
CATALOGUE = {**LOCKS, **EVENTS, **CPUS, **USER, **STARVED, **MIXED}
SCENARIOS = {**_FIRST, **CATALOGUE, **ADVERSARY, **CRASHES}
