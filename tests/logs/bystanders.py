# SPDX-License-Identifier: GPL-2.0-or-later
"""Stories of those who only stood there: a task that an interrupt came in on top of, a disk that failed long before, two
CPUs that print at once, a suspend that was refused and then worked. Each: (dialect, records, truth)."""
from stories import MUTEX, SYSCALL, WORKER, Story

BYSTANDERS = {}
IRQ = ("__irq_exit_rcu", "common_interrupt", "asm_common_interrupt")
DIO = ("__schedule", "schedule", "io_schedule", "__iomap_dio_rw", "iomap_dio_rw", "xfs_file_write_iter xfs", "aio_write", *SYSCALL)


def add(name, story, dialect, wanted, culprits=(), most="likely", least="possible", never=(), **more):
    BYSTANDERS[name] = story.end(dialect, **{"class": wanted, "culprits": list(culprits), "confidence_at_most": most,
                                             "confidence_at_least": least, "must_not_accuse": list(never), **more})


def goes_on(story, minutes):
    start = story.time
    for i in range(1, minutes + 1):
        story.at(start + 60 * i).say(f"usb 1-{i}: new high-speed USB device number {i} using xhci_hcd")
    return story


def begins(story, cpu, age, comm, pid, point, who="T31"):
    return story.say(f"watchdog: BUG: soft lockup - CPU#{cpu} stuck for {age}s! [{comm}:{pid}]",
                     f"CPU: {cpu} PID: {pid} Comm: {comm} Not tainted 6.1.0-21-amd64 #1", f"RIP: 0010:{point}+0x1c/0x90",
                     "RSP: 0018:ffffb00000000000 EFLAGS: 00000202", who=who)


def handler(story, cpu, age, comm, pid, inside, outside):
    begins(story, cpu, age, comm, pid, inside[0]).say("Call Trace:", " <IRQ>").frames(*inside[1:], *IRQ).say(" </IRQ>", " <TASK>")
    return story.frames(*outside).say(" </TASK>")


NET = ("tench_refill", "tench_poll tench", "__napi_poll", "net_rx_action", "__do_softirq")
s = Story(2000.5)
for age in (26, 52):
    handler(s.at(2000.5 + age), 4, age, "reader", 811, NET, ("_copy_to_iter", "tcp_recvmsg", *SYSCALL))
add("softirq-on-top-of-a-task", s, "dmesg", "cpu-hog", ["tench_refill"], least="likely", never=["reader", "tcp_recvmsg"])

# The same on arm64, which marks no contexts, and on another task each time.
s = Story(2000.5)
for age, comm in ((26, "reader"), (52, "writer")):
    s.at(2000.5 + age).say(f"watchdog: BUG: soft lockup - CPU#4 stuck for {age}s! [{comm}:{800 + age}]",
                           f"CPU: 4 PID: {800 + age} Comm: {comm} Not tainted 6.6.10-edge #1",
                           "pstate: 60400005 (nZCv daif +PAN -UAO -TCO BTYPE=--)", "pc : tench_refill+0x1c/0x90 [tench]",
                           "lr : tench_poll+0x1c/0x90 [tench]", "Call trace:")
    s.frames("tench_refill tench", "tench_poll tench", "__napi_poll", "net_rx_action", "handle_softirqs", "__do_softirq",
             "____do_softirq", "call_on_irq_stack", "do_softirq_own_stack", "irq_exit_rcu", "el1_interrupt",
             "el1h_64_irq_handler", "el1h_64_irq", "filemap_read", "vfs_read", "el0_svc", "el0t_64_sync")
add("softirq-on-arm64", s, "iso", "cpu-hog", ["tench_refill"], least="likely", never=["reader", "writer", "filemap_read"])

# A timer that does not end, on an idle CPU: it is not the idle task, and no sign that time stood still.
s = Story(2000.5)
for age in (26, 52):
    handler(s.at(2000.5 + age), 2, age, "swapper/2", 0, ("tench_tick", "call_timer_fn", "run_timer_softirq", "__do_softirq"),
            ("cpuidle_enter_state", "do_idle", "start_secondary"))
