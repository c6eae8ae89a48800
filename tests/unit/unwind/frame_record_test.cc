// SPDX-License-Identifier: GPL-2.0-or-later
// Frame records of arm64: chains, exceptions of both layouts, leaves, and CPUs caught at an interrupt's first
// instruction.
#include <gtest/gtest.h>

#include "arch/arm64.h"
#include "support/fake_symbols.h"
#include "support/fake_types.h"
#include "support/paged_memory.h"
#include "unwind/unwinders.h"

namespace whyhung::unwind {
namespace {

namespace arm64 = arch::arm64;

constexpr std::uint64_t kText = 0xffff800008010000;
constexpr std::uint64_t kStack = 0xffff80000a000000;  // 16 KB
constexpr std::uint64_t kTop = kStack + 0x4000;
constexpr std::uint64_t kIrqStack = 0xffff800009000000;
constexpr std::uint32_t kMakeRecord = 0x910003fd;  // mov x29, sp
constexpr std::uint32_t kDropRecord = 0xa8c17bfd;  // ldp x29, x30, [sp], #16
constexpr std::uint32_t kBranchAndLink = 0x94000000;
constexpr std::uint64_t kSignature = 0x3f5a'0000'0000'0000;

// The functions of this kernel, 256 bytes each.
constexpr std::uint64_t kLeaf = kText, kCaller = kText + 0x100, kThread = kText + 0x200, kFork = kText + 0x300,
                        kEntry = kText + 0x400, kHandler = kText + 0x500, kVectors = kText + 0x800;

// Forty-eight bits of address; what lies above them in a pointer is a signature.
class Addresses final : public arch::AddressSpace {
 public:
  ReadResult<Mapping> translate(VirtualAddress address) const override {
    return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
  }
  VirtualAddress canonical(VirtualAddress pointer) const override {
    return VirtualAddress(pointer.value | 0xffff'0000'0000'0000);
  }
  std::string description() const override { return "addresses of the test"; }
};

class FrameRecordTest : public testing::Test {
 protected:
  FrameRecordTest() {
    symbols_.add("leaf", kLeaf, 0x100)
        .add("caller", kCaller, 0x100)
        .add("kthread", kThread, 0x100)
        .add("ret_from_fork", kFork, 0x100)
        .add("el1h_64_irq", kEntry, 0x100)
        .add("gic_handle_irq", kHandler, 0x100)
        .add("vectors", kVectors, 0x800);
    for (const std::uint64_t function : {kCaller, kThread, kHandler}) memory_.write_u32(function + 4, kMakeRecord);
    memory_.touch(kLeaf);
    memory_.write_u32(kCaller + 0x20 - 4, kBranchAndLink);
    memory_.touch(kStack);
    memory_.touch(kStack + 0x1000);
    memory_.touch(kStack + 0x2000);
    memory_.touch(kTop - 8);
    memory_.touch(kIrqStack);
    types_.add("pt_regs 336: stackframe@304:16");
    // caller ← kthread ← ret_from_fork ← end
    record(kTop - 0x200, kTop - 0x180, kThread + 0x30);
    record(kTop - 0x180, kTop - 32, kFork + 0x10);
    record(kTop - 32, 0, 0);
  }

  void record(std::uint64_t at, std::uint64_t next, std::uint64_t return_address) {
    memory_.write_u64(at, next);
    memory_.write_u64(at + 8, return_address);
  }
  void registers(std::uint64_t at, std::uint64_t pc, std::uint64_t sp, std::uint64_t frame, std::uint64_t link) {
    memory_.write_u64(at + 8 * arm64::kPc, pc);
    memory_.write_u64(at + 8 * arm64::kSp, sp);
    memory_.write_u64(at + 8 * arm64::kFramePointer, frame);
    memory_.write_u64(at + 8 * arm64::kLink, link);
    memory_.write_u64(at + 8 * arm64::kPstate, 0x5);
  }
  Stack walk(std::uint64_t pc, std::uint64_t sp, std::uint64_t frame, std::uint64_t link = 0) {
    WalkStart start;
    start.registers.set(arm64::kPc, pc);
    start.registers.set(arm64::kSp, sp);
    start.registers.set(arm64::kFramePointer, frame);
    start.registers.set(arm64::kLink, link);
    start.registers.set(arm64::kPstate, 0x3c5);
    const auto unwinder = make_unwinder({arch::kArm64, memory_, symbols_, types_, &addresses_});
    EXPECT_TRUE(unwinder);
    return (*unwinder)->walk(start);
  }
  std::string names(const Stack& stack) {
    std::string text;
    for (const Frame& frame : stack.frames) {
      const auto at = symbols_.find_covering(frame.lookup_address());
      text += (text.empty() ? "" : " ") + (at ? at->symbol.name : "?");
    }
    return text;
  }

