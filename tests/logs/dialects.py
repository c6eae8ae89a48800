# SPDX-License-Identifier: GPL-2.0-or-later
"""More stories, told as other machines, kernels and collectors tell them. Each: (dialect, records, truth)."""
from stories import MUTEX, SYSCALL, WORKER, Story, header_3, header_4, header_510, header_617

DIALECTS = {}


def add(name, story, dialect, wanted, culprits=(), most="likely", least="possible", never=(), **more):
    DIALECTS[name] = story.end(dialect, **{"class": wanted, "culprits": list(culprits), "confidence_at_most": most,
                                           "confidence_at_least": least, "must_not_accuse": list(never), **more})


def arm64(story, cpu, comm, pid, point, *names, flags="nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--", work=None):
    story.say(f"CPU: {cpu} PID: {pid} Comm: {comm} Tainted: G        W          6.6.23-v8+ #1735",
              "Hardware name: Raspberry Pi 4 Model B Rev 1.5 (DT)")
    if work:
        story.say(f"Workqueue: {work}")
    place, _, module = point.partition(" ")
    tail = f" [{module}]" if module else ""
    story.say(f"pstate: 60400005 ({flags})", f"pc : {place}+0x3c/0x90{tail}", f"lr : {place}+0x30/0x90{tail}",
              "sp : ffff800083d4bd30", "x29: ffff800083d4bd30 x28: 0000000000000000 x27: ffff000040f4e105", "Call trace:")
    return story.frames(point, *names)


def ppc(story, cpu, comm, pid, point, *names, mask=1):
    place, _, module = point.partition(" ")
    tail = f" [{module}]" if module else ""
    story.say(f"CPU: {cpu} PID: {pid} Comm: {comm} Kdump: loaded Not tainted 5.14.0-284.el9.ppc64le #1",
              "NIP:  c008000006b41b80 LR: c008000006b41d20 CTR: c0000000001f0010",
              "REGS: c00000007fffbd60 TRAP: 0100   Not tainted  (5.14.0-284.el9.ppc64le)",
              "MSR:  800000000280b033 <SF,VEC,VSX,EE,FP,ME,IR,DR,RI,LE>  CR: 28004424  XER: 20040000",
              f"CFAR: c008000006b41b7c IRQMASK: {mask} ",
              "GPR00: c008000006b41d20 c00000002f4a7a50 c008000006b68400 0000000000000000",
              f"NIP [c008000006b41b80] {place}+0x48/0xa0{tail}", f"LR [c008000006b41d20] {place}+0x30/0xa0{tail}", "Call Trace:")
    for name in names:
        place, _, module = name.partition(" ")
        story.say(f"[c00000002f4a7a50] [c008000006b41d20] {place}+0x90/0x120{' [' + module + ']' if module else ''}")
    return story


def old_x86(story, cpu, comm, pid, point, *names, flags="00000293"):
    place, _, module = point.partition(" ")
    tail = f" [{module}]" if module else ""
    story.say("Modules linked in: sturgeon(OE) xt_CHECKSUM iptable_mangle",
              f"CPU: {cpu} PID: {pid} Comm: {comm} Tainted: G           OEL ------------   3.10.0-1160.el7.x86_64 #1",
              "Hardware name: Dell Inc. PowerEdge R630/02C2CP, BIOS 2.12.1 12/04/2020",
              "task: ffff9d0a3b52a0e0 ti: ffff9d0a3b5a8000 task.ti: ffff9d0a3b5a8000",
              f"RIP: 0010:[<ffffffffc06f2022>]  [<ffffffffc06f2022>] {place}+0x22/0x60{tail}",
              f"RSP: 0018:ffff9d0a3b5abe28  EFLAGS: {flags}", "Call Trace:")
    for name in names:
        place, _, module = name.partition(" ")
        story.say(f" [<ffffffffc06f2140>] {place}+0x90/0x120{' [' + module + ']' if module else ''}")
    return story.say("Code: 00 00 f3 90 48 8b 07 a8 01 75 f7")


