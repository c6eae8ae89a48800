# SPDX-License-Identifier: GPL-2.0-or-later
"""Stories that mislead: others stand near what happened, complain of something else, or went before. Each: (dialect,
records, truth)."""
from stories import MUTEX, SYSCALL, WORKER, Story, header_4, header_510, header_617

DOUBTS = {}
SPIN = "native_queued_spin_lock_slowpath"
PAGE = ("__schedule", "schedule", "io_schedule", "folio_wait_bit_common", "filemap_fault", "handle_mm_fault", "exc_page_fault")
JOURNAL = ("__schedule", "schedule", "io_schedule", "bit_wait_io", "__wait_on_bit", "out_of_line_wait_on_bit", "__wait_on_buffer",
           "jbd2_journal_commit_transaction", "kjournald2", "kthread", "ret_from_fork")
NFS = ("__schedule", "schedule", "rpc_wait_bit_killable", "__wait_on_bit", "out_of_line_wait_on_bit", "__rpc_execute", "nfs4_proc_getattr nfsv4")


def add(name, story, dialect, wanted, culprits=(), most="likely", least="possible", never=(), **more):
    DOUBTS[name] = story.end(dialect, **{"class": wanted, "culprits": list(culprits), "confidence_at_most": most,
                                         "confidence_at_least": least, "must_not_accuse": list(never), **more})


def goes_on(story, minutes):
    start = story.time
    for i in range(1, minutes + 1):
        story.at(start + 60 * i).say(f"usb 1-{i}: new high-speed USB device number {i} using xhci_hcd")
    return story


def hog(story, start, comm="roach", ages=(26, 52), cpu=5):
    for age in ages:
        story.at(start + age).lockup(cpu, age, comm, 977, "roach_scan roach", "roach_ioctl roach", *SYSCALL)
    return story


def nmi(story, cpu, comm, pid, point, *names, flags="00000046"):
    place, _, module = point.partition(" ")
    story.say(f"NMI backtrace for cpu {cpu}", f"CPU: {cpu} PID: {pid} Comm: {comm} Not tainted 6.1.0-21-amd64 #1",
              f"RIP: 0010:{place}+0x14/0x60{' [' + module + ']' if module else ''}", f"RSP: 0018:ffffb00000000000 EFLAGS: {flags}",
              "Call Trace:", " <TASK>", who=f"C{cpu}")
    return story.frames(*names, who=f"C{cpu}").say(" </TASK>", who=f"C{cpu}")


# One server comes back, the other one does not.
s = Story(100.0).say("nfs: server attic not responding, still trying", "nfs: server shed not responding, still trying")
s.at(140.0).say("nfs: server shed OK").at(300.0).hung("find", 77, 122, *NFS, *SYSCALL)
add("two-servers", s, "dmesg", "server-gone", ["attic"], least="likely", never=["shed", "find"])

# All wait until somebody else has freed memory: victims of it.
s = Story(900.0).say("python3 invoked oom-killer: gfp_mask=0x1100cca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0",
                     "Out of memory: Killed process 90 (python3) total-vm:18000000kB").at(1040.0)
for comm, pid in (("sshd", 80), ("snmpd", 81)):
    s.hung(comm, pid, 122, "__schedule", "schedule", "schedule_timeout", "io_schedule_timeout", "congestion_wait", "shrink_inactive_list",
           "shrink_lruvec", "shrink_node", "do_try_to_free_pages", "try_to_free_pages", "__alloc_pages", "filemap_fault", "exc_page_fault")
add("slow-reclaim", s, "dmesg", "memory-reclaim-stall", never=["sshd", "snmpd"])

# A stick that fails is not the disk that others wait for.
s = Story(1000.0).say("sd 6:0:0:0: [sdc] tag#0 FAILED Result: hostbyte=DID_ERROR driverbyte=DRIVER_OK cmd_age=0s",
                      "blk_update_request: I/O error, dev sdc, sector 2048 op 0x0:(READ)", "usb 2-1: USB disconnect, device number 3")
