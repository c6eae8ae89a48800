// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks of riscv64: functions written instruction by instruction, frames word by word.
#include <gtest/gtest.h>

#include "arch/riscv64.h"
#include "support/fake_symbols.h"
#include "support/fake_types.h"
#include "support/paged_memory.h"
#include "unwind/riscv64_code.h"
#include "unwind/unwinders.h"

namespace whyhung::unwind {
namespace {

namespace riscv64 = arch::riscv64;

constexpr std::uint64_t kText = 0xffffffff80010000;
constexpr std::uint64_t kStack = 0xffff8f8000100000;  // 16 KB
constexpr std::uint64_t kPtRegs = 288;
constexpr std::uint64_t kFirst = kStack + 0x4000 - kPtRegs;  // where a thread's first frame ends
constexpr std::uint64_t kIrqStackEnd = 0xffff8f8000024000;
constexpr std::uint64_t kFromKernel = 0x200000120, kFromUser = 0x200000020;

// The functions of this kernel, 256 bytes each.
constexpr std::uint64_t kLeaf = kText, kFramed = kText + 0x100, kCaller = kText + 0x200, kThread = kText + 0x300,
                        kFork = kText + 0x400, kEntry = kText + 0x500, kHandler = kText + 0x600;
// Where each function calls, and is returned to: behind four instructions that make its frame.
constexpr std::uint64_t kReturn = 16;

// addi sp,sp,-16; sd s0,0(sp); sd ra,8(sp); addi s0,sp,16; auipc ra,0; jalr ra;
// ld s0,0(sp); ld ra,8(sp); addi sp,sp,16; ret
const std::vector<std::uint16_t> kCalls = {0x1141, 0xe022, 0xe406, 0x0800, 0x0097, 0x0000,
                                           0x80e7, 0x0000, 0x6402, 0x60a2, 0x0141, 0x8082};
// addi sp,sp,-16; sd s0,8(sp); addi s0,sp,16; j to itself; ld s0,8(sp); addi sp,sp,16; ret
const std::vector<std::uint16_t> kCallsNothing = {0x1141, 0xe422, 0x0800, 0xa001, 0x6422, 0x0141, 0x8082};

class Riscv64UnwindTest : public testing::Test {
 protected:
  Riscv64UnwindTest() {
    symbols_.add("_stext", kText - 0x100, 0x10)
        .add("leaf", kLeaf, 0x100)
        .add("framed", kFramed, 0x100)
        .add("caller", kCaller, 0x100)
        .add("kthread", kThread, 0x100)
        .add("ret_from_fork_kernel_asm", kFork, 0x100)
        .add("handle_exception", kEntry, 0x100)
        .add("do_irq", kHandler, 0x100);
    put(kLeaf, {0xa001});
    put(kFramed, kCallsNothing);
    for (const std::uint64_t function : {kCaller, kThread, kHandler}) put(function, kCalls);
    put(kFork, {0x0097, 0x0000, 0x80e7, 0x0000});
    put(kEntry, {0x0097, 0x0000, 0x80e7, 0x0000});
    for (std::uint64_t at = kStack; at < kStack + 0x4000; at += 0x1000) memory_.touch(at);
    memory_.touch(kIrqStackEnd - 8);
    types_.add("pt_regs 288: epc@0:8");
    // caller ← kthread ← ret_from_fork_kernel_asm ← end
    frame(kFirst - 0x80, kFirst - 0x40, kThread + kReturn);
    frame(kFirst - 0x40, kFirst, kFork + 8);
    frame(kFirst, 0, 0);
  }