def s390(story, comm, pid, *names, seconds=122):
    story.say(f"INFO: task {comm}:{pid} blocked for more than {seconds} seconds.", "      Not tainted 5.14.0-284.el9.s390x #1",
              '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
              f"task:{comm:<15.15} state:D stack:    0 pid:{pid:5} ppid:     1 flags:0x00000000", "Call Trace:")
    for name in names:
        place, _, module = name.partition(" ")
        story.say(f" [<000003ff80a2c1b6>] {place}+0x2e/0x80{' [' + module + ']' if module else ''} ")
    return story.say("Last Breaking-Event-Address:", " [<0000000000c1b2a4>] __schedule+0x5c/0x700")


# arm64, dmesg -T: a work loops; two reports.
s = Story(4000.0)
for age in (26, 52):
    s.at(4000.0 + age).say(f"watchdog: BUG: soft lockup - CPU#3 stuck for {age}s! [kworker/3:1:201]")
    arm64(s, 3, "kworker/3:1", 201, "cod_poll_status cod", "cod_work cod", *WORKER, work="events cod_work [cod]")
add("arm64-lockup", s, "human", "cpu-hog", ["kworker/3:1"], least="likely", never=["watchdog", "swapper"])

# arm64 with interrupts masked, seen by RCU and an NMI backtrace.
s = Story(900.0)
s.say("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
      "rcu: \t2-...!: (0 ticks this GP) idle=2f5c/1/0x4000000000000002 softirq=812/812 fqs=1",
      "rcu: \t(detected by 0, t=5252 jiffies, g=2001, q=331 ncpus=4)", "Sending NMI from CPU 0 to CPUs 2:", "NMI backtrace for cpu 2")
arm64(s, 2, "ling", 610, "ling_wait_dma ling", "ling_ioctl ling", "__arm64_sys_ioctl", "invoke_syscall", flags="nzcv DAIF +PAN -UAO -TCO -DIT -SSBS BTYPE=--")
add("arm64-irqs-off", s, "iso", "irqs-off", ["ling"], never=["rcu_preempt"])

# POWER: the watchdog of that machine.
s = Story(12000.0)
s.say("watchdog: CPU 12 self-detected hard LOCKUP @ haddock_wait_fifo+0x48/0xa0 [haddock]",
      "watchdog: CPU 12 TB:7231198712345, last heartbeat TB:7225054712345 (12000ms ago)")
ppc(s, 12, "haddock", 1204, "haddock_wait_fifo haddock", "haddock_reset haddock", "haddock_ioctl haddock", "sys_ioctl")
add("ppc64-hard-lockup", s, "journal", "irqs-off", ["haddock"], never=["watchdog"])

# POWER: two CPUs want a lock, whose holder is not shown.
s = Story(300.0)
for cpu, pid in ((4, 71), (5, 72)):
    s.say(f"watchdog: BUG: soft lockup - CPU#{cpu} stuck for 23s! [shad:{pid}]")
    ppc(s, cpu, "shad", pid, "queued_spin_lock_slowpath", "_raw_spin_lock", "shad_get shad", "shad_read shad", mask=0)
add("ppc64-spinners", s, "dmesg", "undetermined", most="possible", never=["shad"], alternatives=["spinlock-deadlock"])

# s390x: two that want one mutex, and nobody who has it.
s = Story(7000.0)
s390(s, "zander", 801, "__schedule", "schedule", "schedule_preempt_disabled", "__mutex_lock.constprop.0", "zander_open zander", "do_dentry_open", "__s390x_sys_openat", "system_call")
s390(s, "zander", 802, "__schedule", "schedule", "schedule_preempt_disabled", "__mutex_lock.constprop.0", "zander_open zander", "do_dentry_open", "__s390x_sys_openat", "system_call")
add("s390x-mutex", s, "journal", "undetermined", most="possible", never=["zander"])

