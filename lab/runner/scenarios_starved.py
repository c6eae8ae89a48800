# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios in which the holder of a lock could run and the scheduler does not let it, and their innocent twins."""

from __future__ import annotations

from .scenario import ALIVE, Scenario
from .scenarios_locks import SETTLE, VARIABLES

_NAMES = {**VARIABLES, "AGE": "45"}

# A holder that works on CPU $CPU, and processes of user space that want the same CPU.
_WORKING = '''
keep_off "$CPU"
insert hang=busy "cpu=$CPU" "names=$THREAD,$OTHER,$THIRD" "victim=$VICTIM"
holder=$(pid_of "$THREAD") || fail "no thread is called $THREAD"
{policy}
began
echo 1 > "/sys/module/$MODULE/parameters/go"
sleep 2
for n in 1 2 3 4 5 6; do
	{greedy} &
done
grow_old
task_fact {role} "$holder"
fact {role}.module=$MODULE
fact {role}.function=work_for_ever
tell_lock 0 mutex table_lock
tell_victims "$VICTIM"
crash
'''

# A control group that may use so much of CPU $CPU.
_BOX = '''
keep_off "$CPU"
mkdir -p /cg
mount -t cgroup2 none /cg || fail "no control groups"
echo +cpu > /cg/cgroup.subtree_control
mkdir /cg/box
echo "{quota}" > /cg/box/cpu.max
in_box() {{
	sh -c 'echo $$ > /cg/box/cgroup.procs; exec taskset "$@"' sh "$(printf %x $((1 << CPU)))" "$@" &
}}
'''

STARVED = {
    "starved-idle": Scenario(
        "the holder of a mutex runs under SCHED_IDLE, and greedy processes have its CPU", "starvation",
        _WORKING.format(policy='locker idle "$holder" || fail "no SCHED_IDLE"', greedy='locker greedy "$CPU"', role="culprit"),
        ALIVE, module="mutexes", settle=SETTLE, variables=_NAMES, helpers=("locker",)),
    "mutex-busy": Scenario(
        "the holder of a mutex works for ever, and offers to reschedule", "cpu-hog",
        _WORKING.format(policy="", greedy="sleep 1000", role="culprit"),
        ALIVE, module="mutexes", settle=SETTLE, variables=_NAMES, helpers=("locker",)),
    "starved-quota": Scenario(
        "the holder of a mutex belongs to a control group that has used its share of the CPU", "starvation",
        _BOX.format(quota="max 1000000") + '''
start_hang queue hold=1
in_box sh -c "echo 1 > /sys/module/$MODULE/parameters/burn"
burner=$!
sleep 2
for n in 1 2 3 4 5 6 7 8; do
	in_box sh -c 'while :; do :; done'
done
sleep 3
echo 1000 > /cg/box/cpu.max
grow_old
task_fact culprit "$burner"
fact culprit.module=$MODULE
fact culprit.function=work_for_ever
tell_lock 0 mutex table_lock
tell_victims "$VICTIM"
crash
''', ALIVE, module="mutexes", settle=SETTLE, variables=_NAMES,
        accepted=("cpu-hog",)),   # since 6.18 a task is throttled on its way to user mode only, and keeps running here
    "quota-moves": Scenario(
        "twin: a control group is throttled all the time, and the file lock of its processes moves", "none",
        _BOX.format(quota="5000 100000") + '''
for n in 1 2 3 4; do
	in_box locker use /tmp/lock 10
	in_box sh -c 'while :; do :; done'
done
sleep 20
crash
''', ALIVE, settle=SETTLE, variables=_NAMES, helpers=("locker",)),
    "shared-cpu": Scenario(
        "twin: user threads of a mutex share their CPU with greedy processes", "none", '''
keep_off "$CPU"
start_hang queue victims=4 hold=20
for user in $(pgrep -x "$VICTIM"); do
	taskset -p "$(printf %x $((1 << CPU)))" "$user" > /dev/null
done
for n in 1 2 3 4; do
	taskset "$(printf %x $((1 << CPU)))" sh -c 'while :; do :; done' &
done
sleep 20
crash
''', ALIVE, module="mutexes", settle=SETTLE, variables=_NAMES),
}
