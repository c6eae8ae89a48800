// SPDX-License-Identifier: GPL-2.0-or-later
// Control groups that have used their CPU time: found at every level, and not where nothing is throttled.
#include "kernel/cpu_bandwidth.h"

#include <gtest/gtest.h>

#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kTask = 0xffff888000001000;
constexpr std::uint64_t kInnerQueue = 0xffff888000002000;
constexpr std::uint64_t kOuterQueue = 0xffff888000002800;
constexpr std::uint64_t kInner = 0xffff888000003000;
constexpr std::uint64_t kOuter = 0xffff888000003800;
constexpr std::uint64_t kOuterQueues = 0xffff888000004000;
constexpr std::uint32_t kCpu = 3;

class CpuBandwidthTest : public testing::Test {
 protected:
  CpuBandwidthTest()
      : machine_(
            "task_struct 64: se.cfs_rq@0:8 throttled@8:4\n"
            "cfs_rq 64: throttled@0:4 tg@8:8\n"
            "task_group 128: parent@0:8 cfs_rq@8:8 css.cgroup@16:8 cfs_bandwidth.quota@24:8 cfs_bandwidth.period@32:8\n"
            "cgroup 16: kn@0:8\n"
            "kernfs_node 32: name@0:8 __parent@8:8\n") {
    set("task_struct", kTask, "se.cfs_rq", kInnerQueue);
    set("cfs_rq", kInnerQueue, "tg", kInner);
    set("cfs_rq", kOuterQueue, "tg", kOuter);
    set("task_group", kInner, "parent", kOuter);
    set("task_group", kOuter, "parent", 0);
    set("task_group", kOuter, "cfs_rq", kOuterQueues);
    machine_.memory.write_u64(kOuterQueues + 8 * kCpu, kOuterQueue);
    for (const std::uint64_t group : {kInner, kOuter}) {
      set("task_group", group, "cfs_bandwidth.quota", 1'000'000);
      set("task_group", group, "cfs_bandwidth.period", 100'000'000);
    }
  }
  void set(const char* type, std::uint64_t object, const char* member, std::uint64_t value) {
    machine_.set(type, object, member, value);
  }
  // A node of the hierarchy, whose parent is at `parent`.
  void name_group(std::uint64_t group, std::uint64_t node, std::string_view name, std::uint64_t parent) {
    set("task_group", group, "css.cgroup", node + 0x100);
    set("cgroup", node + 0x100, "kn", node);
    set("kernfs_node", node, "name", node + 0x200);
    set("kernfs_node", node, "__parent", parent);
    machine_.memory.write_text(node + 0x200, name);
  }
  std::optional<Throttle> throttle() {
    Binder binder(machine_.types);
    return CpuBandwidthView::bind(binder).throttle_of(machine_.memory, VirtualAddress(kTask), kCpu);
  }
  test::FakeMachine machine_;
};

TEST_F(CpuBandwidthTest, WhereNothingIsThrottledNothingIsFound) {
  EXPECT_FALSE(throttle());
}

TEST_F(CpuBandwidthTest, TheGroupOfTheTaskIsFound) {
  set("cfs_rq", kInnerQueue, "throttled", 1);
  ASSERT_TRUE(throttle());
  EXPECT_EQ(throttle()->quota, 1'000'000u);
  EXPECT_EQ(throttle()->period, 100'000'000u);
  EXPECT_FALSE(throttle()->until_user_mode);
}

TEST_F(CpuBandwidthTest, AGroupAboveIsFoundByItsQueueOfThatCpu) {
  set("cfs_rq", kOuterQueue, "throttled", 1);
  set("task_group", kOuter, "cfs_bandwidth.quota", 5);
  ASSERT_TRUE(throttle());
  EXPECT_EQ(throttle()->quota, 5u);
}

TEST_F(CpuBandwidthTest, ItsPathIsThatOfItsControlGroup) {
  constexpr std::uint64_t kRoot = 0xffff888000010000;
  constexpr std::uint64_t kBox = 0xffff888000011000;
  constexpr std::uint64_t kSmall = 0xffff888000012000;
  name_group(kOuter, kBox, "box", kRoot);
  name_group(kInner, kSmall, "small", kBox);
  set("kernfs_node", kRoot, "name", kRoot + 0x200);
  machine_.memory.write_text(kRoot + 0x200, "");
  set("kernfs_node", kRoot, "__parent", 0);
  set("cfs_rq", kInnerQueue, "throttled", 1);
  ASSERT_TRUE(throttle());
  EXPECT_EQ(throttle()->group, "/box/small");
}

TEST_F(CpuBandwidthTest, ATaskTakenOffOnItsWayOutSaysSo) {
  set("cfs_rq", kInnerQueue, "throttled", 1);
  set("task_struct", kTask, "throttled", 1);
  ASSERT_TRUE(throttle());
  EXPECT_TRUE(throttle()->until_user_mode);
}

TEST_F(CpuBandwidthTest, ACircleOfGroupsEnds) {
  set("task_group", kOuter, "parent", kOuter);
  EXPECT_FALSE(throttle());
}

TEST_F(CpuBandwidthTest, AKernelWithoutThemHasNone) {
  set("cfs_rq", kInnerQueue, "throttled", 1);
  machine_.types.remove("cfs_rq");
  EXPECT_FALSE(throttle());
}

}  // namespace
}  // namespace whyhung::kernel