# s390x: a DASD does not answer.
s = Story(8000.0)
s.say("dasd-eckd 0.0.a000: The DASD I/O timed out", "blk_update_request: I/O error, dev dasda, sector 61440 op 0x1:(WRITE) flags 0x0 phys_seg 1 prio class 0")
s.at(8130.0)
s390(s, "jbd2/dasda1-8", 333, "__schedule", "schedule", "io_schedule", "bit_wait_io", "__wait_on_bit", "out_of_line_wait_on_bit", "jbd2_journal_commit_transaction", "kjournald2", "kthread")
add("s390x-dasd", s, "journal", "io-stuck", ["dasda"], never=["jbd2/"])

# RHEL 7 in /var/log/messages.
s = Story(3600.0)
for age in (22, 23):
    s.at(s.time + 28).say(f"NMI watchdog: BUG: soft lockup - CPU#7 stuck for {age}s! [sturgeon:8811]")
    old_x86(s, 7, "sturgeon", 8811, "sturgeon_loop sturgeon", "sturgeon_write sturgeon", "vfs_write", "SyS_write", "system_call_fastpath")
add("rhel7-lockup", s, "journal", "cpu-hog", ["sturgeon"], least="likely", never=["watchdog", "vfs_write"])

# RHEL 7: a server that comes back, and nothing more for a long time.
s = Story(3600.0)
s.say("nfs: server attic not responding, still trying").at(3840.0)
s.hung("rsync", 9001, 120, "__schedule", "schedule", "rpc_wait_bit_killable", "__wait_on_bit", "out_of_line_wait_on_bit", "__rpc_execute", "nfs3_rpc_wrapper.constprop.11 nfsv3", "SyS_newstat", "system_call_fastpath", style=header_3, release="3.10.0-1160.el7.x86_64")
s.at(3900.0).say("nfs: server attic OK")
for i in range(12):
    s.at(4000.0 + 120 * i).say(f"perf: interrupt took too long ({2500 + i} > 2500), lowering kernel.perf_event_max_sample_rate")
add("rhel7-nfs-back", s, "journal", "none", never=["rsync"])

# 2.6.32-like: task headers with program counters, a lock waiter and its holder, which is not known.
s = Story(500.0)
for pid in (61, 62):
    s.hung("perchd", pid, 120, "__mutex_lock_slowpath", "mutex_lock", "perch_open perch", "sys_open", "system_call_fastpath", style=header_3, release="2.6.32-754.el6.x86_64")
add("rhel6-mutex", s, "journal", "undetermined", most="possible", never=["perchd"])

# Two CPUs speak at once over netconsole: one spins, the other one is inside.
s = Story(200.0)
a, b = Story(200.0), Story(200.000001)
a.lockup(2, 26, "tar", 600, "native_queued_spin_lock_slowpath", "_raw_spin_lock", "bream_get bream", "bream_read bream", *SYSCALL)
b.lockup(0, 26, "kworker/0:3", 555, "bream_walk bream", "bream_get bream", "bream_trim bream", *WORKER)
s.records = sorted([(t, "C2", x) for t, _, x in a.records] + [(t, "C0", x) for t, _, x in b.records])
add("interleaved-callers", s, "netconsole", "cpu-hog", ["kworker/0:3"], never=["tar"], alternatives=["irqs-off"])

# The same from a stack that rsyslog has written in one line.
s = Story(900.0)
s.say("INFO: task crab:41 blocked for more than 120 seconds.")
s.say("task:crab            state:D stack:    0 pid:   41 ppid:     1 flags:0x00000000#012Call Trace:#012 __schedule+0x2c/0x80#012 schedule+0x4/0x20#012 rwsem_down_write_slowpath+0x2/0x90#012 crab_set+0x3/0x20 [crab]#012 do_syscall_64+0x3/0x90")
add("rsyslog-octal", s, "journal", "undetermined", most="possible", never=["crab"])

