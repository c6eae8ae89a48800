# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios that user space makes with what a stock kernel has: locks of files and
of memory, frozen tasks, suspended devices, servers that are gone; and their
innocent twins."""

from __future__ import annotations

from .scenario import ALIVE, Scenario
from .scenarios_locks import SETTLE, VARIABLES

_FLOCK = '''
locker hold /tmp/lock &
holder=$!
sleep 1
{freeze}
began
for n in 1 2 3 4; do
	locker use /tmp/lock 10 &
	waiting="$waiting $!"
done
grow_old
tell_pid culprit "$holder"
fact "culprit.state=$(state_of "$holder")"
fact locks.0.kind=flock
tell_pids victims $waiting
crash
'''
_DISK = '''
load_drivers brd rd_nr=1 rd_size=65536
mknod /dev/ram0 b 1 0 2> /dev/null
dmctl create data 131072 {target} || fail "no device"
mke2fs -F /dev/dm-0 > /dev/null || fail "no file system"
mkdir -p /mnt
mount -t ext4 /dev/dm-0 /mnt || fail "the file system cannot be mounted"
dd if=/dev/zero of=/mnt/file bs=64k count=64 2> /dev/null
sync
echo 3 > /proc/sys/vm/drop_caches
'''
_DISK_DRIVERS = ("crc32c_generic", "brd", "dm_mod", "dm_delay", "ext4")
_DISK_HELD = '''
fact device.name=dm-0
fact device.state=suspended
grow_old
tell_pids victims $waiting
crash
'''
_SERVER = '''
load_drivers
mkdir -p /mnt
fused /mnt {milliseconds} &
server=$!
sleep 3
{stop}
began
for n in 1 2 3; do
	{use} &
	waiting="$waiting $!"
done
grow_old
'''
# The kernel's own server, told by hand what its daemons would tell it: who the client
# is, what file system 0 is, and how it is exported (writable, insecure ports, fsid).
_NFS_SERVER = r'''
load_drivers
mkdir -p /mnt /data
mount -t tmpfs none /data
echo data > /data/file
unshare -n sleep 100000 &
server=$!
sleep 1
in_server() {
	nsenter -t "$server" -n "$@"
}
ip link add lab0 type veth
ip link set veth0 netns "$server"
ip address add 192.0.2.1/24 dev lab0
ip link set lab0 up
in_server ip address add 192.0.2.9/24 dev veth0
in_server ip link set veth0 up
in_server ip link set lo up
in_server sh -c '
mount -t nfsd none /proc/fs/nfsd
cd /proc/net/rpc
echo "nfsd 192.0.2.1 2147483647 lab" > auth.unix.ip/channel
echo "lab 1 \\x00000000 2147483647 /data" > nfsd.fh/channel
echo "lab /data 2147483647 9218 65534 65534 0" > nfsd.export/channel
cd /proc/fs/nfsd
echo "-2 -3 +4" > versions
echo 10 > nfsv4leasetime
echo 10 > nfsv4gracetime
echo "tcp 2049" > portlist
echo 2 > threads
[ "$(cat threads)" = 2 ]' || fail "the server cannot be started"
sleep 2
'''


def _user(summary: str, expected: str, steps: str, *, helpers: tuple[str, ...] = (),
          drivers: tuple[str, ...] = (), module: str = "", age: int = 30,
          accepted: tuple[str, ...] = ()) -> Scenario:
    return Scenario(summary, expected, steps, ALIVE, module=module, helpers=helpers,
                    drivers=drivers, settle=SETTLE, accepted=accepted,
                    variables={**VARIABLES, "AGE": str(age)})


def _flock(summary: str, freeze: str) -> Scenario:
    return _user(summary, "holder-frozen", _FLOCK.format(freeze=freeze), helpers=("locker",))


def _disk(summary: str, expected: str, steps: str, target: str = 'linear "/dev/ram0 0"',
          age: int = 30) -> Scenario:
    return _user(summary, expected, _DISK.format(target=target) + steps,
                 helpers=("dmctl",), drivers=_DISK_DRIVERS, age=age)


USER = {
    "flock-stopped": _flock("the holder of a file lock has got SIGSTOP", 'kill -STOP "$holder"'),
    "flock-frozen": _flock("the holder of a file lock is in a frozen cgroup", '''
mount -t cgroup2 none /sys/fs/cgroup
mkdir /sys/fs/cgroup/lab
echo "$holder" > /sys/fs/cgroup/lab/cgroup.procs
echo 1 > /sys/fs/cgroup/lab/cgroup.freeze'''),
    "flock-traced": _flock("the holder of a file lock is stopped by a tracer", '''
locker trace "$holder" &
sleep 1
fact "tracer.pid=$!"'''),
    "flock-slow": _user("twin: a queue for a file lock that moves", "none", '''
for n in 1 2 3 4; do
	locker use /tmp/lock 200 &
	waiting="$waiting $!"
done
began
grow_old
tell_pids victims $waiting
crash
''', helpers=("locker",), age=10),
    "futex-threads": _user("two threads of a process hold a mutex each and want the other's",
                           "user-space-lock", '''
locker threads &
process=$!
began
grow_old
place=0
for thread in $(ls "/proc/$process/task"); do
	tell_pid "culprits.$place" "$thread"
	place=$((place + 1))
done
crash
''', helpers=("locker",)),
    "futex-processes": _user("the same as two processes with mutexes in shared memory",
                             "user-space-lock", '''
locker first /tmp/shared &
one=$!
sleep 1
locker second /tmp/shared &
two=$!
began
grow_old
tell_pid culprits.0 "$one"
tell_pid culprits.1 "$two"
crash
''', helpers=("locker",)),
    "futex-pi-stopped": _user("the holder of a mutex with priority inheritance has got SIGSTOP",
                              "holder-frozen", '''
locker pi-hold /tmp/shared &
holder=$!
sleep 1
kill -STOP "$holder"
began
for n in 1 2 3; do
	locker pi-want /tmp/shared &
	waiting="$waiting $!"
done
grow_old
tell_pid culprit "$holder"
fact "culprit.state=$(state_of "$holder")"
fact locks.0.kind=futex-pi
tell_pids victims $waiting
crash
''', helpers=("locker",), accepted=("user-space-lock",)),
    "futex-slow": _user("twin: processes take turns with a mutex in shared memory", "none", '''
for n in 1 2 3; do
	locker turns /tmp/shared 200 &
	waiting="$waiting $!"
	sleep 1
done
began
grow_old
tell_pids victims $waiting
crash
''', helpers=("locker",), age=12),
    "rt-user": _user("a SCHED_FIFO process keeps its CPU, works wait there", "rt-hog", '''
no_throttling
start_spinning works victims=3
locker fifo "$CPU" &
hog=$!
sleep 1
began
echo 1 > "/sys/module/$MODULE/parameters/go"
grow_old
task_fact culprit "$hog"
crash
''', helpers=("locker",), module="spins"),
    "io-suspended": _disk("the device under a file system is suspended: reads wait", "io-stuck", '''
dmctl suspend data || fail "the device cannot be suspended"
began
for n in 1 2 3; do
	cat /mnt/file > /dev/null &
	waiting="$waiting $!"
done
''' + _DISK_HELD),
    "io-dirty": _disk("the same: writers wait until dirty pages are written", "io-stuck", '''
dmctl suspend data || fail "the device cannot be suspended"
echo 2097152 > /proc/sys/vm/dirty_bytes
began
for n in 1 2 3; do
	dd if=/dev/zero of=/mnt/file bs=64k seek=$((n * 100)) count=100 conv=notrunc 2> /dev/null &
	waiting="$waiting $!"
done
sync &
waiting="$waiting $!"
''' + _DISK_HELD),
    "io-frozen": _disk("the file system was frozen for the suspended device: writers wait",
                       "io-stuck", '''
dmctl suspend data freeze || fail "the device cannot be suspended"
began
for n in 1 2 3; do
	dd if=/dev/zero of=/mnt/new$n bs=64k count=1 2> /dev/null &
	waiting="$waiting $!"
done
''' + _DISK_HELD),
    "io-slow": _disk("twin: a slow device that gets on", "none", '''
began
for n in 1 2 3; do
	sh -c 'while :; do cat /mnt/file > /dev/null; echo 3 > /proc/sys/vm/drop_caches; done' &
	waiting="$waiting $!"
done
grow_old
crash
''', target='delay "/dev/ram0 0 300"', age=10),
    "io-flood": _disk("twin: a slow device with more to write than it can for long: writers and sync wait", "none", '''
echo 4194304 > /proc/sys/vm/dirty_bytes
began
for n in 1 2 3; do
	sh -c 'while :; do dd if=/dev/zero of=/mnt/file bs=64k seek=$0 count=100 conv=notrunc 2> /dev/null; done' $((n * 100)) &
	waiting="$waiting $!"
done
sleep 3
sync &
sh -c 'exec dd if=/dev/zero of=/mnt/file bs=4k count=4 conv=notrunc,fsync 2> /dev/null' &
grow_old
crash
''', target='delay "/dev/ram0 0 400"', age=30),
    "io-device": _user("a device does not answer its requests", "io-stuck", '''
load_drivers scsi_debug dev_size_mb=8
for try in $(seq 50); do
	[ -e /dev/sda ] && break
	usleep 100000
done
sleep 1
echo 3000000 > /sys/block/sda/device/timeout
echo 3000000 > /sys/bus/pseudo/drivers/scsi_debug/delay || fail "the device cannot be slowed down"
began
for n in 1 2 3; do
	dd if=/dev/sda of=/dev/null bs=4k count=1 skip=$((n * 300)) 2> /dev/null &
	waiting="$waiting $!"
done
fact device.name=sda
grow_old
tell_pids victims $waiting
crash
''', drivers=("sd_mod", "scsi_debug")),
    "fuse-stopped": _user("the process that serves a FUSE file system has got SIGSTOP",
                          "server-gone", _SERVER.format(
                              milliseconds=0, stop='cat /mnt/file > /dev/null\nkill -STOP "$server"',
                              use="cat /mnt/file > /dev/null") + '''
tell_pid culprit "$server"
fact "culprit.state=$(state_of "$server")"
tell_pids victims $waiting
crash
''', helpers=("fused",), drivers=("fuse",), accepted=("holder-frozen",)),
    "fuse-silent": _user("the process that serves a FUSE file system sleeps over a request",
                         "server-gone", _SERVER.format(
                             milliseconds=1000000, stop="", use="cat /mnt/file > /dev/null") + '''
tell_pid culprit "$server"
tell_pids victims $waiting
crash
''', helpers=("fused",), drivers=("fuse",)),
    "fuse-slow": _user("twin: a slow FUSE file system", "none", _SERVER.format(
        milliseconds=150, stop="", use="sh -c 'while :; do cat /mnt/file > /dev/null; done'") + '''
tell_pid bystander "$server"
crash
''', helpers=("fused",), drivers=("fuse",), age=10),
    "nfs-gone": _user("an NFS server does not answer when it is mounted", "server-gone", '''
load_drivers
ip link add lab0 type dummy
ip address add 192.0.2.1/24 dev lab0
ip link set lab0 up
mkdir -p /mnt
began
mount -t nfs4 -o addr=192.0.2.9,clientaddr=192.0.2.1,vers=4.1,hard 192.0.2.9:/data /mnt &
waiting=$!
fact server.address=192.0.2.9
grow_old
tell_pids victims $waiting
crash
''', drivers=("dummy", "nfsv4")),
    "nfs-down": _user("an NFS server, in a network namespace of the guest, loses its network",
                      "server-gone", _NFS_SERVER + '''
mount -t nfs4 -o addr=192.0.2.9,clientaddr=192.0.2.1,vers=4.1,hard 192.0.2.9:/ /mnt ||
	fail "the server cannot be mounted"
cat /mnt/file > /dev/null || fail "the server does not serve"
in_server ip link set veth0 down
began
for n in 1 2 3; do
	ls -l /mnt/file /mnt/other$n > /dev/null 2>&1 &
	waiting="$waiting $!"
done
fact server.address=192.0.2.9
grow_old
tell_pids victims $waiting
crash
''', drivers=("veth", "nfsd", "nfsv4")),
    "reclaim-stuck": Scenario("a shrinker never returns: whoever reclaims memory is lost in it",
                              "memory-reclaim-stall", '''
insert hang=stuck "names=$THREAD,$OTHER,$THIRD"
fact culprit.module=$MODULE
fact culprit.function=scan_pool
mount -o remount,size=95% /tmp
for n in 1 2 3; do
	sh -c 'while [ ! -e /tmp/go ]; do sleep 1; done
		exec dd if=/dev/zero of=/tmp/fill$$ bs=64k 2> /dev/null' &
	waiting="$waiting $!"
done
task_fact kswapd "$(pid_of kswapd0)"
fact victims.comm=dd
fact "victims.pids="$waiting
fact stage=hanging
began
sleep 1
echo 1 > "/sys/module/$MODULE/parameters/go"
: > /tmp/go
''', ("serial", "nmi"), module="shrinks", hung_when="blocked for more than", settle=25.0,
                              variables={**VARIABLES, "AGE": ""},
                              accepted=("never-completed",)),
    "reclaim-slow": _user("twin: a slow shrinker, and tasks that ask for it all the time", "none", '''
insert hang=slow "names=$THREAD,$OTHER,$THIRD"
echo 1 > "/sys/module/$MODULE/parameters/go"
for n in 1 2 3; do
	sh -c 'while :; do echo 2 > /proc/sys/vm/drop_caches; done' &
done
began
grow_old
crash
''', module="shrinks", age=10),
}
