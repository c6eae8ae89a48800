// SPDX-License-Identifier: GPL-2.0-or-later
// Return addresses that tracers took from the stack, in each form in which they note them.
#include "unwind/return_hooks.h"
#include "frame_pointer_fixture.h"

namespace whyhung::unwind::frame_pointers {
namespace {

constexpr std::uint64_t kTask = 0xffff888000010000, kShadow = kTask + 0x1000, kNodes = kTask + 0x2000;
constexpr std::uint64_t kHandler = kText + 0xc00, kProbe = kText + 0xd00, kSlot = kStackEnd - 0x158;
constexpr std::uint64_t kOriginal = kText + 0x140;

class ReturnHooksTest : public FramePointerTest {
 protected:
  ReturnHooksTest() {
    for (const std::uint64_t at : {kTask, kShadow, kNodes}) memory_.touch(at);
    symbols_.add("return_to_handler", kHandler, 0x40).add("arch_rethook_trampoline", kProbe, 0x40);
    thread_frames();
    types_.add(
        "task_struct 256: curr_ret_stack@64:4 ret_stack@72:8 rethooks@80:8\n"
        "ftrace_ret_stack 32: ret@0:8 func@8:8 fp@16:8 retp@24:8\n"
        "rethook_node 48: llist@16:8 ret_addr@32:8 frame@40:8");
    word(kTask + 72, kShadow);
  }
  void top(std::uint32_t words) { memory_.write_u32(kTask + 64, words); }
  void record(std::uint64_t at, std::uint64_t address, std::uint64_t slot) {
    word(kShadow + at, address);
    word(kShadow + at + 24, slot);
  }
  std::optional<std::uint64_t> original(std::uint64_t trampoline = kHandler, std::uint64_t task = kTask) {
    ReturnHooks hooks(memory_, symbols_, types_);
    const auto found = hooks.original(VirtualAddress(trampoline), {VirtualAddress(task), kSlot, 0, 0});
    return found ? std::optional(found->value) : std::nullopt;
  }
  Stack walk_of_task(std::uint64_t task = kTask) {
    WalkStart start;
    start.registers.set(x86::kRip, kText + 0x250);
    start.registers.set(x86::kRsp, kStackEnd - 0x1a0);
    start.registers.set(x86::kRbp, kStackEnd - 0x160);
    start.registers.set(x86::kCs, 0x10);
    start.task = VirtualAddress(task);
    return (*make_unwinder({arch::kX86_64, memory_, symbols_, types_, nullptr}))->walk(start);
  }
};

TEST_F(ReturnHooksTest, ATrampolineIsKnownByItsFirstInstruction) {
  ReturnHooks hooks(memory_, symbols_, types_);
  EXPECT_TRUE(hooks.is_trampoline(VirtualAddress(kHandler)));
  EXPECT_TRUE(hooks.is_trampoline(VirtualAddress(kProbe)));
  EXPECT_FALSE(hooks.is_trampoline(VirtualAddress(kHandler + 5))) << "it calls others itself";
  EXPECT_FALSE(hooks.is_trampoline(VirtualAddress(kOriginal)));
}

TEST_F(ReturnHooksTest, AShadowStackOfWordsIsSearchedForThePlace) {
  record(0, kText + 0x777, kSlot - 0x100);
  record(40, kOriginal, kSlot);
  top(9);
  EXPECT_EQ(original(), kOriginal);
  top(8);
  EXPECT_EQ(original(), std::nullopt) << "the record is not in use any more";
  top(9);
  EXPECT_EQ(original(kHandler, 0), std::nullopt) << "whose stack it is is not known";
  word(kTask + 72, 0xffff8880dead0000);
  EXPECT_EQ(original(), std::nullopt) << "the shadow stack is not in the dump";
}

TEST_F(ReturnHooksTest, OfFunctionsThatJumpedToEachOtherTheOldestKnowsTheCaller) {
  record(0, kOriginal, kSlot);
  record(40, kHandler, kSlot);
  top(9);
  EXPECT_EQ(original(), kOriginal);
  record(0, kHandler, kSlot);
  EXPECT_EQ(original(), std::nullopt);
}

TEST_F(ReturnHooksTest, ATracedStackIsWalkedAsIfNobodyTraced) {
  record(40, kOriginal, kSlot);
  top(9);
  word(kSlot, kHandler);
  const Stack stack = walk_of_task();
  EXPECT_EQ(names(stack), (Names{"loop", "kthread", "ret_from_fork"}));
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
}

TEST_F(ReturnHooksTest, AStackEndsWhereTheTrueAddressIsNotKnown) {
  top(0);
  word(kSlot, kHandler);
  const Stack stack = walk_of_task();
  EXPECT_EQ(names(stack), Names{"loop"});
  EXPECT_EQ(stack.end, StackEnd::kNoUnwindData);
  EXPECT_NE(stack.end_detail.find("a tracer replaced the return address"), std::string::npos) << stack.end_detail;
}

TEST_F(ReturnHooksTest, AReturnProbesNodeNamesThePlace) {
  word(kTask + 80, kNodes + 16);
  word(kNodes + 16, kNodes + 0x100 + 16);  // a node of another place comes first
  word(kNodes + 40, kSlot - 8);
  word(kNodes + 0x100 + 40, kSlot);
  word(kNodes + 0x100 + 32, kOriginal);
  EXPECT_EQ(original(kProbe), kOriginal);
  word(kNodes + 0x100 + 16, kNodes + 16);
  word(kNodes + 0x100 + 40, kSlot + 8);
  EXPECT_EQ(original(kProbe), std::nullopt) << "a list that leads back into itself ends";
}

TEST_F(ReturnHooksTest, WhatAProbeFoundMayBeTheTracersTrampoline) {
  word(kTask + 80, kNodes + 16);
  word(kNodes + 40, kSlot);
  word(kNodes + 32, kHandler);
  record(0, kOriginal, kSlot);
  top(5);
  EXPECT_EQ(original(kProbe), kOriginal);
}

TEST_F(ReturnHooksTest, RecordsWithoutAPlaceAreTakenInTheirOrder) {
  types_.remove("ftrace_ret_stack", "retp");
  record(0, kOriginal, 0);
  top(0);
  EXPECT_EQ(original(), std::nullopt) << "words are never without one";
}

TEST_F(ReturnHooksTest, ACountThatCannotBeIsNotBelieved) {
  record(0, kOriginal, kSlot);
  for (const std::uint32_t words : {0xffffffffu, 0x7fffffffu, 8193u}) {
    top(words);
    EXPECT_EQ(original(), std::nullopt) << words;
  }
}

}  // namespace
}  // namespace whyhung::unwind::frame_pointers
