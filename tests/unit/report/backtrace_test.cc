// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks in the form that users of crash read.
#include "report/backtrace.h"

#include "report_test_support.h"

namespace whyhung::report {
namespace {

class BacktraceTest : public testing::Test {
 protected:
  std::string of(std::uint32_t pid, const model::Cpu* cpu = nullptr, SourceLines lines = SourceLines::kHide) {
    std::ostringstream out;
    const model::Task& task = b_.task(pid);
    write_backtrace(out, b_.build(), task, cpu != nullptr ? cpu->stack : task.stack, cpu, lines);
    return out.str();
  }
  void frame(model::Task& task, std::string_view function, std::uint64_t sp,
             model::FrameOrigin origin = model::FrameOrigin::kCall) {
    task.stack.frames.push_back({b_.location(function), origin, sp});
    task.stack.end = model::StackEndReason::kOutermost;
  }
  static bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
  SnapshotBuilder b_;
};

TEST_F(BacktraceTest, ASleepingTasksFramesHaveNumbersSlotsAndModules) {
  model::Task& task = b_.task(127, "rmmod");
  task.cpu = 3;
  task.address = 0xffff888004a1c000;
  b_.snapshot().tasks[0] = task;
  frame(b_.snapshot().tasks[0], "__schedule", 0xffffc90000003d10);
  frame(b_.snapshot().tasks[0], "wait [while1]", 0xffffc90000003d98);
  std::ostringstream out;
  write_backtrace(out, b_.build(), b_.snapshot().tasks[0], b_.snapshot().tasks[0].stack, nullptr, SourceLines::kHide);
  const std::string text = out.str();
  EXPECT_TRUE(has(text, "PID: 127      TASK: ffff888004a1c000  CPU: 3    COMMAND: \"rmmod\"\n")) << text;
  EXPECT_TRUE(has(text, " #0 [ffffc90000003d08] __schedule at ffffffff81000010\n")) << text;
  EXPECT_TRUE(has(text, " #1 [ffffc90000003d90] wait at ffffffff81001010 [while1]\n")) << text;
}

TEST_F(BacktraceTest, GuessedFramesSaySo) {
  model::Task& task = b_.task(1, "t");
  frame(task, "a", 0x100, model::FrameOrigin::kScan);
  frame(task, "b", 0x200, model::FrameOrigin::kFramePointer);
  frame(task, "c", 0x300, model::FrameOrigin::kLinkRegister);
  frame(task, "d", 0x400, model::FrameOrigin::kEarlierInterrupt);
  const std::string text = of(1);
  EXPECT_TRUE(has(text, "(found by scanning for the call)"));
  EXPECT_TRUE(has(text, "(guessed by frame pointer)"));
  EXPECT_TRUE(has(text, "(from the link register)"));
  EXPECT_TRUE(has(text, "(where the interrupt before found it)"));
}

TEST_F(BacktraceTest, AStackThatEndsEarlySaysWhy) {
  model::Task& task = b_.task(1, "t");
  frame(task, "a", 0x100);
  EXPECT_FALSE(has(of(1), "ends here"));
  task.stack.end = model::StackEndReason::kUnreadable;
  task.stack.end_detail = "0xffffc90000004000: filtered out";
  EXPECT_TRUE(has(of(1), "    (the stack ends here: unreadable, 0xffffc90000004000: filtered out)\n")) << of(1);
}

TEST_F(BacktraceTest, AnExitedTaskHasNoStackAndThatIsSaid) {
  b_.task(1, "t").state = model::TaskState::kZombie;
  EXPECT_TRUE(has(of(1), "(no stack: the task has exited)"));
}

TEST_F(BacktraceTest, ARunningTasksRegistersComeFirst) {
  b_.cpu(2).runs(5, "spinner").frames({"spin [while1]", "kthread"});
  b_.cpu(2)->registers = {{"RIP", 0x10}, {"RSP", 0x20}, {"RFLAGS", 0x246}, {"RAX", 1}, {"CS", 0x10}, {"SS", 0x18}};
  const std::string text = of(5, &b_.cpu(2).value());
  EXPECT_TRUE(has(text, "    [exception RIP: spin+16] [while1]\n")) << text;
  EXPECT_TRUE(has(text, "    RIP: 0000000000000010  RSP: 0000000000000020  RFLAGS: 00000246\n"));
  EXPECT_TRUE(has(text, "RBX: (not known)     ")) << "a register that was not saved is not shown as zero";
  EXPECT_LT(text.find("RIP:"), text.find("#0"));
}

TEST_F(BacktraceTest, RegistersOfArm64AreInCrashsOrder) {
  b_.snapshot().machine.architecture = "arm64";
  b_.cpu(2).runs(5, "spinner").frames({"spin [while1]", "kthread"});
  b_.cpu(2)->stack.frames[1].sp = 0xffff80000a003d10;
  auto& registers = b_.cpu(2)->registers;
  registers.clear();
  for (unsigned i = 0; i < 30; ++i) registers.push_back({"X" + std::to_string(i), i});
  registers.insert(registers.end(), {{"LR", 0x30}, {"SP", 0x31}, {"PC", 0x32}, {"PSTATE", 0x60400005}});
  const std::string text = of(5, &b_.cpu(2).value());
  EXPECT_TRUE(has(text,
                  "     PC: 0000000000000032  [spin+16] [while1]\n     LR: 0000000000000030\n"
                  "     SP: 0000000000000031  PSTATE: 60400005\n"
                  "    X29: 000000000000001d  X28: 000000000000001c  X27: 000000000000001b\n"))
      << text;
  EXPECT_TRUE(has(text, "     X2: 0000000000000002   X1: 0000000000000001   X0: 0000000000000000\n")) << text;
  EXPECT_TRUE(has(text, " #1 [ffff80000a003d10] kthread at")) << "the place of the frame's record";
}

TEST_F(BacktraceTest, PowersRegistersAreThoseThatCrashPrints) {
  b_.cpu(2).runs(5, "spinner").frames({"spin [while1]", "kthread"});
  b_.cpu(2)->registers = {{"R0", 1},       {"R1", 2}, {"NIP", 0x10}, {"MSR", 0x9033},      {"OR3", 0},
                          {"TRAP", 0x900}, {"MQ", 1}, {"DSISR", 3},  {"Syscall Result", 4}};
  const std::string text = of(5, &b_.cpu(2).value());
  EXPECT_TRUE(has(text, " R0:  0000000000000001    R1:  0000000000000002    NIP: 0000000000000010\n")) << text;
  EXPECT_TRUE(has(text, " MSR: 0000000000009033    OR3: 0000000000000000    MQ:  0000000000000001\n")) << text;
  EXPECT_TRUE(has(text, " DSISR: 0000000000000003    Syscall Result: 0000000000000004\n")) << text;
  EXPECT_TRUE(has(text, " [NIP  : spin+16] [while1]\n")) << text;
}

TEST_F(BacktraceTest, PowersExceptionsAreNamedByTheirVector) {
  model::Task& task = b_.task(1, "t");
  frame(task, "decrementer_common_virt", 0x100);
  frame(task, "leaf [while1]", 0x200, model::FrameOrigin::kException);
  frame(task, "caller [while1]", 0x200, model::FrameOrigin::kLinkRegister);
  task.stack.registers.push_back({1, 0x130, {{"NIP", 0x10}, {"MSR", 0x9033}, {"TRAP", 0x901}}});
  const std::string text = of(1);
  EXPECT_TRUE(has(text, " Decrementer  [900] exception frame:\n NIP: 0000000000000010    MSR: 0000000000009033\n"))
      << text;
  EXPECT_LT(text.find("exception frame"), text.find("leaf at"));
  task.stack.registers.front().values.back().value = 0x1230;
  EXPECT_TRUE(has(of(1), " Unknown Exception  [1230] exception frame:\n")) << of(1);
}

TEST_F(BacktraceTest, AFrameThatAnEarlierInterruptFoundSaysSo) {
  model::Task& task = b_.task(1, "t");
  frame(task, "exc_virt_0x4900_decrementer", 0x100);
  frame(task, "leaf", 0x100, model::FrameOrigin::kEarlierInterrupt);
  EXPECT_TRUE(has(of(1), "(where the interrupt before found it)")) << of(1);
  EXPECT_FALSE(has(of(1), "exception")) << "no registers are known";
  task.stack.registers.push_back({1, 0x130, {{"NIP", 0x10}, {"MSR", 0x9033}, {"TRAP", 0x900}}});
  EXPECT_TRUE(has(of(1), " Decrementer  [900] exception frame:\n")) << of(1);
}

TEST_F(BacktraceTest, ACpuWithoutRegistersSaysSo) {
  b_.cpu(0).runs(5, "t").no_registers();
  EXPECT_TRUE(has(of(5, &b_.cpu(0).value()), "(registers were not saved)"));
  b_.cpu(0)->registers = {{"RIP", 0x10}};
  b_.cpu(0)->register_source = model::RegisterSource::kReconstructed;
  EXPECT_TRUE(has(of(5, &b_.cpu(0).value()), "these are what the last interrupt found"));
}

TEST_F(BacktraceTest, UserModeIsNoKernelStack) {
  b_.cpu(0).runs(5, "t").user_mode();
  b_.cpu(0)->registers = {{"RIP", 0x401000}, {"RSP", 0x7ffe0000}, {"RFLAGS", 0x246}};
  const std::string text = of(5, &b_.cpu(0).value());
  EXPECT_TRUE(has(text, "(in user mode)"));
  EXPECT_FALSE(has(text, "#0"));
}

TEST_F(BacktraceTest, StacksOfInterruptsAreMarkedWhereTheyGoOver) {
  auto cpu = b_.cpu(0).runs(5, "t").frames({"panic", "asm_exc_nmi"}, model::ContextKind::kNmi);
  cpu.adds_context({"spin", "kthread"}, model::ContextKind::kTask);
  model::Task& task = b_.task(5);
  cpu->stack.frames[2].sp = task.stack_base + 0x3000;
  cpu->stack.frames[3].sp = task.stack_base + 0x3100;
  cpu->stack.frames[0].sp = cpu->stack.frames[1].sp = 0xfffffe0000001000;
  cpu->stack.registers.push_back({2, 0x1234, {{"RIP", 0x99}, {"RSP", 0x88}, {"RFLAGS", 0x46}}});
  const std::string text = of(5, &cpu.value());
  const auto exception = text.find("[exception RIP: spin+16]");
  const auto mark = text.find("--- <NMI exception stack> ---\n");
  EXPECT_NE(mark, std::string::npos) << text;
  EXPECT_NE(exception, std::string::npos);
  EXPECT_LT(exception, mark) << "the registers belong to the stack above";
  EXPECT_LT(mark, text.find(" #2"));
}

TEST_F(BacktraceTest, SourceLinesStandBelowTheirFrameWhenWanted) {
  model::Task& task = b_.task(1, "t");
  frame(task, "a", 0x100);
  b_.snapshot().locations[0].lines = {{"inlined", "kernel/a.h", 5}, {"a", "kernel/a.c", 77}};
  EXPECT_FALSE(has(of(1), "kernel/a.c"));
  const std::string text = of(1, nullptr, SourceLines::kShow);
  EXPECT_TRUE(has(text, "    kernel/a.h: 5  (inlined, inlined)\n")) << text;
  EXPECT_TRUE(has(text, "    kernel/a.c: 77\n"));
}

}  // namespace
}  // namespace whyhung::report
