// SPDX-License-Identifier: GPL-2.0-or-later
// Frame pointers of x86_64: code that is written byte by byte, and stacks that it would have made.
#include "unwind/frame_pointer_unwinder.h"

#include <gtest/gtest.h>

#include "arch/x86_64.h"
#include "support/fake_symbols.h"
#include "support/fake_types.h"
#include "support/paged_memory.h"

namespace whyhung::unwind {
namespace {

namespace x86 = arch::x86;

constexpr std::uint64_t kText = 0xffffffff81000000;
constexpr std::uint64_t kEntry = kText + 0x8000;  // .entry.text
constexpr std::uint64_t kStack = 0xffff880010000000, kStackEnd = kStack + 0x4000;
constexpr std::uint64_t kIrqStack = 0xffff880020000000;

class FramePointerTest : public testing::Test {
 protected:
  FramePointerTest() {
    for (std::uint64_t at = 0; at < 0x9000; at += 4096) memory_.touch(kText + at);
    for (std::uint64_t at = 0; at < 0x4000; at += 4096) memory_.touch(kStack + at);
    memory_.touch(kIrqStack);
    symbols_.add("_stext", kText, 1).add("__entry_text_start", kEntry, 1).add("__entry_text_end", kEntry + 0x1000, 1);
    function("ret_from_fork", kEntry + 0x400);
    function("kthread", kText + 0x100);
    function("loop", kText + 0x200);
    function("leaf", kText + 0x300, false);
    call(kEntry + 0x440, std::nullopt);
    call(kText + 0x140, std::nullopt);
    call(kText + 0x240, kText + 0x300);
    function("handler", kText + 0x400);
    function("apic_timer_interrupt", kEntry + 0x100, false);
    call(kEntry + 0x140, kText + 0x400);
  }
  void bytes(std::uint64_t at, std::initializer_list<unsigned> values) {
    for (const unsigned value : values) memory_.write_integer<std::uint8_t>(at++, static_cast<std::uint8_t>(value));
  }
  void function(std::string_view name, std::uint64_t at, bool makes_frame = true) {
    symbols_.add(name, at, 0x100);
    // What the tracer replaced, push %rbp, mov %rsp,%rbp.
    if (makes_frame) bytes(at, {0x66, 0x66, 0x66, 0x66, 0x90, 0x55, 0x48, 0x89, 0xe5});
  }
  // A call that returns to `back`; to what a register says when no target is given.
  void call(std::uint64_t back, std::optional<std::uint64_t> target) {
    if (!target) {
      bytes(back - 2, {0xff, 0xd3});
      return;
    }
    bytes(back - 5, {0xe8});
    memory_.write_u32(back - 4, static_cast<std::uint32_t>(*target - back));
  }
  void word(std::uint64_t at, std::uint64_t value) { memory_.write_u64(at, value); }
  // The frames of ret_from_fork and kthread; gives RBP in a function that kthread called, and its stack pointer.
  void thread_frames() {
    word(kStackEnd - 0x108, kEntry + 0x440);  // kthread returns to ret_from_fork
    word(kStackEnd - 0x110, 0);               // what RBP was before
    word(kStackEnd - 0x158, kText + 0x140);   // loop returns to kthread
    word(kStackEnd - 0x160, kStackEnd - 0x110);
  }
  Stack walk(std::uint64_t pc, std::uint64_t sp, std::uint64_t bp, bool is_exact = true) {
    WalkStart start;
    start.registers.set(x86::kRip, pc);
    start.registers.set(x86::kRsp, sp);
    start.registers.set(x86::kRbp, bp);
    start.registers.set(x86::kCs, 0x10);
    start.pc_is_exact = is_exact;
    auto unwinder = make_unwinder({arch::kX86_64, memory_, symbols_, types_, nullptr});
    EXPECT_TRUE(unwinder);
    EXPECT_EQ((*unwinder)->description(), "frame pointers");
    return (*unwinder)->walk(start);
  }
  std::vector<std::string> names(const Stack& stack) {
    std::vector<std::string> all;
    for (const Frame& frame : stack.frames) all.push_back(symbols_.find_covering(frame.lookup_address())->symbol.name);
    return all;
  }
  using Names = std::vector<std::string>;
  test::PagedMemory memory_;
  test::FakeSymbols symbols_;
  test::FakeTypes types_;
};

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
}  // namespace whyhung::unwind