s.at(1400.0).hung("jbd2/sda2-8", 301, 122, *JOURNAL, parent=2)
add("another-disk", s, "journal", "io-stuck", most="possible", never=["sdc", "jbd2"], alternatives=["undetermined"])

# An error of the same machine's disk, six days before.
s = Story(1000.0).say("blk_update_request: I/O error, dev sda, sector 8888 op 0x0:(READ)").at(500000.0)
s.hung("dockerd", 811, 122, *PAGE)
add("error-days-before", s, "dmesg", "io-stuck", most="possible", never=["sda", "dockerd"], alternatives=["undetermined"])

# A program of high priority that never sleeps.
s = Story(1000.0).say("sched: RT throttling activated").at(1060.0)
s.say("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "rcu: \t3-...!: (2 GPs behind) idle=2a9/1/0x4000000000000000 softirq=0/0 fqs=12 rcuc=60012 jiffies(starved)",
      "\t(detected by 0, t=60002 jiffies, g=30121, q=420)", "Sending NMI from CPU 0 to CPUs 3:", "NMI backtrace for cpu 3",
      "CPU: 3 PID: 2210 Comm: ecat_cycle Not tainted 6.1.0-rt21 #1", "RIP: 0033:0x7fb05afd5a78", "RSP: 002b:00007ffc208c80e2 EFLAGS: 00000246")
add("real-time-program", s, "dmesg", "rt-hog", ["ecat_cycle"], least="likely", never=["rcuc", "rcu_preempt"])

# The CPU that complains only wants to print; another one prints.
s = Story(900.0).say("NMI watchdog: Watchdog detected hard LOCKUP on cpu 7", f"CPU: 7 PID: 1510 Comm: ksmtuned Not tainted 5.10.0-26-amd64 #1",
                     f"RIP: 0010:{SPIN}+0x1c/0x90", "RSP: 0018:ffffb00000000000 EFLAGS: 00000046", "Call Trace:", who="C7")
s.frames("_raw_spin_lock_irqsave", "vprintk_emit", "printk", "wake_up_q", "do_futex", *SYSCALL, who="C7")
s.say("Sending NMI from CPU 7 to CPUs 0-6:", who="C7")
nmi(s, 2, "kworker/2:1", 20131, "io_serial_in", "wait_for_xmitr", "serial8250_console_write", "console_unlock", "vprintk_emit", "printk", "smelt_log smelt", *WORKER)
add("wants-to-print", s, "caller", "console-storm", never=["ksmtuned"])

# The pools of all CPUs stood still for an hour, and the clock jumped: the machine was saved meanwhile.
s = Story(9.0).say("Hypervisor detected: KVM").at(40012.0)
for cpu in range(3):
    s.say(f"BUG: workqueue lockup - pool cpus={cpu} node=0 flags=0x0 nice=0 stuck for 3612s!")
s.say("Showing busy workqueues and worker pools:", "workqueue events: flags=0x0", "  pwq 2: cpus=1 node=0 flags=0x0 nice=0 active=1/256 refcnt=2", "    in-flight: 12:psi_avgs_work",
      "clocksource: timekeeping watchdog on CPU2: Marking clocksource 'tsc' as unstable because the skew is too large:")
add("pools-of-a-saved-guest", s, "dmesg", "external", least="likely", never=["psi_avgs_work"])

# CPUs that wait for what happens on another one, which is not shown.
for name, point, above in (("spins-on-owner", "rwsem_spin_on_owner", ("rwsem_optimistic_spin", "rwsem_down_write_slowpath", "do_mprotect_pkey")),
                           ("waits-for-handler", "__synchronize_hardirq", ("synchronize_irq", "__free_irq", "jay_remove jay")),
                           ("waits-for-task", "wait_task_inactive", ("ptrace_check_attach", "__x64_sys_ptrace"))):
    s = Story(700.0)
    for age in (26, 52):
        s.at(700.0 + age).lockup(2, age, "mysqld", 2111, point, *above, *SYSCALL)
    add(name, s, "dmesg", "undetermined", most="possible", never=["mysqld", "jay"])

