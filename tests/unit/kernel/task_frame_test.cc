// SPDX-License-Identifier: GPL-2.0-or-later
// A task's kthread structure in its three homes, and the registers of a task that is switched out.
#include <gtest/gtest.h>

#include "arch/ppc64.h"
#include "arch/x86_64.h"
#include "kernel/kthread.h"
#include "kernel/switch_frame.h"
#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kTask = 0xffff888100000000;
constexpr std::uint64_t kKthread = 0xffff888100001000;
constexpr std::uint64_t kStack = 0xffffc90000001e00;

std::optional<VirtualAddress> find_kthread(test::FakeMachine& machine) {
  Binder binder(machine.types);
  const TaskView tasks = TaskView::bind(machine.access(), binder);
  return kthread_of(machine.access(), tasks, KthreadView::bind(binder), VirtualAddress(kTask));
}

TEST(Kthread, SinceV517TheTaskPointsToItByAMemberOfItsOwn) {
  test::FakeMachine machine("task_struct 512: worker_private@8:8 set_child_tid@16:8\nkthread 64: threadfn@24:8");
  machine.set("task_struct", kTask, "worker_private", kKthread);
  machine.set("task_struct", kTask, "set_child_tid", 0x1234);
  EXPECT_EQ(find_kthread(machine), VirtualAddress(kKthread));
  machine.set("task_struct", kTask, "worker_private", 0);
  EXPECT_EQ(find_kthread(machine), std::nullopt) << "set_child_tid is a user's address then";
}

TEST(Kthread, SinceV410ItHidInSetChildTid) {
  test::FakeMachine machine(
      "task_struct 512: set_child_tid@16:8 vfork_done@24:8\nkthread 64: data@16:8 exited@32:16 threadfn@24:8");
  machine.set("task_struct", kTask, "set_child_tid", kKthread);
  machine.set("task_struct", kTask, "vfork_done", kKthread + 0x999);
  EXPECT_EQ(find_kthread(machine), VirtualAddress(kKthread));
}

TEST(Kthread, BeforeThatItContainedTheCompletionOfVfork) {
  test::FakeMachine machine("task_struct 512: set_child_tid@16:8 vfork_done@24:8\nkthread 64: data@16:8 exited@32:16");
  machine.set("task_struct", kTask, "vfork_done", kKthread + 32);
  EXPECT_EQ(find_kthread(machine), VirtualAddress(kKthread));
  machine.set("task_struct", kTask, "vfork_done", 0);
  EXPECT_EQ(find_kthread(machine), std::nullopt);
}

TEST(Kthread, ATaskThatIsNotInTheDumpHasNone) {
  test::FakeMachine machine("task_struct 512: worker_private@8:8");
  EXPECT_EQ(find_kthread(machine), std::nullopt);
}

class SwitchFrameTest : public testing::Test {
 protected:
  SwitchFrameTest()
      : machine_(
            "task_struct 512: thread.sp@64:8\n"
            "inactive_task_frame 56: r15@0:8 r14@8:8 r13@16:8 r12@24:8 bx@32:8 bp@40:8 ret_addr@48:8") {
    machine_.symbols.add("__schedule", 0xffffffff81001000, 0x100).add("ret_from_fork", 0xffffffff81002000, 0x100);
    machine_.set("task_struct", kTask, "thread.sp", kStack);
    for (std::uint64_t i = 0; i < 6; ++i) machine_.memory.write_u64(kStack + 8 * i, 100 + i);
    machine_.memory.write_u64(kStack + 48, 0xffffffff81001020);
  }
  ReadResult<SwitchedOut> read(const arch::Architecture& architecture = arch::kX86_64) {
    Binder binder(machine_.types);
    const TaskView tasks = TaskView::bind(machine_.access(), binder);
    return SwitchFrameView::bind(architecture, binder, machine_.types)
        .read(machine_.access(), tasks, VirtualAddress(kTask));
  }
  test::FakeMachine machine_;
};

TEST_F(SwitchFrameTest, GivesWhatTheContextSwitchPushed) {
  const auto out = read();
  ASSERT_TRUE(out);
  namespace x86 = arch::x86;
  EXPECT_EQ(out->registers.get(x86::kR15), 100u);
  EXPECT_EQ(out->registers.get(x86::kRbx), 104u);
  EXPECT_EQ(out->registers.get(x86::kRbp), 105u);
  EXPECT_EQ(out->registers.get(x86::kRip), 0xffffffff81001020u);
  EXPECT_EQ(out->registers.get(x86::kRsp), kStack + 56);
  EXPECT_EQ(out->registers.get(x86::kRax), std::nullopt);
  EXPECT_FALSE(out->pc_is_exact) << "it will be returned to";
}