  test::PagedMemory memory_;
  test::FakeSymbols symbols_;
  test::FakeTypes types_;
  Addresses addresses_;
};

TEST_F(FrameRecordTest, FollowsRecordsToTheLastOne) {
  const Stack stack = walk(kCaller + 0x20, kTop - 0x200, kTop - 0x200, kCaller + 0x18);
  EXPECT_EQ(names(stack), "caller kthread ret_from_fork");
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
  EXPECT_EQ(stack.frames[1].sp.value, kTop - 0x180);
  EXPECT_EQ(stack.frames[1].source, FrameSource::kCall);
}

TEST_F(FrameRecordTest, AnOldKernelThreadsLastReturnAddressHasNoRecordBehindIt) {
  record(kTop - 0x180, 0, kFork + 0x10);
  const Stack stack = walk(kCaller + 0x20, kTop - 0x200, kTop - 0x200);
  EXPECT_EQ(names(stack), "caller kthread ret_from_fork");
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
}

TEST_F(FrameRecordTest, SignaturesAreTakenOffReturnAddresses) {
  record(kTop - 0x200, kTop - 0x180, (kThread + 0x30) ^ kSignature);
  const Stack stack = walk(kCaller + 0x20, kTop - 0x200, kTop - 0x200);
  EXPECT_EQ(names(stack), "caller kthread ret_from_fork");
  EXPECT_EQ(stack.frames[1].pc.value, kThread + 0x30);
}

TEST_F(FrameRecordTest, TheCallerOfALeafIsInTheLinkRegister) {
  const Stack stack = walk(kLeaf + 8, kTop - 0x200, kTop - 0x200, (kCaller + 0x20) ^ kSignature);
  EXPECT_EQ(names(stack), "leaf caller kthread ret_from_fork");
  EXPECT_EQ(stack.frames[1].source, FrameSource::kLinkRegister);
  EXPECT_EQ(stack.frames[2].source, FrameSource::kCall);
}

TEST_F(FrameRecordTest, AStaleLinkRegisterIsNotACaller) {
  // The function has made its record; what it called last has left its own return address behind.
  EXPECT_EQ(names(walk(kCaller + 0x40, kTop - 0x200, kTop - 0x200, kCaller + 0x20)), "caller kthread ret_from_fork");
  // What does not follow a call is no return address.
  EXPECT_EQ(names(walk(kLeaf + 8, kTop - 0x200, kTop - 0x200, kCaller + 0x40)), "leaf kthread ret_from_fork");
  // Nor is what is no code.
  EXPECT_EQ(names(walk(kLeaf + 8, kTop - 0x200, kTop - 0x200, 0x1234)), "leaf kthread ret_from_fork");
}

TEST_F(FrameRecordTest, BehindItsRecordAFunctionIsALeafAgain) {
  memory_.write_u32(kLeaf, kMakeRecord);
  memory_.write_u32(kLeaf + 0x10, kDropRecord);
  EXPECT_EQ(names(walk(kLeaf + 0x10, kTop - 0x200, kTop - 0x200, kCaller + 0x20)), "leaf kthread ret_from_fork");
  EXPECT_EQ(names(walk(kLeaf + 0x14, kTop - 0x200, kTop - 0x200, kCaller + 0x20)), "leaf caller kthread ret_from_fork");
}

TEST_F(FrameRecordTest, AnExceptionsRecordHasTheInterruptedRegistersBelowIt) {
  const std::uint64_t saved = kTop - 0x200 - 336;
  registers(saved, kLeaf + 8, kTop - 0x200, kTop - 0x200, kCaller + 0x20);
  record(saved + 304, kTop - 0x200, kLeaf + 8);
  record(kIrqStack + 0x100, saved + 304, kEntry + 0x64);
  const Stack stack = walk(kHandler + 0x20, kIrqStack + 0x100, kIrqStack + 0x100);
  EXPECT_EQ(names(stack), "gic_handle_irq el1h_64_irq leaf caller kthread ret_from_fork");
  EXPECT_EQ(stack.frames[2].source, FrameSource::kException);
  EXPECT_TRUE(stack.frames[2].pc_is_exact);
  EXPECT_EQ(stack.frames[2].saved_at, VirtualAddress(saved));
  EXPECT_EQ(stack.frames[3].source, FrameSource::kLinkRegister);
}

TEST_F(FrameRecordTest, ARecordOfNothingWithATypeIsNotTheEndOfTheStack) {
  types_.remove("pt_regs").add("pt_regs 320: stackframe@296:24");
  memory_.write_u64(kTop - 16, 1);  // FRAME_META_TYPE_FINAL
  const std::uint64_t saved = kTop - 0x200 - 320;
  registers(saved, kLeaf + 8, kTop - 0x200, kTop - 0x200, kCaller + 0x20);
  record(saved + 296, 0, 0);
  memory_.write_u64(saved + 296 + 16, 2);  // FRAME_META_TYPE_PT_REGS
  record(kIrqStack + 0x100, saved + 296, kEntry + 0x64);
  EXPECT_EQ(names(walk(kHandler + 0x20, kIrqStack + 0x100, kIrqStack + 0x100)),
            "gic_handle_irq el1h_64_irq leaf caller kthread ret_from_fork");
  memory_.write_u64(saved + 296 + 16, 1);
  const Stack ended = walk(kHandler + 0x20, kIrqStack + 0x100, kIrqStack + 0x100);
  EXPECT_EQ(names(ended), "gic_handle_irq el1h_64_irq");
  EXPECT_EQ(ended.end, StackEnd::kOutermost);
}

TEST_F(FrameRecordTest, RegistersThatAreNotAtTheirOwnStackPointerAreNotBelieved) {
  const std::uint64_t saved = kTop - 0x200 - 336;
  registers(saved, kLeaf + 8, kTop - 0x1f0, kTop - 0x200, kCaller + 0x20);
  record(saved + 304, kTop - 0x200, kLeaf + 8);
  const Stack stack = walk(kHandler + 0x20, saved + 304, saved + 304);
  EXPECT_EQ(names(stack), "gic_handle_irq leaf kthread ret_from_fork") << "a plain record then";
}

TEST_F(FrameRecordTest, AboveTheLastRecordAreTheRegistersOfUserMode) {
  const std::uint64_t saved = kTop - 336;
  registers(saved, 0x400000, 0x7ff000, 0, 0);
  memory_.write_u64(saved + 8 * arm64::kPstate, 0);
  const Stack stack = walk(kCaller + 0x20, kTop - 0x200, kTop - 0x200);
  EXPECT_EQ(stack.end, StackEnd::kUserMode);
  EXPECT_EQ(stack.user_registers->get(arm64::kPc), 0x400000u);
}

TEST_F(FrameRecordTest, ACpuAtTheFirstInstructionOfAnInterruptIsSeenThroughItsLinkRegister) {
  const Stack stack = walk(kVectors + 0x280, kTop - 0x200, kTop - 0x200, kCaller + 0x20);
  EXPECT_EQ(names(stack), "vectors caller kthread ret_from_fork");
  EXPECT_EQ(stack.frames[1].source, FrameSource::kLinkRegister);
  ASSERT_TRUE(stack.frames[1].registers);
  EXPECT_EQ(arch::kArm64.interrupts_enabled(*stack.frames[1].registers), true) << "else it had not been interrupted";
}

TEST_F(FrameRecordTest, ACallerThatLinkRegisterAndRecordBothNameIsShownOnce) {
  const Stack stack = walk(kVectors + 0x280, kTop - 0x200, kTop - 0x200, kThread + 0x30);
  EXPECT_EQ(names(stack), "vectors kthread ret_from_fork");
}

TEST_F(FrameRecordTest, WhatTheInterruptBeforeFoundCountsWhenStackAndLinkRegisterAreTheSame) {
  const std::uint64_t saved = kTop - 0x200 - 336;
  registers(saved, kLeaf + 8, kTop - 0x200, kTop - 0x200, kCaller + 0x20);
  const Stack stack = walk(kVectors + 0x280, kTop - 0x200, kTop - 0x200, kCaller + 0x20);
  EXPECT_EQ(names(stack), "vectors leaf caller kthread ret_from_fork");
  EXPECT_EQ(stack.frames[1].source, FrameSource::kEarlierInterrupt);
  // The same place of the stack, but called from elsewhere since.
  registers(saved, kLeaf + 8, kTop - 0x200, kTop - 0x200, kCaller + 0x24);
  EXPECT_EQ(names(walk(kVectors + 0x280, kTop - 0x200, kTop - 0x200, kCaller + 0x20)),
            "vectors caller kthread ret_from_fork");
}

TEST_F(FrameRecordTest, ARecordThatPointsToItselfEndsTheStack) {
  record(kTop - 0x200, kTop - 0x200, kThread + 0x30);
  EXPECT_EQ(walk(kCaller + 0x20, kTop - 0x200, kTop - 0x200).end, StackEnd::kNoProgress);
}

TEST_F(FrameRecordTest, ACircleOfRecordsEndsAtTheLimit) {
  record(kTop - 0x180, kTop - 0x200, kFork + 0x10);
  EXPECT_EQ(walk(kCaller + 0x20, kTop - 0x200, kTop - 0x200).end, StackEnd::kTooDeep);
}

TEST_F(FrameRecordTest, BadRecordsEndTheStackWithTheReason) {
  EXPECT_EQ(walk(kCaller + 0x20, kTop - 0x200, 0x1000).end, StackEnd::kNoUnwindData);
  EXPECT_EQ(walk(kCaller + 0x20, kTop - 0x200, kTop - 0x201).end, StackEnd::kNoUnwindData);
  record(kTop - 0x200, kTop - 0x180, 0xffff800001000000);
  EXPECT_EQ(walk(kCaller + 0x20, kTop - 0x200, kTop - 0x200).end, StackEnd::kNotCode);
  memory_.take_away(kTop - 0x200);
  EXPECT_EQ(walk(kCaller + 0x20, kTop - 0x200, kTop - 0x200).end, StackEnd::kUnreadable);
}

TEST_F(FrameRecordTest, WithoutPageTablesThereIsNoUnwinder) {
  EXPECT_FALSE(make_unwinder({arch::kArm64, memory_, symbols_, types_}));
}

}  // namespace
}  // namespace whyhung::unwind
