// SPDX-License-Identifier: GPL-2.0-or-later
// Frame pointers of x86_64 in each form that kernels since 4.1 give them: other stacks, marks in front of the prologue,
// returns that are jumps, calls that are patched, code that has no symbol.
#include "frame_pointer_fixture.h"

namespace whyhung::unwind::frame_pointers {
namespace {

constexpr std::uint64_t kLoopSp = kStackEnd - 0x1a0, kLoopBp = kStackEnd - 0x160;
constexpr std::uint64_t kRegisters = kStackEnd - 0x300;  // struct pt_regs of an interrupt

class FramePointerFormsTest : public FramePointerTest {
 protected:
  FramePointerFormsTest() {
    thread_frames();
    function("vector", kText + 0x500);  // the C code that an interrupt's entry calls
    function("asm_vector", kEntry + 0x200, false);
    call(kEntry + 0x240, kText + 0x500);
    call(kText + 0x540, kText + 0x400);  // vector calls handler
  }
  // What the entry of an interrupt of `loop` saved.
  void interrupted(std::uint64_t registers, std::uint64_t pc = kText + 0x250) {
    word(registers + 8 * x86::kRbx, 0x77);
    word(registers + 8 * x86::kRbp, kLoopBp);
    word(registers + 8 * x86::kRip, pc);
    word(registers + 8 * x86::kCs, 0x10);
    word(registers + 8 * x86::kRflags, 0x246);
    word(registers + 8 * x86::kRsp, kLoopSp);
    word(registers + 8 * x86::kSs, 0x18);
  }
  const Names thread_{"loop", "kthread", "ret_from_fork"};
  Names under(std::initializer_list<const char*> inner) const {
    Names all(inner.begin(), inner.end());
    all.insert(all.end(), thread_.begin(), thread_.end());
    return all;
  }
};

TEST_F(FramePointerFormsTest, CodeThatWentToTheInterruptStackByItselfIsFollowedBack) {
  interrupted(kRegisters);
  const std::uint64_t vector_bp = kRegisters - 16;
  word(kRegisters - 8, kEntry + 0x240);
  word(vector_bp, kRegisters | 1);
  bytes(kText + 0x540, {0x5c});  // pop %rsp
  word(kIrqStack + 0xff8, vector_bp - 0x20);
  word(kIrqStack + 0xff0, kText + 0x540);
  word(kIrqStack + 0xfe8, vector_bp);
  const Stack stack = walk(kText + 0x450, kIrqStack + 0xfc0, kIrqStack + 0xfe8);
  EXPECT_EQ(names(stack), under({"handler", "vector", "asm_vector"}));
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
  ASSERT_EQ(stack.frames.size(), 6u);
  EXPECT_EQ(stack.frames[3].source, FrameSource::kException);
  EXPECT_EQ(stack.frames[3].registers->get(x86::kRbx), 0x77u);
  bytes(kText + 0x540, {0x90});
  EXPECT_EQ(names(walk(kText + 0x450, kIrqStack + 0xfc0, kIrqStack + 0xfe8)), (Names{"handler", "vector"}))
      << "without the instruction that comes back, the word above is no stack pointer";
}

TEST_F(FramePointerFormsTest, AssemblyThatChangesStacksKeepsTheFrameOnTheOldOne) {
  function("asm_call_on_stack", kEntry + 0x600);
  call(kEntry + 0x640, std::nullopt);
  bytes(kEntry + 0x640, {0xc9, 0xc3});  // leave, ret
  call(kText + 0x560, kEntry + 0x600);
  interrupted(kRegisters);
  const std::uint64_t vector_bp = kRegisters - 16, asm_bp = vector_bp - 0x40;
  word(kRegisters - 8, kEntry + 0x240);
  word(vector_bp, kRegisters | 1);
  word(asm_bp + 8, kText + 0x560);
  word(asm_bp, vector_bp);
  word(kIrqStack + 0xff8, asm_bp);
  word(kIrqStack + 0xff0, kEntry + 0x640);
  word(kIrqStack + 0xfe8, asm_bp);
  const Stack stack = walk(kText + 0x450, kIrqStack + 0xfc0, kIrqStack + 0xfe8);
  EXPECT_EQ(names(stack), under({"handler", "asm_call_on_stack", "vector", "asm_vector"}));
}

TEST_F(FramePointerFormsTest, EntryCodeThatPushedTheAddressOfAllRegistersIsCrossed) {
  interrupted(kRegisters);
  word(kIrqStack + 0xff8, kRegisters);
  word(kIrqStack + 0xff0, kEntry + 0x140);
  for (const std::uint64_t before : {kRegisters | 1, kRegisters, std::uint64_t{0}}) {
    word(kIrqStack + 0xfe8, before);  // RBP of the entry code, as 4.9 has it and as kernels before
    const Stack stack = walk(kText + 0x450, kIrqStack + 0xfc0, kIrqStack + 0xfe8);
    EXPECT_EQ(names(stack), under({"handler", "apic_timer_interrupt"})) << std::hex << before;
    ASSERT_GE(stack.frames.size(), 3u);
    EXPECT_EQ(stack.frames[2].registers->get(x86::kRbx), 0x77u);
    EXPECT_EQ(stack.frames[2].saved_at->value, kRegisters);
  }
}

TEST_F(FramePointerFormsTest, MarksForIndirectJumpsComeBeforeThePrologue) {
  const std::uint64_t called = kLoopBp + 8;
  for (const auto& mark :
       {std::initializer_list<unsigned>{0xf3, 0x0f, 0x1e, 0xfa}, {0x66, 0x0f, 0x1f, 0x00}, {0x0f, 0x1f, 0x40, 0xd6}}) {
    bytes(kText + 0x200, mark);
    bytes(kText + 0x204, {0x0f, 0x1f, 0x44, 0x00, 0x00, 0x55, 0x48, 0x89, 0xe5});
    EXPECT_EQ(names(walk(kText + 0x204, called, kStackEnd - 0x110)), thread_) << "behind the mark";
    EXPECT_EQ(names(walk(kText + 0x209, called, kStackEnd - 0x110)), thread_) << "in front of the push";
    EXPECT_EQ(names(walk(kText + 0x20a, kLoopBp, kStackEnd - 0x110)), thread_) << "behind it";
    EXPECT_EQ(names(walk(kText + 0x20d, kLoopBp, kLoopBp)), thread_) << "when the frame is made";
  }
}

TEST_F(FramePointerFormsTest, AReturnMayBeAJump) {
  const std::uint64_t called = kLoopBp + 8;
  bytes(kText + 0x260, {0x5d, 0xe9, 0x00, 0x01, 0x00, 0x00});
  EXPECT_EQ(names(walk(kText + 0x261, called, kStackEnd - 0x110)), thread_);
  bytes(kText + 0x270, {0xc9, 0x2e, 0xe9});
  EXPECT_EQ(names(walk(kText + 0x271, called, kStackEnd - 0x110)), thread_);
  bytes(kText + 0x280, {0x90, 0xe9});
  EXPECT_EQ(names(walk(kText + 0x281, kLoopSp, kLoopBp)), thread_) << "a jump inside of the function";
  function("__x86_return_thunk", kText + 0x600, false);
  EXPECT_EQ(names(walk(kText + 0x600, called, kStackEnd - 0x110)),
            (Names{"__x86_return_thunk", "kthread", "ret_from_fork"}));
}

TEST_F(FramePointerFormsTest, CallsArePatchedToGoThroughPaddingJumpsAndColdParts) {
  const auto source_of = [&](std::uint64_t target) {
    call(kText + 0x140, target);
    const Stack stack = walk(kText + 0x250, kLoopSp, kLoopBp, /*is_exact=*/false);
    EXPECT_EQ(names(stack), thread_);
    return stack.frames.size() > 1 ? stack.frames[1].source : FrameSource::kScan;
  };
  symbols_.add("__pfx_loop", kText + 0x1f0, 0x10);
  EXPECT_EQ(source_of(kText + 0x1f0), FrameSource::kCall) << "the padding in which calls are counted";
  symbols_.add("__SCT__loop", kText + 0x700, 0x10);
  EXPECT_EQ(source_of(kText + 0x700), FrameSource::kCall) << "a static call";
  bytes(kText + 0x200, {0x90, 0x90, 0x90, 0x90, 0x90, 0x90});
  EXPECT_EQ(source_of(kText + 0x300), FrameSource::kFramePointer) << "of something else, and no frame to be seen";
}

TEST_F(FramePointerFormsTest, AColdPartWasCalledByTheNameOfTheWhole) {
  function("loop.cold", kText + 0x780, false);
  call(kText + 0x140, kText + 0x200);
  const Stack stack = walk(kText + 0x790, kLoopSp, kLoopBp);
  EXPECT_EQ(names(stack), (Names{"loop.cold", "kthread", "ret_from_fork"}));
  EXPECT_EQ(stack.frames[1].source, FrameSource::kCall);
}

TEST_F(FramePointerFormsTest, AFrameThatIsPutOffIsSeenByTheCallThatLeadsThere) {
  function("late", kText + 0x800, false);
  call(kText + 0x140, kText + 0x800);
  bytes(kText + 0x810, {0x55, 0x48, 0x89, 0xe5});
  EXPECT_EQ(names(walk(kText + 0x804, kLoopBp + 8, kStackEnd - 0x110)), (Names{"late", "kthread", "ret_from_fork"}));
  const Stack made = walk(kText + 0x820, kLoopSp, kLoopBp);
  EXPECT_EQ(names(made), (Names{"late", "kthread", "ret_from_fork"}));
  EXPECT_EQ(made.frames[1].source, FrameSource::kCall);
}

TEST_F(FramePointerFormsTest, TheFirstCodeOfACpuWasReturnedTo) {
  function("start_secondary", kText + 0x900);
  function("secondary_startup_64", kText + 0xa00, false);
  bytes(kText + 0xa3e, {0x48, 0xcb});
  word(kLoopBp, 0);
  word(kLoopBp + 8, kText + 0xa40);
  const Stack stack = walk(kText + 0x950, kLoopSp, kLoopBp);
  EXPECT_EQ(names(stack), (Names{"start_secondary", "secondary_startup_64"}));
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
}

TEST_F(FramePointerFormsTest, AnEntryThatHasSavedNothingYetLeadsToWhatTheProcessorPushed) {
  interrupted(kRegisters);
  const std::uint64_t pushed = kRegisters + 8 * x86::kRip;
  word(pushed - 8, ~0ull);
  const Stack stack = walk(kEntry + 0x204, pushed - 8, kLoopBp);
  EXPECT_EQ(names(stack), under({"asm_vector"}));
  ASSERT_GE(stack.frames.size(), 2u);
  EXPECT_EQ(stack.frames[1].source, FrameSource::kException);
  EXPECT_EQ(names(walk(kEntry + 0x220, kRegisters, 0)), under({"asm_vector"})) << "all pushed, RBP cleared";
  EXPECT_EQ(walk(kEntry + 0x204, 0x7ffc0000, kLoopBp).end, StackEnd::kOutermost)
      << "a system call on the program's own stack";
}

TEST_F(FramePointerFormsTest, UserModeUnderAnUnfinishedEntryEndsTheStack) {
  const std::uint64_t frame = kStackEnd - 0x28;
  word(frame, 0x401000);
  word(frame + 8, 0x33);
  word(frame + 16, 0x202);
  word(frame + 24, 0x7ffc12345678);
  word(frame + 32, 0x2b);
  const Stack stack = walk(kEntry + 0x204, frame, 0x1234);
  EXPECT_EQ(names(stack), Names{"asm_vector"});
  EXPECT_EQ(stack.end, StackEnd::kUserMode);
}

TEST_F(FramePointerFormsTest, CodeWithoutASymbolIsFollowedAndMarked) {
  constexpr std::uint64_t kProgram = 0xffffffffc0100000;
  memory_.touch(kProgram);
  call(kText + 0x140, kProgram);         // kthread calls a program
  call(kProgram + 0x40, kText + 0x200);  // which calls loop
  const std::uint64_t inner = kLoopBp - 0x80;
  word(inner, kLoopBp);
  word(inner + 8, kProgram + 0x40);
  const Stack stack = walk(kText + 0x250, inner - 0x20, inner);
  ASSERT_EQ(stack.frames.size(), 4u);
  EXPECT_EQ(stack.frames[1].pc.value, kProgram + 0x40);
  EXPECT_EQ(stack.frames[2].source, FrameSource::kFramePointer);
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
}

TEST_F(FramePointerFormsTest, WhatTheTracerCallsReturnsToAFunctionWithoutAFrame) {
  function("tracer", kText + 0xb00);
  bytes(kText + 0x200, {0xe8});
  memory_.write_u32(kText + 0x201, static_cast<std::uint32_t>(kText + 0xb00 - (kText + 0x205)));
  const std::uint64_t inner = kLoopBp - 0x40;
  word(inner, kStackEnd - 0x110);  // RBP of kthread still
  word(inner + 8, kText + 0x205);
  word(inner + 16, kText + 0x140);
  const Stack stack = walk(kText + 0xb50, inner - 0x20, inner);
  EXPECT_EQ(names(stack), under({"tracer"}));
}

TEST_F(FramePointerFormsTest, WhatTheLastTickSavedIsFoundOnTheStackOfACpuThatDidNotAnswer) {
  interrupted(kLoopSp - 168);
  word(kStackEnd - 0x300 + 8 * x86::kCs, 0x10);  // other words that look a little like it
  auto unwinder = make_unwinder({arch::kX86_64, memory_, symbols_, types_, nullptr});
  const VirtualRange stack{VirtualAddress(kStack), VirtualAddress(kStackEnd)};
  const auto found = (*unwinder)->find_interruption(stack);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->saved_at->value, kLoopSp - 168);
  EXPECT_EQ(found->registers.get(x86::kRip), kText + 0x250);
  word(kLoopSp - 168 + 8 * x86::kRsp, kLoopSp + 0x10);
  EXPECT_FALSE((*unwinder)->find_interruption(stack)) << "registers that were saved elsewhere";
}

}  // namespace
}  // namespace whyhung::unwind::frame_pointers
