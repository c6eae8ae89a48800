// SPDX-License-Identifier: GPL-2.0-or-later
#include "collect/complaints.h"

#include <gtest/gtest.h>

namespace whyhung::collect {
namespace {

using model::ComplaintKind;

std::optional<model::Complaint> found_in(std::initializer_list<const char*> lines) {
  std::vector<model::LogRecord> records;
  for (const char* text : lines) {
    model::LogRecord record;
    record.time = 1000 + records.size();
    record.text = text;
    records.push_back(record);
  }
  return find_complaint(records);
}

TEST(Complaints, ASoftLockupNamesCpuAndTask) {
  const auto complaint =
      found_in({"watchdog: BUG: soft lockup - CPU#3 stuck for 9s! [kworker/3:1:116]", "CPU: 3 PID: 116"});
  ASSERT_TRUE(complaint);
  EXPECT_EQ(complaint->kind, ComplaintKind::kSoftLockup);
  EXPECT_EQ(complaint->cpu, 3u);
  EXPECT_EQ(complaint->pid, 116u);
  EXPECT_EQ(complaint->comm, "kworker/3:1") << "a comm may have colons";
  EXPECT_EQ(complaint->time, 1000u);
}

TEST(Complaints, AHardLockupNamesTheCpuThatHangs) {
  EXPECT_EQ(found_in({"watchdog: Watchdog detected hard LOCKUP on cpu 2"})->cpu, 2u);
  EXPECT_EQ(found_in({"watchdog: CPU 1 detected hard LOCKUP on other CPUs 5"})->cpu, 5u);
  EXPECT_EQ(found_in({"watchdog: CPU 4 self-detected hard LOCKUP @ f+0x1/0x2"})->cpu, 4u);
}

TEST(Complaints, AHungTaskHasNoCpu) {
  const auto complaint = found_in({"INFO: task cat:123 blocked for more than 10 seconds."});
  ASSERT_TRUE(complaint);
  EXPECT_EQ(complaint->kind, ComplaintKind::kHungTask);
  EXPECT_EQ(complaint->comm, "cat");
  EXPECT_FALSE(complaint->cpu);
}

TEST(Complaints, AStallNamesItsCpuOrReaderBelow) {
  const auto cpu = found_in({"rcu: INFO: rcu_sched self-detected stall on CPU", "rcu: \t2-....: (5250 ticks this GP)"});
  ASSERT_TRUE(cpu);
  EXPECT_EQ(cpu->kind, ComplaintKind::kRcuStall);
  EXPECT_EQ(cpu->cpu, 2u);
  const auto reader = found_in({"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
                                "rcu: \tTasks blocked on level-0 rcu_node (CPUs 0-3): P116"});
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->pid, 116u);
  EXPECT_FALSE(reader->cpu);
}

TEST(Complaints, TheNewestCounts) {
  EXPECT_EQ(
      found_in({"BUG: soft lockup - CPU#1 stuck for 9s! [a:1]", "BUG: soft lockup - CPU#2 stuck for 9s! [b:2]"})->cpu,
      2u);
}

TEST(Complaints, OtherLinesAreNone) {
  EXPECT_FALSE(found_in({}));
  EXPECT_FALSE(found_in({"systemd[1]: task cat:123 was started", "soft lockup"}));
}

TEST(Complaints, WhatIsCutOffNamesNobody) {
  const auto complaint = found_in({"BUG: soft lockup - CPU#"});
  ASSERT_TRUE(complaint);
  EXPECT_FALSE(complaint->cpu);
  EXPECT_FALSE(complaint->pid);
}

}  // namespace
}  // namespace whyhung::collect