# … and the only other one that is shown takes interrupts: it is not the deaf one.
s = Story(700.0).lockup(2, 26, "mysqld", 2111, "smp_call_function_many_cond", "on_each_cpu_cond_mask", "flush_tlb_mm_range", *SYSCALL)
nmi(s, 0, "find", 40, "ext4_htree_next_block", "ext4_readdir", "iterate_dir", *SYSCALL, flags="00000246")
add("takes-interrupts", s, "caller", "undetermined", most="possible", never=["mysqld", "find"])

# The first task of all, which starts the machine, is no idle one.
s = Story(2.0)
for age in (26, 52):
    s.at(10.0 + age).lockup(0, age, "swapper/0", 1, "skua_wait_pll", "skua_init_clocks", "do_one_initcall", "kernel_init", "ret_from_fork")
add("loops-while-starting", s, "dmesg", "cpu-hog", ["skua_wait_pll"], least="likely")

# Two hangs in one boot; the first one has ended.
s = Story(1000.0).say("nfs: server shed not responding, still trying").at(1125.0).hung("cp", 411, 122, *NFS, *SYSCALL, style=header_510)
hog(goes_on(s.at(1160.0).say("nfs: server shed OK"), 60), 9000.0)
add("two-hangs", s, "iso", "cpu-hog", ["roach"], least="likely", never=["cp", "shed"])

# … but after ten reports the silence says nothing: what is reported later may have the same cause.
s = Story(1000.0)
for turn in range(1, 4):
    for pid in range(4):
        s.at(1000.0 + 121 * turn).hung("lvs", 300 + pid, 120 * turn, *MUTEX, "carp_flip carp", "carp_write carp", *SYSCALL, style=header_4)
goes_on(s, 40)
add("reports-used-up", s, "dmesg", "undetermined", most="possible", never=["lvs"])

# The journal of a whole machine: only the kernel's lines have the kernel's clock, and others follow.
add("others-without-uptime", hog(Story(3000.0), 3000.0), "syslog_of_all", "cpu-hog", ["roach"], least="likely", never=["watchdog"])

# Two machines write into one file: that one of them goes on says nothing of the other.
add("two-machines", hog(Story(4000.0), 4000.0, ages=(22, 48, 75)), "of_two_machines", "cpu-hog", ["roach"], least="likely", never=["watchdog"])

# How log stores show times.
add("times-as-shown", hog(Story(2000.0), 2000.0), "csv_as_shown", "cpu-hog", ["roach"], least="likely", never=["watchdog"])
add("healthy-export", goes_on(Story(60.0), 20), "csv_as_shown", "none", never=["usb"])

# Stacks of a debugger without a line that says whose they are.
s = Story(0.0)
for function in ("tusk_move", "tusk_stat"):
    s.say("#0  context_switch (kernel/sched/core.c:5380:2)", "#1  __schedule (kernel/sched/core.c:6710:8)", "#2  __mutex_lock (kernel/locking/mutex.c:679:3)", f"#3  {function} (drivers/tusk.c:44:2)")
add("bare-drgn", s, "bare", "undetermined", most="possible", never=["tusk"])

# A worker that nobody reported: the list of works says who waits for it.
s = Story(5000.0).hung("modprobe", 3300, 122, "__schedule", "schedule", "schedule_timeout", "__wait_for_common", "__flush_work", "plover_exit plover", *SYSCALL)
s.at(5020.0).say("sysrq: Show State").task("kworker/1:3", 414, "__schedule", "schedule", "schedule_timeout", "__wait_for_common", "usb_start_wait_urb", "usb_control_msg", "plover_read plover", *WORKER,
                                           parent=2, work="events plover_probe_work [plover]")