# A journal, newest first: an NVMe that lost its interrupts, and who waits for it.
s = Story(50.0)
for i in range(3):
    s.at(50.0 + 31 * i).say(f"nvme nvme1: I/O {101 + i} QID 4 timeout, completion polled")
s.at(190.0).hung("xfsaild/nvme1n1", 250, 122, "__schedule", "schedule", "io_schedule", "blk_mq_get_tag", "__blk_mq_alloc_requests", "blk_mq_submit_bio", "xfs_buf_submit", "xfsaild", "kthread", "ret_from_fork", style=header_510, parent=2)
s.hung("etcd", 700, 122, "__schedule", "schedule", "xlog_wait_on_iclog xfs", "xfs_file_fsync xfs", "do_fsync", *SYSCALL, style=header_510)
add("nvme-backwards", s, "journal_backwards", "io-stuck", ["nvme1"], least="likely", never=["xfsaild", "etcd"])

# Two boots: the first one hung, in the second all is well.
s = Story(0.0)
s.say("Linux version 6.12.6-200.fc41.x86_64 (mockbuild@build)").at(600.0)
s.hung("alpha", 700, 122, *MUTEX, "carp_flip carp", "carp_write carp", *SYSCALL, style=header_617)
s.say("INFO: task alpha:700 is blocked on a mutex likely owned by task beta:701.")
s.hung("beta", 701, 122, "__schedule", "schedule", "schedule_timeout", "msleep", "carp_flop carp", "carp_ioctl carp", *SYSCALL, style=header_617)
s.at(0.0).say("Linux version 6.12.6-200.fc41.x86_64 (mockbuild@build)").at(30.0)
for i in range(30):
    s.at(30.0 + 60 * i).say(f"usb 1-{i}: new high-speed USB device number {i} using xhci_hcd")
add("two-boots", s, "dmesg", "lock-held-by-sleeper", ["beta"], never=["alpha"])

# Much noise and no hang: OOM with a stack, a warning, a failed allocation, a slow interrupt.
s = Story(10.0)
s.say("java invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO), order=0, oom_score_adj=0",
      "CPU: 2 PID: 1500 Comm: java Not tainted 6.8.0-31-generic #31-Ubuntu", "Call Trace:", " <TASK>")
s.frames("dump_stack_lvl", "dump_header", "oom_kill_process", "out_of_memory", "__alloc_pages_slowpath.constprop.0", "__alloc_pages", "folio_alloc").say(" </TASK>")
s.say("Out of memory: Killed process 1500 (java) total-vm:18446744kB, anon-rss:8123456kB")
s.at(60.0).say("------------[ cut here ]------------", "WARNING: CPU: 1 PID: 77 at drivers/net/eel.c:512 eel_tx+0x1a/0x60 [eel]",
               "CPU: 1 PID: 77 Comm: eel_thread Not tainted 6.8.0-31-generic #31-Ubuntu", "RIP: 0010:eel_tx+0x1a/0x60 [eel]", "Call Trace:", " <TASK>")
s.frames("eel_poll eel", "napi_poll", "net_rx_action").say(" </TASK>", "---[ end trace 0000000000000000 ]---")
s.at(90.0).say("kworker/u16:2: page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL|__GFP_COMP), nodemask=(null)", "CPU: 3 PID: 90 Comm: kworker/u16:2 Not tainted 6.8.0-31-generic #31-Ubuntu", "Call Trace:", " <TASK>")
s.frames("dump_stack_lvl", "warn_alloc", "__alloc_pages_slowpath.constprop.0", "eel_alloc eel", *WORKER).say(" </TASK>")
s.at(95.0).say("hrtimer: interrupt took 21345 ns", "systemd-journald[300]: Missed 12 kernel messages")
add("noise-only", s, "iso", "none", never=["java", "eel_thread", "kworker", "eel"])