  void put(std::uint64_t at, const std::vector<std::uint16_t>& code) {
    for (const std::uint16_t half : code) {
      memory_.write_integer(at, half);
      at += 2;
    }
  }
  // What a function keeps right below the stack pointer that it was entered with.
  void frame(std::uint64_t entered, std::uint64_t caller_frame, std::uint64_t return_address) {
    memory_.write_u64(entered - 8, return_address);
    memory_.write_u64(entered - 16, caller_frame);
  }
  void registers(std::uint64_t at, std::uint64_t pc, std::uint64_t sp, std::uint64_t frame, std::uint64_t link,
                 std::uint64_t status = kFromKernel) {
    memory_.write_u64(at + 8 * riscv64::kPc, pc);
    memory_.write_u64(at + 8 * riscv64::kSp, sp);
    memory_.write_u64(at + 8 * riscv64::kFramePointer, frame);
    memory_.write_u64(at + 8 * riscv64::kLink, link);
    memory_.write_u64(at + 8 * riscv64::kStatus, status);
  }
  std::unique_ptr<Unwinder> unwinder() {
    auto made = make_unwinder({arch::kRiscv64, memory_, symbols_, types_});
    EXPECT_TRUE(made);
    return *std::move(made);
  }
  Stack walk(std::uint64_t pc, std::uint64_t sp, std::uint64_t frame, std::optional<std::uint64_t> link,
             bool exact = true) {
    WalkStart start;
    start.registers.set(riscv64::kPc, pc);
    start.registers.set(riscv64::kSp, sp);
    start.registers.set(riscv64::kFramePointer, frame);
    if (link) start.registers.set(riscv64::kLink, *link);
    start.registers.set(riscv64::kThread, 0);
    start.pc_is_exact = exact;
    return unwinder()->walk(start);
  }
  std::string names(const Stack& stack) {
    std::string text;
    for (const Frame& frame : stack.frames) {
      const auto at = symbols_.find_covering(frame.lookup_address());
      text += (text.empty() ? "" : " ") + (at ? at->symbol.name : "?");
    }
    return text;
  }
  Riscv64FrameShape shape(std::uint64_t function, std::uint64_t offset) {
    const auto found = riscv64_frame_shape(memory_, VirtualAddress(function), 0x100, VirtualAddress(function + offset));
    EXPECT_TRUE(found);
    return found.value_or(Riscv64FrameShape{});
  }

