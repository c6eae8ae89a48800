# SPDX-License-Identifier: GPL-2.0-or-later
"""The stories. Each: (dialect, records, truth); truth as check_logs.py reads it."""
HALF = 0.000004


class Story:
    def __init__(self, start):
        self.time, self.records = start, []

    def say(self, *texts, who="T31"):
        for text in texts:
            self.records.append((self.time, who, text))
            self.time += HALF
        return self

    def at(self, time):
        self.time = time
        return self

    def frames(self, *names, who="T31"):
        for name in names:
            place, _, module = name.partition(" ")
            mark = "? " if place.startswith("?") else ""
            self.say(f" {mark}{place.lstrip('?')}+0x5c/0x220{' [' + module + ']' if module else ''}", who=who)
        return self

    def hung(self, comm, pid, seconds, *names, release="6.1.0-21-amd64", style=None, parent=1, work=None, state="D"):
        style = style or header_61
        self.say(f"INFO: task {comm}:{pid} blocked for more than {seconds} seconds.", f"      Not tainted {release} #1",
                 '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.')
        return self.task(comm, pid, *names, style=style, parent=parent, work=work, state=state)

    def task(self, comm, pid, *names, style=None, parent=1, work=None, state="D"):
        style = style or header_61
        self.say(style(comm, state, pid, parent))
        if work:
            self.say(f"Workqueue: {work}")
        self.say("Call Trace:", " <TASK>")
        return self.frames(*names).say(" </TASK>")

    def lockup(self, cpu, seconds, comm, pid, *names, point=None, flags="00000202", prefix="watchdog: ", release="6.1.0-21-amd64"):
        self.say(f"{prefix}BUG: soft lockup - CPU#{cpu} stuck for {seconds}s! [{comm}:{pid}]",
                 f"CPU: {cpu} PID: {pid} Comm: {comm} Not tainted {release} #1",
                 f"RIP: 0010:{point or names[0].split()[0]}+0x1c/0x90", f"RSP: 0018:ffffb00000000000 EFLAGS: {flags}",
                 "Call Trace:", " <IRQ>")
        self.frames("?watchdog_timer_fn", "?__hrtimer_run_queues", "?hrtimer_interrupt").say(" </IRQ>", " <TASK>")
        return self.frames(*names).say(" </TASK>")

    def end(self, dialect, **truth):
        return dialect, self.records, truth


def header_61(comm, state, pid, parent):
    return f"task:{comm:<15.15} state:{state} stack:0     pid:{pid:<5} ppid:{parent:<6} flags:0x00004000"


def header_510(comm, state, pid, parent):
    return f"task:{comm:<15.15} state:{state} stack:{0:5} pid:{pid:5} ppid:{parent:6} flags:0x00004000"


def header_617(comm, state, pid, parent):
    return f"task:{comm:<15.15} state:{state} stack:0     pid:{pid:<5} tgid:{pid:<5} ppid:{parent:<6} task_flags:0x400100 flags:0x00080002"


def header_4(comm, state, pid, parent):
    return f"{comm:<15.15} {state} {0:5} {pid:5} {parent:6} 0x00000080"


def header_3(comm, state, pid, parent):
    return f"{comm:<15.15} {state} ffff88013fc12d40 {0:5} {pid:5} {parent:6} 0x00000000"


MUTEX = ("__schedule", "schedule", "schedule_preempt_disabled", "__mutex_lock.constprop.0")
SYSCALL = ("do_syscall_64", "entry_SYSCALL_64_after_hwframe")
WORKER = ("process_one_work", "worker_thread", "kthread", "ret_from_fork")
STORIES = {}