add("timer-on-an-idle-cpu", s, "journal", "cpu-hog", ["tench_tick"], least="likely", never=["swapper"])

# An Oops in a handler is not that of the task below it.
s = Story(300.25)
s.say("BUG: unable to handle page fault for address: 000000000000a0c8", "Oops: 0000 [#1] PREEMPT SMP",
      "CPU: 3 PID: 900 Comm: reader Not tainted 6.1.0-21-amd64 #1", "RIP: 0010:tench_poll+0x1c/0x90 [tench]",
      "RSP: 0018:ffffb00000000000 EFLAGS: 00010202", "Call Trace:", " <IRQ>")
s.frames("__napi_poll", "net_rx_action", "__do_softirq", *IRQ).say(" </IRQ>", " <TASK>").frames("vfs_read", *SYSCALL).say(" </TASK>")
s.say("Kernel panic - not syncing: Fatal exception in interrupt")
add("oops-in-a-handler", s, "dmesg", "crashed", ["tench_poll"], never=["reader"])


def two_cpus(who):
    """The reports of two CPUs, line by line in turn; `who` prints them."""
    lines = []
    for start in (1526, 1552):
        one, two = Story(start), Story(start + 0.0000015)
        begins(one, 1, start - 1500, "looper", 700, "bream_spin").say("Call Trace:", " <TASK>").frames("bream_ioctl bream", *SYSCALL).say(" </TASK>")
        begins(two, 2, start - 1500, "browser", 801, "smp_call_function_many_cond").say("Call Trace:", " <TASK>")
        two.frames("on_each_cpu_cond_mask", "flush_tlb_mm_range", "tlb_finish_mmu", *SYSCALL).say(" </TASK>")
        both = [(time, who[0], text) for time, _, text in one.records] + [(time, who[1], text) for time, _, text in two.records]
        lines += sorted(both, key=lambda record: record[0])
    story = Story(1526)
    story.records = lines
    return story


add("two-cpus-told-apart", two_cpus(("C1", "C2")), "caller_apart", "cpu-hog", ["looper"], least="likely", never=["browser"])
add("two-cpus-in-turn", two_cpus(("T31", "T31")), "dmesg", "undetermined", most="possible", never=["browser", "looper"])

# riscv64 keeps in one bit what the trap has cleared in another: interrupts were on.
s = Story(300.5)
for jiffies in (5250, 21003):
    s.at(300.5 + jiffies / 250).say("rcu: INFO: rcu_sched self-detected stall on CPU",
                                    f"rcu: \t2-....: ({jiffies - 3} ticks this GP) idle=3e44/1/0x4000000000000002 softirq=32/32 fqs={jiffies // 3}",
                                    f"rcu: \t(t={jiffies} jiffies g=5521 q=33 ncpus=4)",
                                    "CPU: 2 PID: 402 Comm: kworker/2:2 Not tainted 6.6.36 #1", "Workqueue: events ruffe_work [ruffe]",
                                    "epc : ruffe_wait+0x2e/0x60 [ruffe]",
                                    "status: 0000000200000120 badaddr: 0000000000000000 cause: 8000000000000005")
    s.say("Call Trace:").frames("ruffe_wait ruffe", "ruffe_work ruffe", *WORKER)
add("riscv-interrupts-on", s, "dmesg", "cpu-hog", ["ruffe_wait"])

# Wrapped at the terminal's width with a long prefix: most lines have none.
s = Story(600.5)
for age in (26, 52):
    s.at(600.5 + age).lockup(1, age, "grinder", 555, "grayling_grind_a_long_way_down grayling", "grayling_outer_function grayling",
                             "grayling_ioctl grayling", *SYSCALL)
add("wrapped-with-a-long-prefix", s, "journal_wrapped", "cpu-hog", ["grinder"])

# A stick was pulled out five minutes before tasks began to wait for another disk.
s = Story(5000.5)
s.say("sd 4:0:0:0: [sdc] tag#0 FAILED Result: hostbyte=DID_ERROR driverbyte=DRIVER_OK cmd_age=1s",
      "I/O error, dev sdc, sector 2048 op 0x0:(READ) flags 0x80700", "usb 1-2: USB disconnect, device number 7")
