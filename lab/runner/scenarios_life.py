# SPDX-License-Identifier: GPL-2.0-or-later
"""More scenarios made to mislead: ordinary life of user space, servers on the same machine, CPUs that are not there, and
many hangs or many queues at once."""

from __future__ import annotations

from .scenarios_kit import MEDIA, NET, RADIO, STORE, steps_of

_LIFE = '''
echo '|/bin/busybox sleep 100' > /proc/sys/kernel/core_pattern
lives vfork 1000 &
lives traced &
lives ended &
lives core 20 &
sh -c 'kill -STOP $$' &
'''

LIVES = {
    "life-ordinary": steps_of(
        "twin: vfork parents, tracees stopped by design, a stopped job, a process that dumps core, an ended first thread",
        "none", _LIFE + '''
began
grow_old
crash
''', helpers=("lives",), age=25),
    "life-forks": steps_of(
        "twin: processes with much memory fork all the time", "none", '''
lives forks 6 &
began
grow_old
crash
''', helpers=("lives",), age=8),
    "life-and-deadlock": steps_of(
        "all that life, and a deadlock of two threads in it", "mutex-deadlock", _LIFE + '''
lives forks 4 &
start_hang abba
grow_old
tell culprits.0 "$THREAD"
tell culprits.1 "$OTHER"
tell_lock 0 mutex table_lock
crash
''', helpers=("lives",), module="mutexes", names=STORE),
    "life-vfork-stuck": steps_of(
        "a parent waits for its vfork child, which wants a mutex whose holder waits for an answer", "lock-held-by-sleeper", '''
start_hang answer
sleep 2
lives vfork-write /sys/module/$MODULE/parameters/burn &
grow_old
tell culprit "$THREAD"
tell_lock 0 mutex table_lock
fact innocents.0.comm=lives
fact "innocents.1.comm=$VICTIM"
crash
''', helpers=("lives",), module="mutexes", names=RADIO, accepted=("never-completed",)),
    "few-cpus": steps_of(
        "a deadlock where a CPU is offline, one was never started, and four are not there", "mutex-deadlock", '''
echo 0 > /sys/devices/system/cpu/cpu1/online || fail "the CPU cannot be taken offline"
start_hang abba
grow_old
tell culprits.0 "$THREAD"
tell culprits.1 "$OTHER"
fact machine.offline=1,3
crash
''', module="mutexes", names=NET, append="maxcpus=3", slots=4),
    "few-cpus-moving": steps_of(
        "twin: a queue that moves on the same machine", "none", '''
echo 0 > /sys/devices/system/cpu/cpu1/online || fail "the CPU cannot be taken offline"
start_hang queue victims=20
fact machine.offline=1,3
grow_old
crash
''', module="mutexes", names=NET, append="maxcpus=3", slots=4, age=10),
    "pager-stopped": steps_of(
        "the process that brings another's memory (userfaultfd) has got SIGSTOP; a pipe is locked over the fault",
        "server-gone", '''
pager 20 &
sleep 2
pager=$(pid_of pager) || fail "no pager"
kill -STOP "$pager"
began
grow_old
tell_pid culprit "$pager"
fact culprit.state=$(state_of "$pager")
fact innocents.0.comm=reader
fact innocents.1.comm=guest
crash
''', helpers=("pager",), accepted=("holder-frozen", "undetermined", "never-completed")),
    "pager-slow": steps_of(
        "twin: it takes 300 ms for each page", "none", '''
pager 300 &
began
grow_old
crash
''', helpers=("pager",), age=10),
    "nbd-stopped": steps_of(
        "the server of a network block device, on the same machine, has got SIGSTOP", "server-gone", '''
load_drivers
nbds /dev/nbd0 0 &
sleep 2
dd if=/dev/nbd0 of=/dev/null bs=4k count=8 2> /dev/null || fail "the device cannot be read"
server=$(pid_of nbd-server) || fail "no server"
kill -STOP "$server"
began
for n in 1 2 3; do
	dd if=/dev/nbd0 of=/dev/null bs=4k skip=$((n * 100)) count=1 2> /dev/null &
	waiting="$waiting $!"
done
grow_old
tell_pid culprit "$server"
fact culprit.state=$(state_of "$server")
fact device.name=nbd0
fact innocents.0.comm=nbd-client
tell_pids victims $waiting
crash
''', helpers=("nbds",), drivers=("nbd",), accepted=("io-stuck", "holder-frozen")),
    "nbd-slow": steps_of(
        "twin: it takes 400 ms for each request", "none", '''
load_drivers
nbds /dev/nbd0 400 &
sleep 2
began
for n in 1 2 3; do
	sh -c "while :; do dd if=/dev/nbd0 of=/dev/null bs=4k skip=$((n * 100)) count=1 2> /dev/null
		echo 3 > /proc/sys/vm/drop_caches; done" &
done
grow_old
crash
''', helpers=("nbds",), drivers=("nbd",), age=10),
    "loop-on-fuse": steps_of(
        "a loop device lies on a FUSE file whose server has got SIGSTOP", "server-gone", '''
load_drivers
mkdir -p /mnt
fused /mnt 0 &
server=$!
sleep 2
losetup /dev/loop0 /mnt/file || fail "no loop device"
dd if=/dev/loop0 of=/dev/null bs=512 count=1 2> /dev/null
echo 3 > /proc/sys/vm/drop_caches
kill -STOP "$server"
began
for n in 1 2 3; do
	dd if=/dev/loop0 of=/dev/null bs=512 skip=$n count=1 2> /dev/null &
	waiting="$waiting $!"
done
grow_old
tell_pid culprit "$server"
fact culprit.state=$(state_of "$server")
tell_pids victims $waiting
crash
''', helpers=("fused",), drivers=("fuse", "loop"), accepted=("io-stuck", "holder-frozen")),
}