# Two tasks, each with the mutex that the other wants; named by the kernel.
s = Story(900.5)
s.hung("alpha", 700, 122, *MUTEX, "carp_flip carp", "carp_write carp", *SYSCALL, style=header_617)
s.say("INFO: task alpha:700 is blocked on a mutex likely owned by task beta:701.")
s.hung("beta", 701, 122, *MUTEX, "carp_flop carp", "carp_ioctl carp", *SYSCALL, style=header_617)
s.say("INFO: task beta:701 is blocked on a mutex likely owned by task alpha:700.")
s.hung("watcher", 720, 122, *MUTEX, "carp_show carp", "seq_read", *SYSCALL, style=header_617)
s.say("INFO: task watcher:720 is blocked on a mutex likely owned by task alpha:700.")
STORIES["mutex-pair-named"] = s.end("dmesg", **{"class": "mutex-deadlock", "culprits": ["alpha", "beta"], "confidence_at_most": "likely", "confidence_at_least": "likely", "must_not_accuse": ["watcher"]})

# The same without names, of an old kernel: nobody is to be accused.
s = Story(3000.25)
s.hung("alpha", 700, 120, *MUTEX, "carp_flip carp", "carp_write carp", *SYSCALL, style=header_4)
s.hung("watcher", 720, 120, *MUTEX, "carp_show carp", "seq_read", *SYSCALL, style=header_4)
STORIES["mutex-nobody-named"] = s.end("journal", **{"class": "undetermined", "culprits": [], "confidence_at_most": "possible", "must_not_accuse": ["alpha", "watcher"], "says": ["none of the"]})

# lockdep's list names the holder, which sleeps on.
s = Story(500.125)
s.hung("reader", 311, 122, "__schedule", "schedule", "rwsem_down_read_slowpath", "down_read", "perch_lookup perch", *SYSCALL)
s.say("Showing all locks held in the system:", "1 lock held by holder/300:", " #0: ffff888100e01180 (&perch->tree){++++}-{3:3}, at: perch_rebuild+0x41/0x90 [perch]",
      "1 lock held by reader/311:", " #0: ffff888100e01180 (&perch->tree){++++}-{3:3}, at: perch_lookup+0x20/0x70 [perch]")
s.task("holder", 300, "__schedule", "schedule", "schedule_timeout", "msleep", "perch_rebuild perch", *SYSCALL, state="D")
STORIES["lock-list-sleeper"] = s.end("netconsole", **{"class": "lock-held-by-sleeper", "culprits": ["holder"], "confidence_at_most": "likely", "must_not_accuse": ["reader"]})

# A mutex whose named holder runs on and on.
s = Story(1500.0)
for age, time in ((122, 1500.0), (245, 1623.0)):
    s.at(time).hung("client", 810, age, *MUTEX, "trout_ctl trout", *SYSCALL, style=header_617)
    s.say("INFO: task client:810 is blocked on a mutex likely owned by task spinner:805.", "task:spinner         state:R  running task     stack:0     pid:805   tgid:805   ppid:1      task_flags:0x400100 flags:0x00004008", "Call Trace:", " <TASK>")
    s.frames("?trout_poll_ready trout", "?trout_flush trout", "?trout_ioctl trout").say(" </TASK>")
STORIES["mutex-holder-runs"] = s.end("iso", **{"class": "cpu-hog", "culprits": ["spinner"], "confidence_at_most": "likely", "must_not_accuse": ["client"]})

# A soft lockup, three reports, journal newest first.
s = Story(2000.5)
for age in (23, 45, 67):
    s.at(2000.5 + age).lockup(5, age, "kworker/5:1", 977, "roach_scan roach", "roach_work roach", *WORKER)
STORIES["soft-lockup-backwards"] = s.end("journal_backwards", **{"class": "cpu-hog", "culprits": ["kworker/5:1"], "confidence_at_most": "likely", "confidence_at_least": "likely", "must_not_accuse": ["watchdog"]})

# One report, then the log goes on for a quarter of an hour: it has ended.
s = Story(2000.5)
s.lockup(5, 23, "kworker/5:1", 977, "roach_scan roach", "roach_work roach", *WORKER)
for i in range(1, 16):
    s.at(2000.5 + 60 * i).say(f"usb 1-{i}: new high-speed USB device number {i} using xhci_hcd")