  static constexpr std::string_view kWhole = "caller kthread ret_from_fork_kernel_asm";
  test::PagedMemory memory_;
  test::FakeSymbols symbols_;
  test::FakeTypes types_;
};

TEST_F(Riscv64UnwindTest, TheShapeOfAFrameFollowsTheCode) {
  EXPECT_EQ(shape(kCaller, 0), (Riscv64FrameShape{0, 0, 0, false, true}));
  EXPECT_EQ(shape(kCaller, 4), (Riscv64FrameShape{16, 0, 16, false, true}));
  EXPECT_EQ(shape(kCaller, 8), (Riscv64FrameShape{16, 8, 16, true, true}));
  EXPECT_EQ(shape(kCaller, kReturn), (Riscv64FrameShape{16, 8, 16, true, false}));
  EXPECT_EQ(shape(kCaller, kReturn + 2), (Riscv64FrameShape{16, 8, 16, false, false})) << "s0 is the caller's again";
  EXPECT_EQ(shape(kCaller, kReturn + 4), (Riscv64FrameShape{16, 8, 16, false, true}));
  EXPECT_EQ(shape(kCaller, kReturn + 6), (Riscv64FrameShape{0, 8, 16, false, true}));
  EXPECT_EQ(shape(kFramed, 6), (Riscv64FrameShape{16, 0, 8, true, true}));
  EXPECT_FALSE(riscv64_frame_shape(memory_, VirtualAddress(kFramed), 0x100, VirtualAddress(kFramed + 8)))
      << "no way leads behind a jump to itself";
  EXPECT_FALSE(riscv64_frame_shape(memory_, VirtualAddress(kFramed), 0x100, VirtualAddress(kFramed + 3)));
  EXPECT_FALSE(riscv64_frame_shape(memory_, VirtualAddress(kFramed), 4, VirtualAddress(kFramed + 6)));
}

TEST_F(Riscv64UnwindTest, AFrameTooLargeForAConstantIsMadeInTwoSteps) {
  // addi sp,sp,-848; sd s0,832(sp); addi s0,sp,848; sd ra,840(sp); lui t0,0xffffe; add sp,sp,t0; li a5,1; lui t0,0x2;
  // add sp,sp,t0; ld ra,840(sp)
  put(kFramed, {0x0113, 0xcb01, 0x3023, 0x3481, 0x0e80, 0x3423, 0x3411, 0x72f9, 0x9116, 0x4785, 0x6289, 0x9116, 0x3083,
                0x3481, 0x8082});
  EXPECT_EQ(shape(kFramed, 14), (Riscv64FrameShape{848, 8, 16, true, true}));
  EXPECT_EQ(shape(kFramed, 18), (Riscv64FrameShape{std::nullopt, 8, 16, true, true}));
  EXPECT_EQ(shape(kFramed, 24), (Riscv64FrameShape{848, 8, 16, true, true}));
}

TEST_F(Riscv64UnwindTest, FollowsFramesToTheFirst) {
  const Stack stack = walk(kCaller + kReturn, kFirst - 0x90, kFirst - 0x80, kCaller + kReturn, /*exact=*/false);
  EXPECT_EQ(names(stack), kWhole);
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
  EXPECT_EQ(stack.frames[1].sp.value, kFirst - 0x80);
  EXPECT_EQ(stack.frames[1].source, FrameSource::kCall);
}

TEST_F(Riscv64UnwindTest, AnOldThreadsFirstFrameIsKnownByItsPlace) {
  // The code that starts a thread made no frame, and s0 held the thread's function.
  frame(kFirst - 0x80, kFirst, kThread + kReturn);
  frame(kFirst, kThread, kFork + 8);
  const Stack stack = walk(kCaller + kReturn, kFirst - 0x90, kFirst - 0x80, 0, /*exact=*/false);
  EXPECT_EQ(names(stack), kWhole);
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
}

TEST_F(Riscv64UnwindTest, TheCallerOfALeafIsInTheLinkRegister) {
  const Stack bare = walk(kLeaf, kFirst - 0x90, kFirst - 0x80, kCaller + kReturn);
  EXPECT_EQ(names(bare), "leaf caller kthread ret_from_fork_kernel_asm");
  EXPECT_EQ(bare.frames[1].source, FrameSource::kLinkRegister);
  // With a frame it keeps the caller's s0 alone.
  memory_.write_u64(kFirst - 0x90 - 8, kFirst - 0x80);
  const Stack framed = walk(kFramed + 6, kFirst - 0xa0, kFirst - 0x90, kCaller + kReturn);
  EXPECT_EQ(names(framed), "framed caller kthread ret_from_fork_kernel_asm");
  EXPECT_EQ(framed.frames[1].sp.value, kFirst - 0x90);
}

TEST_F(Riscv64UnwindTest, AtEachInstructionOfAFunctionItsCallerIsFound) {
  // The frame of `caller` is entered at kFirst - 0x80; of its caller everything is known before it has made its own.
  const std::uint64_t entered = kFirst - 0x80;
  for (const std::uint64_t offset : {0, 2, 4, 6, 8, 16, 18, 20, 22}) {
    const bool moved = offset >= 2 && offset < kReturn + 6;
    const bool has_frame = offset >= 8 && offset < kReturn + 2;
    const bool live = offset < kReturn || offset >= kReturn + 4;
    const Stack stack = walk(kCaller + offset, moved ? entered - 16 : entered, has_frame ? entered : kFirst - 0x40,
                             live ? kThread + kReturn : kCaller + kReturn);
    EXPECT_EQ(names(stack), kWhole) << offset;
    EXPECT_EQ(stack.frames[1].sp.value, entered) << offset;
  }
}

TEST_F(Riscv64UnwindTest, AnInterruptsRegistersLieAtTheEndOfTheHandlersFrame) {
  const std::uint64_t at = kFirst - 0x90 - kPtRegs;
  registers(at, kLeaf, kFirst - 0x90, kFirst - 0x80, kCaller + kReturn);
  frame(at, kFirst - 0x80, kEntry + 8);
  // The handler's callee runs on a stack of its own.
  frame(kIrqStackEnd - 0x40, at, kHandler + kReturn);
  const Stack stack = walk(kCaller + kReturn, kIrqStackEnd - 0x60, kIrqStackEnd - 0x40, 0, /*exact=*/false);
  EXPECT_EQ(names(stack), "caller do_irq handle_exception leaf caller kthread ret_from_fork_kernel_asm");
  EXPECT_EQ(stack.frames[3].source, FrameSource::kException);
  EXPECT_EQ(stack.frames[3].saved_at, VirtualAddress(at));
  EXPECT_TRUE(stack.frames[3].pc_is_exact);
  EXPECT_EQ(arch::kRiscv64.interrupts_enabled(*stack.frames[3].registers), true);
}

TEST_F(Riscv64UnwindTest, RegistersOfAnotherStackAreNotThoseOfAnInterrupt) {
  const std::uint64_t at = kFirst - 0x90 - kPtRegs;
  registers(at, kLeaf, kFirst - 0xf0, kFirst - 0x80, kCaller + kReturn);
  frame(at, kFirst - 0x80, kEntry + 8);
  const Stack stack = walk(kHandler + kReturn, at - 0x20, at, 0, /*exact=*/false);
  EXPECT_EQ(names(stack), "do_irq handle_exception kthread ret_from_fork_kernel_asm")
      << "the chain of frames goes on without them";
}

TEST_F(Riscv64UnwindTest, ASystemCallEndsInUserMode) {
  registers(kFirst, 0x3f8a1b2c4e, 0x3fffff0000, 0, 0, kFromUser);
  frame(kFirst, 0, kEntry + 8);
  const Stack stack = walk(kHandler + kReturn, kFirst - 0x10, kFirst, 0, /*exact=*/false);
  EXPECT_EQ(names(stack), "do_irq handle_exception");
  EXPECT_EQ(stack.end, StackEnd::kUserMode);
  EXPECT_EQ(stack.user_registers->get(riscv64::kPc), 0x3f8a1b2c4eu);
  EXPECT_EQ(stack.user_registers_at, VirtualAddress(kFirst));
}

TEST_F(Riscv64UnwindTest, RoomForTheRegistersOfAProgramIsTheEndOfAKernelThread) {
  registers(kFirst, 0, 0, 0, 0);
  frame(kFirst, kThread, kEntry + 8);  // older kernels: it would return to the end of the exception's code
  const Stack stack = walk(kThread + kReturn, kFirst - 0x10, kFirst, 0, /*exact=*/false);
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
}

TEST_F(Riscv64UnwindTest, ACpuAtItsEntryWasWhereTheInterruptBeforeFoundIt) {
  registers(kFirst - 0x90 - kPtRegs, kLeaf, kFirst - 0x90, kFirst - 0x80, kCaller + kReturn);
  const Stack stack = walk(kEntry, kFirst - 0x90, kFirst - 0x80, kCaller + kReturn);
  EXPECT_EQ(names(stack), "handle_exception leaf caller kthread ret_from_fork_kernel_asm");
  EXPECT_EQ(stack.frames[1].source, FrameSource::kEarlierInterrupt);
}

TEST_F(Riscv64UnwindTest, ACpuAtItsEntryWithAnotherLinkIsElsewhere) {
  registers(kFirst - 0x90 - kPtRegs, kLeaf, kFirst - 0x90, kFirst - 0x80, kHandler + kReturn);
  const Stack stack = walk(kEntry, kFirst - 0x90, kFirst - 0x80, kCaller + kReturn);
  EXPECT_EQ(names(stack), "handle_exception caller kthread ret_from_fork_kernel_asm");
  EXPECT_EQ(stack.frames[1].source, FrameSource::kLinkRegister);
  EXPECT_EQ(walk(kEntry, 0x3fffff0000, 0, 0).end, StackEnd::kUserMode) << "taken out of a program";
}

TEST_F(Riscv64UnwindTest, ATaskThatNeverRanHasNoCaller) {
  const Stack stack = walk(kFork, kFirst, 0, std::nullopt);
  EXPECT_EQ(names(stack), "ret_from_fork_kernel_asm");
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
}

TEST_F(Riscv64UnwindTest, BrokenChainsEndWithTheReason) {
  const auto end_of = [&](std::uint64_t frame_pointer) {
    return walk(kCaller + kReturn, kStack + 0x20, frame_pointer, 0, /*exact=*/false).end;
  };
  frame(kStack + 0x200, kStack + 0x200, kCaller + kReturn);
  EXPECT_EQ(end_of(kStack + 0x200), StackEnd::kNoProgress);
  frame(kStack + 0x200, kStack + 0x300, kCaller + kReturn);
  frame(kStack + 0x300, kStack + 0x200, kCaller + kReturn);
  EXPECT_EQ(end_of(kStack + 0x200), StackEnd::kTooDeep);
  EXPECT_EQ(end_of(kStack + 0x204), StackEnd::kNoUnwindData) << "no frame begins there";
  EXPECT_EQ(end_of(0x4711), StackEnd::kNoUnwindData);
  frame(kStack + 0x200, kStack + 0x300, 0x1234);
  EXPECT_EQ(end_of(kStack + 0x200), StackEnd::kNotCode);
  memory_.take_away(kStack + 0x1000);
  EXPECT_EQ(end_of(kStack + 0x1800), StackEnd::kUnreadable);
}

TEST_F(Riscv64UnwindTest, WhatAnInterruptLeftOnAStackIsFound) {
  const std::uint64_t at = kFirst - 0x90 - kPtRegs;
  registers(at, kLeaf, kFirst - 0x90, kFirst - 0x80, kCaller + kReturn);
  const auto found = unwinder()->find_interruption({VirtualAddress(kStack), VirtualAddress(kStack + 0x4000)});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->registers.get(riscv64::kPc), kLeaf);
  registers(at, kLeaf, kFirst - 0x90, kStack + 0x204, 0);
  EXPECT_FALSE(unwinder()->find_interruption({VirtualAddress(kStack), VirtualAddress(kStack + 0x4000)}))
      << "no stack lies under these";
}

TEST_F(Riscv64UnwindTest, AStackAtEitherEndOfTheAddressesIsSearchedOnce) {
  EXPECT_FALSE(unwinder()->find_interruption({VirtualAddress(0), VirtualAddress(0x4000)}));
  EXPECT_FALSE(unwinder()->find_interruption({VirtualAddress(~0ull - 8), VirtualAddress(~0ull)}));
}

TEST_F(Riscv64UnwindTest, WithoutSymbolsThereIsNoUnwinder) {
  test::FakeSymbols none;
  EXPECT_FALSE(make_unwinder({arch::kRiscv64, memory_, none, types_}));
}

}  // namespace
}  // namespace whyhung::unwind