# A stall of RCU that was one, an hour ago.
s = Story(1000.0)
s.say("rcu: INFO: rcu_sched self-detected stall on CPU", "rcu: \t1-....: (2099 ticks this GP) idle=0b3/1/0x4000000000000000 softirq=500/500 fqs=1050", "\t(t=2100 jiffies g=900 q=12)",
      "CPU: 1 PID: 321 Comm: gcc Not tainted 5.10.0-28-amd64 #1", "RIP: 0010:clear_page_erms+0x7/0x10", "RSP: 0018:ffffb00000000000 EFLAGS: 00010246", "Call Trace:")
s.frames("prep_new_page", "get_page_from_freelist", "__alloc_pages", "handle_mm_fault", "exc_page_fault")
for i in range(60):
    s.at(1060.0 + 60 * i).say(f"wlan0: authenticate with 02:00:00:00:00:{i:02x}")
add("stall-long-ago", s, "human", "none", never=["gcc", "clear_page"])

# A guest of Hyper-V was saved and came back: one CPU, an age of hours, and the clock was judged.
s = Story(9000.0)
s.say("Hypervisor detected: Microsoft Hyper-V").at(9100.0)
s.say("watchdog: BUG: soft lockup - CPU#1 stuck for 4512s! [swapper/1:0]", "CPU: 1 PID: 0 Comm: swapper/1 Not tainted 6.1.0-21-cloud-amd64 #1", "Hardware name: Microsoft Corporation Virtual Machine/Virtual Machine",
      "RIP: 0010:pv_native_safe_halt+0xb/0x10", "RSP: 0018:ffffb00000000000 EFLAGS: 00000212", "Call Trace:", " <TASK>")
s.frames("default_idle", "default_idle_call", "do_idle", "cpu_startup_entry").say(" </TASK>")
s.say("systemd[1]: Time has been changed")
add("guest-saved", s, "dmesg", "external", least="likely", never=["swapper"])

# FUSE: stacks only.
s = Story(1500.0)
for pid in (31, 32):
    s.hung("ls", pid, 122, "__schedule", "schedule", "request_wait_answer fuse", "fuse_simple_request fuse", "fuse_do_getattr fuse", "vfs_statx", *SYSCALL, style=header_510)
add("fuse-silent", s, "wrapped", "server-gone", most="possible", never=["ls"])

# A program says what a kernel would; it is the journal of the whole machine.
s = Story(100.0)
s.say("EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.", "usb 1-1: new high-speed USB device number 2 using xhci_hcd",
      "usb 1-2: new high-speed USB device number 3 using xhci_hcd", "usb 1-3: new high-speed USB device number 4 using xhci_hcd")
add("said-by-a-program", s, "journal_with_a_liar", "none", never=["liar", "victim"])

# arm32, in pairs.
s = Story(400.0)
s.say("INFO: task mmcqd/0:88 blocked for more than 120 seconds.", "      Tainted: G           O    4.4.38 #2", '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.', "mmcqd/0         D c06a1b4c     0    88      2 0x00000000",
      "[<c06a1b4c>] (__schedule) from [<c06a1f40>] (schedule+0x40/0xa4)", "[<c06a1f40>] (schedule) from [<c04f2f3c>] (__mmc_claim_host+0xb8/0x1c8)", "[<c04f2f3c>] (__mmc_claim_host) from [<c0503d08>] (mmc_blk_issue_rq+0x38/0x4d0)",
      "[<c0503d08>] (mmc_blk_issue_rq) from [<c0504e64>] (mmc_queue_thread+0xb4/0x18c)", "[<c0504e64>] (mmc_queue_thread) from [<c0047a5c>] (kthread+0xec/0x108)")
add("arm32-mmc", s, "levels", "io-stuck", most="possible", never=["mmcqd"], alternatives=["undetermined"])