_SECOND = {"THREAD2": "acme_poll", "OTHER2": "acme_flush", "THIRD2": "acme_sync", "VICTIM2": "acme_user"}

MIXTURES = {
    "many-hangs": steps_of(
        "eight hangs that have nothing to do with each other", "mutex-deadlock", _LIFE + '''
in_companion start_hang abba
start_hang srcu-reader,percpu-writer,bit,page,old-reader,events
locker hold /tmp/lock &
holder=$!
sleep 1
kill -STOP "$holder"
for n in 1 2 3; do
	locker use /tmp/lock 10 &
done
grow_old
in_companion tell culprits.0 "$THREAD2"
in_companion tell culprits.1 "$OTHER2"
fact others.0.expected=holder-frozen
tell_pid others.0.culprit "$holder"
other=1
for found in run_filters freeze_for_ever load_entry fill_page scan_tree left_kthread; do
	fact others.$other.expected=lock-held-by-sleeper
	accepted=0
	for class in never-completed rcu-stall rwsem-reader-blocks-writer mixed-lock-cycle; do
		fact others.$other.also_accepted.$accepted=$class
		accepted=$((accepted + 1))
	done
	tell_inside others.$other.culprit $found
	other=$((other + 1))
done
fact "innocents.0.comm=$VICTIM"
fact "innocents.1.comm=$VICTIM2"
crash
''', module="gates", companion="mutexes", helpers=("lives", "locker"), names={**STORE, **_SECOND}),
    "many-moving": steps_of(
        "twin: eight queues, of locks, gates and files, that move", "none", _LIFE + '''
in_companion start_hang queue victims=20
start_hang srcu-turns,percpu-turns,bit-turns,page-turns,parked victims=8
for n in 1 2 3; do
	locker use /tmp/lock 100 &
done
grow_old
crash
''', module="gates", companion="mutexes", helpers=("lives", "locker"), names={**STORE, **_SECOND}, age=12),
}