s.say("Showing busy workqueues and worker pools:", "workqueue events: flags=0x0", "  pwq 2: cpus=1 node=0 flags=0x0 nice=0 active=1/256 refcnt=2", "    in-flight: 414:plover_probe_work [plover] BAR(3300)")
add("behind-a-listed-worker", s, "dmesg", "io-stuck", ["usb_start_wait_urb"], most="possible", never=["modprobe"], alternatives=["never-completed"])

# Devices that say it in their own words.
s = Story(100.0).say("ufshcd-qcom 1d84000.ufshc: ufshcd_abort: Device abort task at tag 7", "ufshcd-qcom 1d84000.ufshc: ufshcd_try_to_abort_task: no response from device. tag = 7, err -110")
s.at(230.0).hung("f2fs_gc-254:34", 455, 122, *PAGE, parent=2, style=header_510)
add("ufs-silent", s, "dmesg", "io-stuck", ["ufshc"], least="likely", never=["f2fs_gc"])
s = Story(100.0).say("device-mapper: thin: 253:4: switching pool to out-of-data-space (queue IO) mode").at(230.0).hung("dd", 45, 122, *PAGE, style=header_617)
add("thin-pool-full", s, "dmesg", "io-stuck", ["thin: 253:4"], least="likely", never=["dd"])

# What any healthy machine says of a drive without a medium, of a network device that is kept, of a server long given up.
s = Story(1000.0).say("blk_update_request: I/O error, dev fd0, sector 0 op 0x0:(READ)", "blk_update_request: I/O error, dev fd0, sector 0 op 0x0:(READ)").at(1200.0)
s.hung("jbd2/dm-0-8", 301, 122, *JOURNAL, parent=2)
add("drive-without-medium", s, "dmesg", "io-stuck", most="possible", never=["fd0", "jbd2"], alternatives=["undetermined"])
s = Story(1000.0).say("unregister_netdevice: waiting for lo to become free. Usage count = 1").at(1200.0)
for pid in (40, 41):
    s.hung("carpctl", pid, 122, *MUTEX, "carp_flip carp", "carp_write carp", *SYSCALL)
add("kept-device-elsewhere", s, "dmesg", "undetermined", most="possible", never=["lo", "carpctl"])
s = goes_on(Story(1000.0).say("nfs: server shed not responding, timed out"), 30)
add("server-given-up", s, "dmesg", "none", never=["shed"])

# A server of another kind than what is waited for.
s = Story(1000.0).say("libceph: mon0 (1)10.0.0.1:6789 socket closed (con state OPEN)").at(1200.0).hung("find", 77, 122, *NFS, *SYSCALL)
add("server-of-another-kind", s, "dmesg", "server-gone", most="possible", never=["mon0", "find"])

# A moment of a busy machine, and all goes on.
s = Story(77.0).say("sysrq: Show State")
for pid in range(4):
    s.task("dd", 60 + pid, "__schedule", "schedule", "io_schedule", "blk_mq_get_tag", "blk_mq_submit_bio", "__blkdev_direct_IO", *SYSCALL)
add("busy-all-tasks", goes_on(s, 20), "dmesg", "none", never=["dd"], alternatives=["undetermined"])

# Programs that write into the kernel's own log.
s = Story(700.0).say("EXT4-fs (sda1): re-mounted", "dockerd[44]: INFO: task docker:1 blocked for more than 120 seconds.",
                     "node-problem[45]: watchdog: BUG: soft lockup - CPU#1 stuck for 23s! [x:1]")
add("written-by-programs", s, "dmesg", "none", never=["docker", "x"])

# dmesg with whole dates: behind them stands a driver and no machine's name.
s = Story(9000.0).say("nvme nvme2: I/O tag 3 (1003) QID 7 timeout, aborting", "nvme nvme2: Abort status: 0x0").at(9125.0).hung("git", 500, 122, *PAGE)
add("dates-of-dmesg", s, "dmesg_iso", "io-stuck", ["nvme2"], least="likely", never=["git"])