# stop_machine: all wait, one does not come.
s = Story(800.0)
for cpu in (1, 2):
    s.lockup(cpu, 22, f"migration/{cpu}", 20 + cpu, "multi_cpu_stop", "cpu_stopper_thread", "smpboot_thread_fn", "kthread", "ret_from_fork")
s.say("Sending NMI from CPU 1 to CPUs 0:", "NMI backtrace for cpu 0", "CPU: 0 PID: 404 Comm: whiting Not tainted 6.1.0-21-amd64 #1", "RIP: 0010:whiting_spin+0x14/0x60 [whiting]", "RSP: 0018:ffffb00000000000 EFLAGS: 00000246", "Call Trace:", " <TASK>")
s.frames("whiting_ioctl whiting", *SYSCALL).say(" </TASK>")
add("stop-machine", s, "caller", "stop-machine-starved", ["whiting"], never=["migration"], alternatives=["cpu-hog"])

# Errors of a disk that come long after, when the tasks were given up: not a cause that was there before.
s = Story(100.0)
s.hung("alpha", 700, 120, *MUTEX, "carp_flip carp", "carp_write carp", *SYSCALL, style=header_4)
s.at(4000.0).say("blk_update_request: I/O error, dev sdq, sector 8")
s.at(4010.0).hung("alpha", 700, 4010, *MUTEX, "carp_flip carp", "carp_write carp", *SYSCALL, style=header_4)
add("unrelated-disk", s, "dmesg", "undetermined", most="possible", never=["sdq", "alpha"])

# A semaphore: who took it last may have gone on.
s = Story(600.0)
s.hung("kwin", 217, 122, "__schedule", "schedule", "schedule_timeout", "___down_common", "__down", "down", "skate_lock skate", "skate_ioctl skate", *SYSCALL, style=header_617)
s.say("INFO: task kwin:217 blocked on a semaphore likely last held by task skate_queue:54", "task:skate_queue     state:S stack:0     pid:54    tgid:54    ppid:2      task_flags:0x208040 flags:0x00004000", "Call Trace:", " <TASK>")
s.frames("__schedule", "schedule", "schedule_timeout", "__down_common", "down_interruptible", "skate_main skate", "kthread", "ret_from_fork").say(" </TASK>")
add("semaphore-last", s, "dmesg", "undetermined", most="possible", never=["kwin"], alternatives=["lock-held-by-sleeper"])

# Blocked tasks by sysrq on a busy machine: a moment's I/O, nobody complains.
s = Story(77.0)
s.say("sysrq: Show Blocked State")
s.task("kworker/u8:3", 60, "__schedule", "schedule", "io_schedule", "blk_mq_get_tag", "blk_mq_submit_bio", "ext4_writepages", "wb_workfn", *WORKER, work="writeback wb_workfn (flush-8:0)", parent=2)
for i in range(20):
    s.at(80.0 + 10 * i).say(f"usb 1-{i}: new high-speed USB device number {i} using xhci_hcd")
add("busy-moment", s, "caller", "none", never=["kworker"])

# Exports of log stores: a clock of seconds and no other.
s = Story(600.0)
s.say("sd 2:0:0:0: [sdc] tag#4 FAILED Result: hostbyte=DID_TIME_OUT driverbyte=DRIVER_OK cmd_age=180s", "blk_update_request: I/O error, dev sdc, sector 2048 op 0x1:(WRITE) flags 0x800")
s.at(725.0).hung("dd", 410, 122, "__schedule", "schedule", "io_schedule", "blk_mq_get_tag", "blk_mq_submit_bio", "submit_bio_noacct", "__blkdev_direct_IO", *SYSCALL)
add("csv-disk", s, "csv", "io-stuck", ["sdc"], least="likely", never=["dd"])
add("csv-of-site", s, "csv_of_site", "io-stuck", ["sdc"], least="likely", never=["dd"])

# Of containers and clouds: JSON, a record a line.
s = Story(2000.5)
for age in (23, 45):
    s.at(2000.5 + age).lockup(5, age, "kworker/5:1", 977, "roach_scan roach", "roach_work roach", *WORKER)