STORIES["soft-lockup-ended"] = s.end("dmesg", **{"class": "none", "culprits": [], "confidence_at_most": "likely", "must_not_accuse": ["kworker"]})

# All CPUs of a guest call out at once, with two minutes: the host was away.
s = Story(7000.0)
s.say("Hypervisor detected: KVM").at(7100.0)
for cpu, comm, pid in ((0, "swapper/0", 0), (1, "postgres", 411), (3, "swapper/3", 0)):
    s.lockup(cpu, 131, comm, pid, "default_idle" if pid == 0 else "copy_page", *(["do_idle"] if pid == 0 else SYSCALL))
s.say("clocksource: timekeeping watchdog on CPU1: Marking clocksource 'tsc' as unstable because the skew is too large:")
STORIES["guest-paused"] = s.end("dmesg", **{"class": "external", "culprits": [], "confidence_at_most": "likely", "confidence_at_least": "likely", "must_not_accuse": ["postgres", "swapper"]})

# A spinlock that somebody holds who is not shown.
s = Story(400.0)
s.lockup(2, 26, "tar", 600, "native_queued_spin_lock_slowpath", "_raw_spin_lock", "bream_get bream", "bream_read bream", *SYSCALL, prefix="NMI watchdog: ", release="4.9.0-13-amd64")
STORIES["spinner-alone"] = s.end("levels", **{"class": "undetermined", "alternatives": ["spinlock-deadlock"], "culprits": [], "confidence_at_most": "possible", "must_not_accuse": ["tar"], "says": ["holder of the spinlock"]})

# The same, and the other CPU's stack shows it inside.
s = Story(400.0)
s.lockup(2, 26, "tar", 600, "native_queued_spin_lock_slowpath", "_raw_spin_lock", "bream_get bream", "bream_read bream", *SYSCALL)
s.say("Sending NMI from CPU 2 to CPUs 0:", "NMI backtrace for cpu 0", "CPU: 0 PID: 555 Comm: kworker/0:3 Not tainted 6.1.0-21-amd64 #1", "RIP: 0010:bream_walk+0x14/0x60 [bream]", "Call Trace:", " <TASK>")
s.frames("bream_get bream", "bream_trim bream", *WORKER).say(" </TASK>")
STORIES["spinner-and-holder"] = s.end("caller", **{"class": "cpu-hog", "alternatives": ["irqs-off", "undetermined"], "culprits": ["kworker/0:3"], "confidence_at_most": "possible", "must_not_accuse": ["tar"]})

# Interrupts off, seen by the hard lockup detector and by RCU.
s = Story(800.0)
s.say("NMI watchdog: Watchdog detected hard LOCKUP on cpu 3", "CPU: 3 PID: 1440 Comm: modprobe Not tainted 5.10.0-28-amd64 #1", "RIP: 0010:pike_wait_fifo+0x1c/0x90 [pike]", "RSP: 0018:ffffb00000000000 EFLAGS: 00000046", "Call Trace:")
s.frames("pike_reset pike", "pike_probe pike", "do_one_initcall", *SYSCALL)
s.say("rcu: INFO: rcu_sched detected stalls on CPUs/tasks:", "rcu: \t3-...0: (1 GPs behind) idle=b3e/1/0x4000000000000000 softirq=100/101 fqs=2500", "\t(detected by 0, t=5252 jiffies, g=1000, q=12)")
STORIES["hard-lockup"] = s.end("wrapped", **{"class": "irqs-off", "culprits": ["modprobe"], "confidence_at_most": "likely", "must_not_accuse": ["watchdog"]})

