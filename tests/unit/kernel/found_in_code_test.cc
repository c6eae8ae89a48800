// SPDX-License-Identifier: GPL-2.0-or-later
// Variables without a symbol, and what arm64 keeps in the task.
#include "kernel/found_in_code.h"

#include <gtest/gtest.h>

#include "arch/arm64.h"
#include "arch/riscv64.h"
#include "arch/x86_64.h"
#include "kernel/interrupts.h"
#include "kernel/switch_frame.h"
#include "support/fake_machine.h"

namespace whyhung::kernel {
namespace {

constexpr std::uint64_t kFunction = 0xffff800008010000;
constexpr std::uint64_t kHead = 0xffff800008012340;
constexpr std::uint64_t kModule = 0xffff800001000000;
constexpr std::uint64_t kTask = 0xffff000001000000;

class FoundInCodeTest : public testing::Test {
 protected:
  FoundInCodeTest() : machine_("module 256: list@8:16 name@24:[56x1]") {
    machine_.symbols.add("m_start", kFunction, 16);
    machine_.memory.write_u32(kFunction, 0xd0000000);      // adrp x0, +0x2000
    machine_.memory.write_u32(kFunction + 4, 0x910c0000);  // add x0, x0, #0x300: a mutex before the list
    machine_.link_list(kHead, {kModule + 8, kModule + 0x1008});
    machine_.set_text("module", kModule, "name", "while1");
    machine_.set_text("module", kModule + 0x1000, "name", "virtio");
  }
  std::optional<VirtualAddress> find(std::string_view name) {
    const auto found = find_in_code(machine_.access(), arch::kArm64);
    return found ? found->address_of(name) : std::nullopt;
  }
  test::FakeMachine machine_;
};

TEST_F(FoundInCodeTest, TheListOfModulesIsNearWhatItsReaderPointsTo) {
  EXPECT_EQ(find("modules"), VirtualAddress(kHead));
}

TEST_F(FoundInCodeTest, AListOfOtherThingsIsNotTakenForIt) {
  machine_.memory.write_u64(kModule + 24, 0x0101010101010101);
  EXPECT_EQ(find("modules"), std::nullopt);
}

TEST_F(FoundInCodeTest, AListThatDoesNotCloseIsNotTakenForIt) {
  machine_.memory.write_u64(kModule + 0x1008, 0x1000);
  EXPECT_EQ(find("modules"), std::nullopt);
}

TEST_F(FoundInCodeTest, WhatHasASymbolIsNotLookedFor) {
  machine_.symbols.add("modules", 0xffff800008020000, 16);
  EXPECT_EQ(find("modules"), std::nullopt);
}

TEST_F(FoundInCodeTest, AMachineWhoseCodeCannotBeReadHasNone) {
  EXPECT_EQ(find_in_code(machine_.access(), arch::kX86_64), nullptr);
}

TEST(Arm64Task, SwitchedOutRegistersAreInTheTask) {
  test::FakeMachine machine;
  std::string members =
      "task_struct 4096: thread.cpu_context.sp@1096:8 thread.cpu_context.pc@1104:8 "
      "thread.cpu_context.fp@1088:8";
  for (int i = 19; i <= 28; ++i) members += fmt::format(" thread.cpu_context.x{}@{}:8", i, 1008 + 8 * (i - 19));
  machine.types.add(members);
  machine.set("task_struct", kTask, "thread.cpu_context.sp", 0xffff80000a003d00);
  machine.set("task_struct", kTask, "thread.cpu_context.fp", 0xffff80000a003d10);
  machine.set("task_struct", kTask, "thread.cpu_context.pc", 0xffff800008010040);
  machine.set("task_struct", kTask, "thread.cpu_context.x28", 28);
  Binder binder(machine.types);
  const TaskView tasks = TaskView::bind(machine.access(), binder);
  const auto view = SwitchFrameView::bind(arch::kArm64, binder, machine.types);
  const auto out = view.read(machine.access(), tasks, VirtualAddress(kTask));
  ASSERT_TRUE(out);
  namespace arm64 = arch::arm64;
  EXPECT_EQ(out->registers.get(arm64::kSp), 0xffff80000a003d00u) << "nothing was pushed";
  EXPECT_EQ(out->registers.get(arm64::kFramePointer), 0xffff80000a003d10u);
  EXPECT_EQ(out->registers.get(arm64::kPc), 0xffff800008010040u);
  EXPECT_EQ(out->registers.get(arm64::kX28), 28u);
  EXPECT_EQ(out->registers.get(arm64::kLink), std::nullopt);
  EXPECT_FALSE(out->pc_is_exact);
}

TEST(Riscv64Task, SwitchedOutRegistersAreInTheTask) {
  std::string members = "task_struct 4096: thread.ra@1000:8 thread.sp@1008:8";
  for (int i = 0; i < 12; ++i) members += fmt::format(" thread.s[{}]@{}:8", i, 1016 + 8 * i);
  test::FakeMachine machine(members);
  machine.set("task_struct", kTask, "thread.ra", 0xffffffff80dc6316);
  machine.set("task_struct", kTask, "thread.sp", 0xffff8f8000023980);
  machine.memory.write_u64(kTask + 1016, 0xffff8f8000023a30);
  machine.memory.write_u64(kTask + 1016 + 11 * 8, 11);
  Binder binder(machine.types);
  const TaskView tasks = TaskView::bind(machine.access(), binder);
  const auto view = SwitchFrameView::bind(arch::kRiscv64, binder, machine.types);
  const auto out = view.read(machine.access(), tasks, VirtualAddress(kTask));
  ASSERT_TRUE(out);
  namespace riscv64 = arch::riscv64;
  EXPECT_EQ(out->registers.get(riscv64::kPc), 0xffffffff80dc6316u);
  EXPECT_EQ(out->registers.get(riscv64::kSp), 0xffff8f8000023980u);
  EXPECT_EQ(out->registers.get(riscv64::kFramePointer), 0xffff8f8000023a30u);
  EXPECT_EQ(out->registers.get(riscv64::kS2 + 9), 11u);
  EXPECT_EQ(out->registers.get(riscv64::kLink), std::nullopt);
}

TEST(Arm64Task, ThePreemptCountIsInTheRunningTask) {
  test::FakeMachine machine("task_struct 4096: thread_info.preempt.count@8:4 thread_info.preempt.need_resched@12:4");
  constexpr std::uint64_t kTable = 0xffff800008100000;
  machine.symbols.add("__per_cpu_offset", kTable, 8).add("__cpu_possible_mask", kTable + 0x100, 8);
  machine.memory.write_u64(kTable + 0x100, 1);
  const auto percpu = PerCpu::open(machine.access());
  ASSERT_TRUE(percpu);
  Binder binder(machine.types);
  const InterruptView view = InterruptView::bind(machine.access(), binder);
  machine.set("task_struct", kTask, "thread_info.preempt.count", 0x10002);
  machine.set("task_struct", kTask, "thread_info.preempt.need_resched", 1);
  const auto count = view.preempt_count(machine.access(), *percpu, 0, VirtualAddress(kTask));
  ASSERT_TRUE(count);
  EXPECT_EQ(count->preempt_depth(), 2u);
  EXPECT_EQ(count->hardirq_depth(), 1u);
  EXPECT_FALSE(count->wants_reschedule());
  machine.set("task_struct", kTask, "thread_info.preempt.need_resched", 0);
  EXPECT_TRUE(view.preempt_count(machine.access(), *percpu, 0, VirtualAddress(kTask))->wants_reschedule());
  EXPECT_FALSE(view.preempt_count(machine.access(), *percpu, 0)) << "of a task that is not known";
}

TEST(Arm64Task, AStacksSizeIsThatOfItsMapping) {
  test::FakeMachine machine("task_struct 4096: tasks@64:16 stack_vm_area@128:8\nvm_struct 64: size@16:8 nr_pages@40:4");
  machine.symbols.add("init_task", kTask, 4096);
  machine.link_list(kTask + 64, {kTask + 0x1000 + 64});
  machine.set("task_struct", kTask + 0x1000, "stack_vm_area", kTask + 0x2000);
  machine.set("vm_struct", kTask + 0x2000, "size", 0x5000);
  machine.set("vm_struct", kTask + 0x2000, "nr_pages", 4);
  Binder binder(machine.types);
  EXPECT_EQ(TaskView::bind(machine.access(), binder).stack_size, 0x4000u);
  machine.set("vm_struct", kTask + 0x2000, "size", 0x5008);
  EXPECT_EQ(TaskView::bind(machine.access(), binder).stack_size, 0u);
}

}  // namespace
}  // namespace whyhung::kernel
