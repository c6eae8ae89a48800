// SPDX-License-Identifier: GPL-2.0-or-later
// Frame pointers of x86_64, as kernels before 4.14 use them.
#include "frame_pointer_fixture.h"

namespace whyhung::unwind::frame_pointers {
namespace {

TEST_F(FramePointerTest, LeadsFromFrameToFrameAndEndsWhereTheThreadBegan) {
  thread_frames();
  const Stack stack = walk(kText + 0x250, kStackEnd - 0x1a0, kStackEnd - 0x160);
  EXPECT_EQ(names(stack), (Names{"loop", "kthread", "ret_from_fork"}));
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
  EXPECT_EQ(stack.frames[1].source, FrameSource::kCall);
  EXPECT_EQ(stack.frames[1].sp.value, kStackEnd - 0x150);
}

TEST_F(FramePointerTest, ACallThroughTheCodeThatAvoidsSpeculationIsOneThroughAPointer) {
  function("__x86_indirect_thunk_rbx", kText + 0x500, false);
  function("ret_from_fork_nospec_begin", kEntry + 0x500, false);
  call(kText + 0x180, kText + 0x500);   // of kthread
  call(kEntry + 0x505, kText + 0x500);  // of what is left of ret_from_fork
  word(kStackEnd - 0x108, kEntry + 0x505);
  word(kStackEnd - 0x110, 0);
  word(kStackEnd - 0x158, kText + 0x180);
  word(kStackEnd - 0x160, kStackEnd - 0x110);
  const Stack stack = walk(kText + 0x250, kStackEnd - 0x1a0, kStackEnd - 0x160);
  EXPECT_EQ(names(stack), (Names{"loop", "kthread", "ret_from_fork_nospec_begin"}));
  EXPECT_EQ(stack.frames[1].source, FrameSource::kCall);
  EXPECT_EQ(stack.frames[2].source, FrameSource::kCall);
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
}

TEST_F(FramePointerTest, ACircleOfFramesEnds) {
  const std::uint64_t first = kStackEnd - 0x160, second = kStackEnd - 0x110;
  word(first + 8, kText + 0x140);
  word(second + 8, kText + 0x140);
  for (const auto& [of_first, of_second] : {std::pair{first, second}, {second, first}, {second, second}}) {
    word(first, of_first);
    word(second, of_second);
    const Stack stack = walk(kText + 0x250, kStackEnd - 0x1a0, first);
    EXPECT_LE(stack.frames.size(), kMostFrames);
    EXPECT_NE(stack.end, StackEnd::kOutermost);
  }
}

TEST_F(FramePointerTest, AFrameThatIsNotMadeYetOrIsGoneAgainHidesNobody) {
  thread_frames();
  word(kStackEnd - 0x158, kText + 0x140);
  const Names expected{"loop", "kthread", "ret_from_fork"};
  const std::uint64_t pushed = kStackEnd - 0x160, called = kStackEnd - 0x158;
  EXPECT_EQ(names(walk(kText + 0x200, called, kStackEnd - 0x110)), expected) << "at the first instruction";
  EXPECT_EQ(names(walk(kText + 0x205, called, kStackEnd - 0x110)), expected) << "in front of the push";
  EXPECT_EQ(names(walk(kText + 0x206, pushed, kStackEnd - 0x110)), expected) << "behind it";
  bytes(kText + 0x260, {0xc3});
  EXPECT_EQ(names(walk(kText + 0x260, called, kStackEnd - 0x110)), expected) << "in front of the return";
}

TEST_F(FramePointerTest, ALeafWithoutAFrameIsFoundByTheCallThatLeadsToIt) {
  thread_frames();
  word(kStackEnd - 0x1a0, 0x1234);
  word(kStackEnd - 0x198, kText + 0x140);  // behind a call, but of nobody knows what
  word(kStackEnd - 0x190, kText + 0x240);
  const Stack stack = walk(kText + 0x310, kStackEnd - 0x1a0, kStackEnd - 0x160);
  EXPECT_EQ(names(stack), (Names{"leaf", "loop", "kthread", "ret_from_fork"}));
  EXPECT_EQ(stack.frames[1].source, FrameSource::kScan);
}

TEST_F(FramePointerTest, OfCodeThatMakesNoFrameTheNearestCallThroughAPointerMustDo) {
  thread_frames();
  word(kStackEnd - 0x198, kText + 0x140);
  const Stack stack = walk(kText + 0x310, kStackEnd - 0x1a0, kStackEnd - 0x110);
  ASSERT_GE(stack.frames.size(), 2u);
  EXPECT_EQ(names(stack)[1], "kthread");
  EXPECT_EQ(stack.frames[1].source, FrameSource::kScan);
}

TEST_F(FramePointerTest, AnInterruptIsCrossedToTheInterruptedInstruction) {
  thread_frames();
  // SAVE_ARGS_IRQ: from RBP on, as struct pt_regs has it; the interrupt's own stack begins with where that is.
  const std::uint64_t saved = kStackEnd - 0x300;
  word(saved, kStackEnd - 0x160);
  word(saved + 96, kText + 0x250);
  word(saved + 104, 0x10);
  word(saved + 112, 0x246);
  word(saved + 120, kStackEnd - 0x1a0);
  word(saved + 128, 0x18);
  word(kIrqStack + 0xff8, saved);
  word(kIrqStack + 0xff0, kEntry + 0x140);
  word(kIrqStack + 0xfe8, saved);
  const Stack stack = walk(kText + 0x450, kIrqStack + 0xfc0, kIrqStack + 0xfe8);
  EXPECT_EQ(names(stack), (Names{"handler", "apic_timer_interrupt", "loop", "kthread", "ret_from_fork"}));
  EXPECT_EQ(stack.frames[2].source, FrameSource::kException);
  EXPECT_TRUE(stack.frames[2].pc_is_exact);
  EXPECT_EQ(stack.frames[2].registers->get(x86::kRflags), 0x246u);
  EXPECT_FALSE(stack.frames[2].registers->get(x86::kRbx)) << "such an interrupt does not save it";
}

TEST_F(FramePointerTest, AnExceptionsRegistersAreWhole) {
  thread_frames();
  function("nmi", kEntry + 0x200, false);
  call(kEntry + 0x240, kText + 0x400);
  const std::uint64_t frame = kIrqStack + 0x800;
  word(frame, kEntry + 0x240);
  word(frame - 8, 0);
  const std::uint64_t registers = frame + 8;
  word(registers + 8 * x86::kRbx, 0x77);
  word(registers + 8 * x86::kRbp, kStackEnd - 0x160);
  word(registers + 8 * x86::kRip, kText + 0x250);
  word(registers + 8 * x86::kCs, 0x10);
  word(registers + 8 * x86::kRflags, 0x246);
  word(registers + 8 * x86::kRsp, kStackEnd - 0x1a0);
  const Stack stack = walk(kText + 0x450, frame - 0x20, frame - 8);
  EXPECT_EQ(names(stack), (Names{"handler", "nmi", "loop", "kthread", "ret_from_fork"}));
  EXPECT_EQ(stack.frames[2].registers->get(x86::kRbx), 0x77u);
  EXPECT_EQ(stack.frames[2].saved_at->value, registers);
}

TEST_F(FramePointerTest, ASystemCallEndsTheStack) {
  function("system_call_fastpath", kEntry + 0x600, false);
  call(kEntry + 0x640, std::nullopt);
  word(kStackEnd - 0x98, kEntry + 0x640);
  const Stack stack = walk(kText + 0x250, kStackEnd - 0xc0, kStackEnd - 0xa0);
  EXPECT_EQ(names(stack), (Names{"loop", "system_call_fastpath"}));
  EXPECT_EQ(stack.end, StackEnd::kUserMode);
}

TEST_F(FramePointerTest, WordsThatNoCallPutThereAreNotBelieved) {
  thread_frames();
  word(kStackEnd - 0x158, kText + 0x150);  // code, but not behind a call
  const Stack stack = walk(kText + 0x250, kStackEnd - 0x1a0, kStackEnd - 0x160);
  EXPECT_EQ(names(stack), Names{"loop"});
  EXPECT_EQ(stack.end, StackEnd::kNoUnwindData);
}

TEST_F(FramePointerTest, DamagedChainsEnd) {
  thread_frames();
  for (const std::uint64_t bp : {std::uint64_t{0}, kStack, kStackEnd - 0x15f, ~std::uint64_t{0}, kStackEnd + 0x10000}) {
    const Stack stack = walk(kText + 0x250, kStackEnd - 0x1a0, bp);
    EXPECT_EQ(stack.frames.size(), 1u) << std::hex << bp;
    EXPECT_NE(stack.end, StackEnd::kTooDeep);
  }
  word(kStackEnd - 0x160, kStackEnd - 0x160);  // leads back to itself
  EXPECT_LE(walk(kText + 0x250, kStackEnd - 0x1a0, kStackEnd - 0x160).frames.size(), 2u);
}

TEST_F(FramePointerTest, WithoutSymbolsThereIsNoUnwinder) {
  test::FakeSymbols none;
  EXPECT_FALSE(make_unwinder({arch::kX86_64, memory_, none, types_, nullptr}));
}

}  // namespace
}  // namespace whyhung::unwind::frame_pointers