# A reader preempted inside of rcu_read_lock(), by its pid.
s = Story(1100.0)
s.say("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "rcu: \tTasks blocked on level-0 rcu_node (CPUs 0-3): P2201", "rcu: \t(detected by 2, t=21002 jiffies, g=5000, q=40 ncpus=4)", "task:tench_scan      state:D stack:0     pid:2201  ppid:2      flags:0x00004000", "Call Trace:", " <TASK>")
s.frames("__schedule", "schedule", "schedule_timeout", "msleep", "tench_walk tench", "kthread", "ret_from_fork").say(" </TASK>")
STORIES["rcu-reader"] = s.end("dmesg", **{"class": "rcu-stall", "culprits": ["tench_scan"], "confidence_at_most": "likely", "must_not_accuse": ["rcu_preempt"]})

# Only waiters for a grace period.
s = Story(640.0)
for comm, pid in (("ip", 90), ("tc", 91)):
    s.hung(comm, pid, 122, "__schedule", "schedule", "schedule_timeout", "wait_for_completion", "__wait_rcu_gp", "synchronize_rcu", "shrimp_del shrimp", *SYSCALL, style=header_510)
STORIES["rcu-waiters"] = s.end("human", **{"class": "rcu-stall", "alternatives": ["undetermined"], "culprits": [], "confidence_at_most": "possible", "must_not_accuse": ["ip", "tc"]})

# NFS: the server says OK at last, and all goes on.
s = Story(100.0)
s.say("nfs: server shelf not responding, still trying").at(300.0)
s.hung("cp", 77, 120, "__schedule", "schedule", "io_schedule", "wait_on_page_bit", "__filemap_fdatawait_range", "nfs_file_fsync nfs", *SYSCALL, style=header_4)
s.at(310.0).say("nfs: server shelf OK")
for i in range(20):
    s.at(400.0 + 60 * i).say(f"audit: type=1400 audit({i}): apparmor=\"STATUS\"")
STORIES["nfs-back-again"] = s.end("dmesg", **{"class": "none", "culprits": [], "confidence_at_most": "likely", "must_not_accuse": ["cp"]})

# NFS: it does not.
s = Story(100.0)
s.say("nfs: server shelf not responding, still trying").at(300.0)
s.hung("cp", 77, 120, "__schedule", "schedule", "rpc_wait_bit_killable", "__wait_on_bit", "out_of_line_wait_on_bit", "__rpc_execute", "nfs4_proc_getattr nfsv4", *SYSCALL, style=header_3)
STORIES["nfs-silent"] = s.end("mail", **{"class": "server-gone", "culprits": ["shelf"], "confidence_at_most": "likely", "confidence_at_least": "likely", "must_not_accuse": ["cp"]})

# A share of a file server.
s = Story(200.0)
s.say("CIFS: VFS: \\\\files has not responded in 180 seconds. Reconnecting...")
s.at(340.0).hung("backup", 612, 122, "__schedule", "schedule", "wait_for_response cifs", "compound_send_recv cifs", "SMB2_write cifs", *SYSCALL)
STORIES["smb-silent"] = s.end("as_json", **{"class": "server-gone", "culprits": ["files"], "confidence_at_most": "likely", "must_not_accuse": ["backup"]})

# A disk that fails, with tasks behind it.
s = Story(5000.0)
s.say("sd 2:0:0:0: [sdc] tag#4 FAILED Result: hostbyte=DID_TIME_OUT driverbyte=DRIVER_OK cmd_age=180s", "blk_update_request: I/O error, dev sdc, sector 2048 op 0x1:(WRITE) flags 0x800")
s.at(5125.0).hung("jbd2/sdc1-8", 410, 122, "__schedule", "schedule", "io_schedule", "bit_wait_io", "__wait_on_bit", "out_of_line_wait_on_bit", "__wait_on_buffer", "jbd2_journal_commit_transaction", "kjournald2", "kthread", "ret_from_fork", parent=2)
s.hung("mysqld", 900, 122, "__schedule", "schedule", "wait_transaction_locked", "add_transaction_credits", "start_this_handle", "jbd2__journal_start", "ext4_dirty_inode", *SYSCALL)
STORIES["disk-fails"] = s.end("dmesg", **{"class": "io-stuck", "culprits": ["sdc"], "confidence_at_most": "likely", "confidence_at_least": "likely", "must_not_accuse": ["jbd2", "mysqld"]})

# The same stacks and no complaint of a device.
s = Story(5125.0)
s.hung("jbd2/sdc1-8", 410, 122, "__schedule", "schedule", "io_schedule", "bit_wait_io", "__wait_on_bit", "out_of_line_wait_on_bit", "__wait_on_buffer", "jbd2_journal_commit_transaction", "kjournald2", "kthread", "ret_from_fork", parent=2)
s.hung("mysqld", 900, 122, "__schedule", "schedule", "wait_transaction_locked", "add_transaction_credits", "start_this_handle", "jbd2__journal_start", "ext4_dirty_inode", *SYSCALL)
STORIES["disk-silent"] = s.end("doubled", **{"class": "io-stuck", "alternatives": ["undetermined"], "culprits": [], "confidence_at_most": "possible", "must_not_accuse": ["jbd2", "mysqld"]})

# A frozen file system, thawed, and later nothing more.
s = Story(10.0)
s.hung("postgres", 40, 122, "__schedule", "schedule", "percpu_rwsem_wait", "__percpu_down_read", "__sb_start_write", "vfs_write", *SYSCALL)
STORIES["frozen-files"] = s.end("dmesg", **{"class": "io-stuck", "culprits": [], "confidence_at_most": "likely", "must_not_accuse": ["postgres"]})

# A work that is waited for wants the lock of who waits.
s = Story(930.0)
s.hung("kworker/2:4", 222, 122, *MUTEX, "loach_stats_work loach", *WORKER, style=header_617, parent=2, work="events loach_stats_work [loach]")
s.say("INFO: task kworker/2:4:222 is blocked on a mutex likely owned by task rmmod:950.")
s.hung("rmmod", 950, 122, "__schedule", "schedule", "schedule_timeout", "__wait_for_common", "__flush_work", "cancel_work_sync", "loach_exit loach", *SYSCALL, style=header_617)
STORIES["flush-deadlock"] = s.end("dmesg", **{"class": "workqueue-flush-deadlock", "culprits": ["rmmod", "kworker/2:4"], "confidence_at_most": "likely", "must_not_accuse": ["khungtaskd"]})

# A stalled pool; its worker is in flight, the others only wait.
s = Story(88.0)
s.say("BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 61s!", "Showing busy workqueues and worker pools:", "workqueue events: flags=0x0", "  pwq 2: cpus=1 node=0 flags=0x0 nice=0 active=2/256 refcnt=3", "    in-flight: 311:gudgeon_poll [gudgeon]", "    pending: vmstat_update", "pool 2: cpus=1 node=0 flags=0x0 nice=0 hung=61s workers=3 idle: 18 25")
STORIES["stalled-pool"] = s.end("dmesg", **{"class": "workqueue-stall", "culprits": ["gudgeon_poll"], "confidence_at_most": "possible", "must_not_accuse": ["vmstat_update"]})

# A CPU that does not answer.
s = Story(230.0)
s.say("smp: csd: Detected non-responsive CSD lock (#1) on CPU#0, waiting 5000000064 ns for CPU#02 do_flush_tlb+0x0/0x40(0x0).", "smp: \tcsd: CSD lock (#1) unresponsive.", "Sending NMI from CPU 0 to CPUs 2:", "NMI backtrace for cpu 2", "CPU: 2 PID: 600 Comm: burbot Not tainted 6.1.0-21-amd64 #1", "RIP: 0010:burbot_copy+0x14/0x60 [burbot]", "RSP: 0018:ffffb00000000000 EFLAGS: 00000046", "Call Trace:", " <TASK>")
s.frames("burbot_ioctl burbot", *SYSCALL).say(" </TASK>")
STORIES["deaf-cpu"] = s.end("dmesg", **{"class": "irqs-off", "alternatives": ["ipi-not-answered"], "culprits": ["burbot"], "confidence_at_most": "likely", "must_not_accuse": ["do_flush_tlb"]})

# Printing to a serial console.
s = Story(50.0)
for age in (22, 48):
    s.at(50.0 + age).lockup(1, age, "kworker/1:0", 19, "io_serial_in", "wait_for_lsr", "serial8250_console_putchar", "uart_console_write", "serial8250_console_write", "console_unlock", "vprintk_emit", "_printk", "minnow_rx minnow", *WORKER)
s.say("** 18211 printk messages dropped **")
STORIES["console-storm"] = s.end("dmesg", **{"class": "console-storm", "culprits": [], "confidence_at_most": "likely", "must_not_accuse": ["kworker"]})

# lockdep warns, nothing hangs.
s = Story(33.0)
s.say("======================================================", "WARNING: possible circular locking dependency detected", "6.1.0 #1 Not tainted", "------------------------------------------------------", "mount/501 is trying to acquire lock:", "ffff888100aa0000 (&dace->a){+.+.}-{3:3}, at: dace_fill+0x20/0x70 [dace]", "", "but task is already holding lock:", "ffff888100bb0000 (&dace->b){+.+.}-{3:3}, at: dace_mount+0x41/0x90 [dace]", "which lock already depends on the new lock.", "-> #1 (&dace->b){+.+.}-{3:3}:")
s.frames("__mutex_lock", "dace_sync dace", "dace_work dace")
s.at(900.0).say("EXT4-fs (vda1): re-mounted. Quota mode: none.")
STORIES["lockdep-only"] = s.end("dmesg", **{"class": "none", "culprits": [], "confidence_at_most": "likely", "must_not_accuse": ["mount"]})

# A null pointer.
s = Story(61.0)
s.say("BUG: kernel NULL pointer dereference, address: 0000000000000008", "#PF: supervisor read access in kernel mode", "Oops: 0000 [#1] PREEMPT SMP PTI", "CPU: 1 PID: 412 Comm: insmod Not tainted 6.1.0-21-amd64 #1", "RIP: 0010:smelt_init+0x14/0x60 [smelt]", "RSP: 0018:ffffb00000000000 EFLAGS: 00010246", "Call Trace:", " <TASK>")
s.frames("do_one_initcall", "do_init_module", *SYSCALL).say(" </TASK>", "---[ end trace 0000000000000000 ]---")
STORIES["null-pointer"] = s.end("pstore", **{"class": "crashed", "culprits": ["insmod"], "confidence_at_most": "likely", "must_not_accuse": ["swapper"]})

# A quiet console: headers without stacks.
s = Story(700.0)
for comm, pid in (("dd", 1), ("sync", 2), ("tar", 3)):
    s.say(f"INFO: task {comm}:{pid} blocked for more than 120 seconds.", "      Not tainted 4.19.0-27-amd64 #1", '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.')
STORIES["headers-only"] = s.end("levels", **{"class": "undetermined", "culprits": [], "confidence_at_most": "possible", "must_not_accuse": ["dd", "sync", "tar"]})

# An ordinary start.
s = Story(0.0)
s.say("Linux version 6.1.0-21-amd64 (debian-kernel@lists.debian.org)").at(0.5).say("smpboot: CPU0: fish (family: 0x6)").at(3.0).say("EXT4-fs (vda1): mounted filesystem with ordered data mode.").at(12.0).say("Memory cgroup out of memory: Killed process 900 (hungry) total-vm:100kB")
STORIES["healthy-start"] = s.end("dmesg", **{"class": "none", "culprits": [], "confidence_at_most": "likely", "must_not_accuse": ["hungry"]})