add("container-lockup", s, "of_container", "cpu-hog", ["kworker/5:1"], least="likely", never=["watchdog"])
add("cloud-lockup", s, "of_cloud", "cpu-hog", ["kworker/5:1"], least="likely", never=["watchdog"])

# What debuggers print: one moment, and nobody complains. All CPUs by crash: one spins, one is inside.
s = Story(0.0)


def crash_cpu(story, cpu, comm, pid, point, *names, flags="00000046"):
    story.say(f'PID: {pid:<8} TASK: ffff9c1d45a50000  CPU: {cpu}    COMMAND: "{comm}"',
              " #0 [fffffe0000009e50] crash_nmi_callback at ffffffff9ac5d2b3", " #1 [fffffe0000009ed0] exc_nmi at ffffffff9b794e0e",
              " #2 [fffffe0000009ef0] end_repeat_nmi at ffffffff9b801458", f"    [exception RIP: {point.split()[0]}+14]",
              f"    RIP: ffffffff9b79f12e  RSP: ffffffff9c803e98  RFLAGS: {flags}", "--- <NMI exception stack> ---")
    return crash_frames(story, 3, point, *names)


def crash_frames(story, first, *names):
    for number, name in enumerate(names, first):
        place, _, module = name.partition(" ")
        story.say(f" #{number} [ffffb2a3c1d0bc18] {place} at ffffffff9b7a3c55{' [' + module + ']' if module else ''}")
    return story.say("")


s.say("crash> bt -a")
crash_cpu(s, 0, "swapper/0", 0, "native_safe_halt", "default_idle", "do_idle", flags="00000246")
crash_cpu(s, 1, "whiting", 900, "native_queued_spin_lock_slowpath", "_raw_spin_lock_irqsave", "whiting_get whiting", "whiting_ioctl whiting")
crash_cpu(s, 2, "roach", 901, "roach_poll roach", "whiting_get whiting", "whiting_trim whiting")
add("crash-bt-a", s, "bare", "irqs-off", ["roach"], most="possible", never=["whiting_ioctl", "swapper"], alternatives=["cpu-hog", "spinlock-deadlock"])

# The blocked tasks by crash: a disk's journal waits for a buffer, others for it.
s = Story(0.0)
s.say("crash> foreach UN bt")
for pid in (1200, 1201, 1202):
    s.say(f'PID: {pid}     TASK: ffff9c1d45a50000  CPU: 3    COMMAND: "alpha"')
    crash_frames(s, 0, "__schedule", "schedule", "schedule_preempt_disabled", "__mutex_lock", "carp_flip carp", "carp_write carp", "ksys_write")
add("crash-foreach-bt", s, "bare", "undetermined", most="possible", never=["alpha"])

# drgn, one task; and files of /proc.
s = Story(0.0)
s.say(">>> prog.stack_trace(1201)", "#0  context_switch (kernel/sched/core.c:5380:2)", "#1  __schedule (kernel/sched/core.c:6710:8)",
      "#2  schedule (kernel/sched/core.c:6787:3)", "#3  __mutex_lock_common (kernel/locking/mutex.c:679:3)", "#4  carp_flip (drivers/carp.c:44:2)")
add("drgn-stack", s, "bare", "undetermined", most="possible", never=["carp"], says=["__mutex_lock_common"])
s = Story(0.0)
for pid in (1300, 1301):
    s.say(f"== /proc/{pid}/stack", "[<0>] rpc_wait_bit_killable+0x1e/0xa0 [sunrpc]", "[<0>] __rpc_execute+0x122/0x4d0 [sunrpc]", "[<0>] nfs4_proc_getattr+0x5c/0x90 [nfsv4]")
add("proc-stacks", s, "bare", "undetermined", most="possible", never=["1300"], says=["rpc_wait_bit_killable"], alternatives=["server-gone"])
