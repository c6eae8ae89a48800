// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "log/reader.h"

namespace whyhung::log {
namespace {

struct Read {
  std::deque<std::string> texts;
  std::vector<Record> records;
  Events events;
};

std::unique_ptr<Read> read(std::initializer_list<std::string_view> texts) {
  auto out = std::make_unique<Read>();
  for (const std::string_view text : texts) {
    Record record;
    record.line = out->records.size() + 1;
    record.uptime = static_cast<double>(record.line);
    record.text = out->texts.emplace_back(text);
    out->records.push_back(record);
  }
  Reader(out->events).read(out->records);
  return out;
}

TEST(HungTaskFamily, NamesMayHoldColonsAndBlanks) {
  const auto out =
      read({"INFO: task rs:main Q:Reg:1403 blocked for more than 122 seconds.",
            "task:rs:main Q:Reg   state:D stack:    0 pid: 1403 ppid:     1 flags:0x00000000", "schedule+0x1/0x2"});
  ASSERT_EQ(out->events.hung.size(), 1u);
  EXPECT_EQ(out->events.hung[0].task.comm, "rs:main Q:Reg");
  EXPECT_EQ(out->events.hung[0].task.pid, 1403u);
  ASSERT_TRUE(out->events.hung[0].dump);
  EXPECT_EQ(out->events.dumps[*out->events.hung[0].dump].frames.size(), 1u);
}

TEST(HungTaskFamily, AllHeadersOfTasksAreRead) {
  for (const std::string_view header :
       {"iwd             D    0  1200      1 0x000041a0",
        "xfsaild/dm-0    D ffff8800369bc530     0  1200      2 0x00000000",
        "mmcqd/0         D c04e1b4c     0  1200      2 0x00000000",
        "task:iwd             state:D stack:0     pid:1200  ppid:1      flags:0x00004000",
        "task:iwd             state:D stack:0     pid:1200  tgid:1200  ppid:1      task_flags:0x400100 "
        "flags:0x00000002"}) {
    const auto out = read({header, "schedule+0x1/0x2"});
    ASSERT_EQ(out->events.dumps.size(), 1u) << header;
    EXPECT_EQ(out->events.dumps[0].pid, 1200u) << header;
    EXPECT_EQ(out->events.dumps[0].state, 'D') << header;
  }
}

TEST(HungTaskFamily, TheKernelsWordsForHoldersAreRead) {
  const auto out = read({"INFO: task kworker/u64:3:339 is blocked on a mutex likely owned by task NetworkManager:1463.",
                         "INFO: task kwin:2171 blocked on a semaphore likely last held by task nvidia-modeset/:541",
                         "INFO: task a:7 <writer> blocked on an rw-semaphore likely owned by task b:8 <reader>",
                         "INFO: task a:9 is blocked on a mutex, but the owner is not found."});
  ASSERT_EQ(out->events.blockers.size(), 4u);
  EXPECT_EQ(out->events.blockers[0].waiter.comm, "kworker/u64:3");
  EXPECT_EQ(out->events.blockers[0].holder->pid, 1463u);
  EXPECT_EQ(out->events.blockers[1].kind, LockKind::kSemaphore);
  EXPECT_EQ(out->events.blockers[1].holder->comm, "nvidia-modeset/");
  EXPECT_TRUE(out->events.blockers[2].shared);
  EXPECT_EQ(out->events.blockers[2].holder->pid, 8u);
  EXPECT_FALSE(out->events.blockers[3].holder);
}

TEST(LockupFamily, OldAndNewPrefixesAreRead) {
  for (const std::string_view head : {"", "NMI watchdog: ", "watchdog: "}) {
    const auto out = read({std::string(head) + "BUG: soft lockup - CPU#2 stuck for 26s! [kworker/u16:7:14343]",
                           "CPU: 2 PID: 14343 Comm: kworker/u16:7 Not tainted 6.1.0 #1", "RIP: 0010:f+0x1/0x2",
                           "RSP: 0018:00 EFLAGS: 00000202"});
    ASSERT_EQ(out->events.lockups.size(), 1u);
    EXPECT_EQ(out->events.lockups[0].seconds, 26u);
    EXPECT_EQ(out->events.lockups[0].task->comm, "kworker/u16:7");
    EXPECT_EQ(out->events.dumps[*out->events.lockups[0].dump].point, "f");
    EXPECT_EQ(out->events.dumps[*out->events.lockups[0].dump].interrupts_on, true);
  }
}

TEST(LockupFamily, WhoSeesAHardLockupIsNotWhoIsStuck) {
  const auto out = read({"CPU30: Watchdog detected hard LOCKUP on cpu 0"});
  ASSERT_EQ(out->events.lockups.size(), 1u);
  EXPECT_EQ(out->events.lockups[0].cpu, 0u);
}

TEST(RcuFamily, FlagsReadersAndTheStarvedThreadAreRead) {
  const auto out =
      read({"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
            "rcu: \t1-...0: (14 ticks this GP) idle=f1b/1/0x4000000000000000 softirq=5801/5802 fqs=2624",
            "rcu: \t3-...!: (0 ticks this GP) idle=9fe/0/0x0 softirq=1/1 fqs=0  (false positive?)",
            "rcu: \tTasks blocked on level-0 rcu_node (CPUs 0-7): P123 P456/1:b..l",
            "(detected by 0, t=5252 jiffies, g=10085, q=310)",
            "rcu: rcu_preempt kthread starved for 6003 jiffies! g68517 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x0 ->cpu=5"});
  ASSERT_EQ(out->events.stalls.size(), 1u);
  const Stall& stall = out->events.stalls[0];
  ASSERT_EQ(stall.cpus.size(), 2u);
  EXPECT_TRUE(stall.cpus[0].deaf);
  EXPECT_EQ(stall.cpus[0].ticks, 14u);
  EXPECT_TRUE(stall.cpus[1].idle);
  EXPECT_TRUE(stall.cpus[1].false_positive);
  EXPECT_EQ(stall.readers, (std::vector<std::uint32_t>{123, 456}));
  EXPECT_EQ(stall.jiffies, 5252u);
  EXPECT_TRUE(stall.thread_starved);
  EXPECT_EQ(stall.thread_cpu, 5u);
}

TEST(RcuFamily, OldStallsAreRead) {
  const auto out = read({"INFO: rcu_sched self-detected stall on CPU { 2}  (t=15000 jiffies g=3 c=2 q=1)",
                         "INFO: rcu_sched_state detected stall on CPU 4 (t=2100 jiffies)",
                         "INFO: rcu_bh detected stalls on CPUs/tasks: { 1 3} (detected by 0, t=60002 jiffies)"});
  ASSERT_EQ(out->events.stalls.size(), 3u);
  EXPECT_EQ(out->events.stalls[0].cpus[0].cpu, 2u);
  EXPECT_EQ(out->events.stalls[1].cpus[0].cpu, 4u);
  EXPECT_EQ(out->events.stalls[2].cpus.size(), 2u);
}

TEST(WorkFamily, WorksInFlightAreToldFromThoseThatWait) {
  const auto out = read({"BUG: workqueue lockup - pool cpus=3 node=0 flags=0x1 nice=0 stuck for 132s!",
                         "Showing busy workqueues and worker pools:", "workqueue events: flags=0x0",
                         "pwq 6: cpus=3 node=0 flags=0x1 nice=0 active=9/256 refcnt=10",
                         "in-flight: 16349:refill_work [bcachefs], 32331(RESCUER):other for 12s",
                         "pending: 3*psi_avgs_work, lru_add BAR(457)"});
  ASSERT_EQ(out->events.works.size(), 4u);
  EXPECT_EQ(out->events.works[0].pid, 16349u);
  EXPECT_EQ(out->events.works[0].module, "bcachefs");
  EXPECT_EQ(out->events.works[1].seconds, 12u);
  EXPECT_EQ(out->events.works[2].function, "psi_avgs_work");
  EXPECT_EQ(out->events.works[3].barrier, 457u);
}

TEST(DeviceFamily, TheDeviceIsFoundInEveryWriting) {
  const auto out = read({"nvme nvme0: I/O 12 QID 0 timeout, completion polled",
                         "sd 2:0:0:0: [sdc] tag#4 FAILED Result: hostbyte=DID_TIME_OUT",
                         "blk_update_request: I/O error, dev sdb, sector 2048", "ata3.00: exception Emask 0x0",
                         "mmc0: Timeout waiting for hardware interrupt."});
  ASSERT_EQ(out->events.devices.size(), 5u);
  EXPECT_EQ(out->events.devices[0].device, "nvme0");
  EXPECT_TRUE(out->events.devices[0].interrupts_lost);
  EXPECT_EQ(out->events.devices[1].device, "sdc");
  EXPECT_EQ(out->events.devices[2].device, "sdb");
  EXPECT_EQ(out->events.devices[3].device, "ata3.00");
  EXPECT_EQ(out->events.devices[4].device, "mmc0");
}

TEST(Interleaving, StacksOfTwoCallersAreTakenApart) {
  Read out;
  const auto add = [&](std::string_view caller, std::string_view text) {
    Record record;
    record.line = out.records.size() + 1;
    record.caller = caller;
    record.text = text;
    out.records.push_back(record);
  };
  add("C1", "BUG: soft lockup - CPU#1 stuck for 26s! [a:11]");
  add("C2", "BUG: soft lockup - CPU#2 stuck for 26s! [b:12]");
  add("C1", "one+0x1/0x2");
  add("C2", "two+0x1/0x2");
  Reader(out.events).read(out.records);
  ASSERT_EQ(out.events.lockups.size(), 2u);
  EXPECT_EQ(out.events.dumps[*out.events.lockups[0].dump].frames.at(0).function, "one");
  EXPECT_EQ(out.events.dumps[*out.events.lockups[1].dump].frames.at(0).function, "two");
}

TEST(UserSpace, AProgramThatWritesTheKernelsWordsIsNotBelieved) {
  Read out;
  Record record;
  record.line = 1;
  record.text = "INFO: task x:1 blocked for more than 122 seconds.";
  record.from_user_space = true;
  out.records.push_back(record);
  Reader(out.events).read(out.records);
  EXPECT_TRUE(out.events.hung.empty());
}

}  // namespace
}  // namespace whyhung::log