TEST_F(SwitchFrameTest, ATaskThatNeverRanStandsAtTheFirstInstruction) {
  machine_.memory.write_u64(kStack + 48, 0xffffffff81002000);
  EXPECT_TRUE(read()->pc_is_exact);
}

TEST_F(SwitchFrameTest, AStackThatIsNotInTheDumpFaultsAtItsAddress) {
  machine_.memory.take_away(kStack);
  EXPECT_EQ(read().error(), (ReadFault{FaultKind::kFilteredOut, kStack}));
}

TEST_F(SwitchFrameTest, WithoutTheTypesThereAreNoRegisters) {
  machine_.types.remove("inactive_task_frame");
  EXPECT_EQ(read().error().kind, FaultKind::kNoSuchField);
}

TEST_F(SwitchFrameTest, BeforeItHadAStructureTheSwitchWentOnBehindTheSchedulersCall) {
  machine_.types.remove("inactive_task_frame");
  machine_.symbols.add("__switch_to", 0xffffffff81003000, 0x100);
  machine_.memory.touch(0xffffffff81001000);
  machine_.memory.write_integer<std::uint8_t>(0xffffffff81001040, 0xe8);
  machine_.memory.write_u32(0xffffffff81001041, 0x3000 - 0x1045);
  const auto out = read();
  ASSERT_TRUE(out);
  EXPECT_EQ(out->registers.get(arch::x86::kRip), 0xffffffff81001045u);
  EXPECT_EQ(out->registers.get(arch::x86::kRbp), 100u) << "the word that thread.sp points to";
  EXPECT_FALSE(out->pc_is_exact);
}

TEST_F(SwitchFrameTest, AMachineWithoutALayoutSaysThereIsNothingToRead) {
  arch::Architecture other = arch::kX86_64;
  other.name = "vax";
  EXPECT_EQ(read(other).error().kind, FaultKind::kNoSuchField);
}

constexpr std::uint64_t kPpcStack = 0xc000000005e8f000;

class Ppc64SwitchFrameTest : public testing::Test {
 protected:
  Ppc64SwitchFrameTest() : machine_("task_struct 512: thread.ksp@64:8") {
    machine_.set("task_struct", kTask, "thread.ksp", kPpcStack);
    for (std::uint64_t page = 0; page < 2; ++page) machine_.memory.touch(kPpcStack + page * 4096);
  }
  ReadResult<SwitchedOut> read() {
    Binder binder(machine_.types);
    const TaskView tasks = TaskView::bind(machine_.access(), binder);
    return SwitchFrameView::bind(arch::kPpc64le, binder, machine_.types)
        .read(machine_.access(), tasks, VirtualAddress(kTask));
  }
  test::FakeMachine machine_;
};

TEST_F(Ppc64SwitchFrameTest, GivesTheFrameThatItReturnsToAndThePreservedRegisters) {
  namespace ppc64 = arch::ppc64;
  for (const std::uint64_t registers : {112u, 48u}) {
    machine_.memory.write_u64(kPpcStack, kPpcStack + 0x200);
    machine_.memory.write_u64(kPpcStack + 0x200 + 16, 0xc00000000001d0ac);
    machine_.memory.write_u64(kPpcStack + registers + 8 * ppc64::kNip, 0xc00000000001d0ac);
    machine_.memory.write_u64(kPpcStack + registers + 8 * 14, 0x1414);
    const auto out = read();
    ASSERT_TRUE(out);
    EXPECT_EQ(out->registers.get(ppc64::kNip), 0xc00000000001d0acu);
    EXPECT_EQ(out->registers.get(ppc64::kR1), kPpcStack + 0x200);
    EXPECT_EQ(out->registers.get(14), 0x1414u);
    EXPECT_EQ(out->registers.get(3), std::nullopt);
    EXPECT_FALSE(out->pc_is_exact);
    machine_.memory.write_u64(kPpcStack + registers + 8 * ppc64::kNip, 0);
  }
}

TEST_F(Ppc64SwitchFrameTest, ATaskThatNeverRanHasNoCallerYet) {
  namespace ppc64 = arch::ppc64;
  machine_.memory.write_u64(kPpcStack + 48 + 8 * ppc64::kNip, 0xc00000000000cd00);
  const auto out = read();
  ASSERT_TRUE(out);
  EXPECT_EQ(out->registers.get(ppc64::kNip), 0xc00000000000cd00u);
  machine_.memory.write_u64(kPpcStack + 48 + 8 * ppc64::kNip, 0);
  EXPECT_EQ(read().error().kind, FaultKind::kNoSuchField);
}

}  // namespace
}  // namespace whyhung::kernel