s.at(5400.5).hung("mysqld", 900, 122, *DIO)
add("stick-pulled-before", s, "dmesg", "io-stuck", ["block device"], most="possible", never=["sdc"])

# A path that failed as long ago still keeps whoever writes now: its device queues.
s = Story(5000.5)
s.say("device-mapper: multipath: 253:3: Failing path 8:16.")
s.at(5400.5).hung("mysqld", 900, 122, *DIO)
add("path-failed-before", s, "journal", "io-stuck", ["multipath: 253:3"], least="likely")

s = Story(5000.5)
s.say("block nbd0: Possible stuck request 00000000c4d2a1b3: control (read@4096,131072B). Runtime 60 seconds")
s.at(5080.5).hung("mount", 901, 122, "__schedule", "schedule", "io_schedule", "folio_wait_bit_common", "do_read_cache_folio", *SYSCALL)
add("nbd-says-stuck", s, "dmesg", "io-stuck", ["nbd0"], least="likely", never=["mount"])

s = Story(5000.5)
s.say("[drm:tarpon_job_timedout [amdgpu]] *ERROR* ring sdma0 timeout, signaled seq=1299, emitted seq=1301")
s.at(5130.5).hung("Xwayland", 902, 122, "__schedule", "schedule", "schedule_timeout", "dma_fence_default_wait",
                  "dma_fence_wait_timeout", "drm_ioctl", *SYSCALL)
add("graphics-ring-stuck", s, "journal", "io-stuck", ["sdma0"], never=["Xwayland"])


def refused(story):
    story.say("PM: suspend entry (deep)", "Freezing user space processes ... ")
    story.at(story.time + 20).say("Freezing of tasks failed after 20.008 seconds (1 tasks refusing to freeze, wq_busy=0):")
    return story.task("rsync", 5120, "__schedule", "schedule", "io_schedule", "folio_wait_bit_common", "filemap_read",
                      *SYSCALL).say("Restarting tasks ... done.", "PM: suspend exit")


s = refused(Story(7000.5))
s.at(7200.5).say("PM: suspend entry (deep)", "Freezing user space processes ... (elapsed 0.003 seconds) done.").at(7206).say("PM: suspend exit")
add("suspend-refused-and-then-not", goes_on(s, 10), "journal", "none", never=["rsync"])

# crash's `bt` of the CPU on which a watchdog asked for the panic.
s = Story(0)
s.say('PID: 5121   TASK: ffff9b1234567800  CPU: 6    COMMAND: "indexer"')
for i, name in enumerate(("machine_kexec", "__crash_kexec", "panic", "watchdog_timer_fn", "__hrtimer_run_queues", "apic_timer_interrupt")):
    s.say(f" #{i} [ffffb2a3c0a6f{i}00] {name} at ffffffff8f0{i}1234")
s.say("    [exception RIP: barbel_walk+203]", "    RIP: ffffffffc0a1b2cb  RSP: ffffb2a3c0a6fd10  RFLAGS: 00000246",
      " #6 [ffffb2a3c0a6fd20] barbel_map at ffffffffc0a1c001 [barbel]", " #7 [ffffb2a3c0a6fe60] vfs_read at ffffffff8f34c2a1")
add("crash-bt-of-a-watchdog", s, "bare", "cpu-hog", ["indexer"], most="possible", never=["panic"])

# A mutex is waited for and nothing else is shown: the list of works of another pool accuses nobody.
s = Story(1000.5)
s.hung("client", 810, 122, *MUTEX, "zander_ctl zander", *SYSCALL)
s.say("Showing busy workqueues and worker pools:", "workqueue events: flags=0x0", "  pwq 14: cpus=7 node=0 flags=0x0 nice=0 active=1/256 refcnt=2",
      "    in-flight: 245:vmstat_shepherd")
add("works-of-others", s, "dmesg", "undetermined", most="possible", never=["vmstat_shepherd", "245", "client"])
