// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks of s390x, frame by frame.
#include <gtest/gtest.h>

#include "arch/s390x.h"
#include "support/fake_symbols.h"
#include "support/fake_types.h"
#include "support/paged_memory.h"
#include "unwind/unwinders.h"

namespace whyhung::unwind {
namespace {

namespace s390x = arch::s390x;

constexpr std::uint64_t kText = 0x3ffe0100000;
constexpr std::uint64_t kStack = 0x37fe0000000;  // 16 KB
constexpr std::uint64_t kFirst = kStack + 0x4000 - 160 - 200;
constexpr std::uint64_t kIrqStack = 0x37fe0100000;
constexpr std::uint64_t kKernel = 0x0704c00180000000, kUser = 0x0705000180000000;

constexpr std::uint64_t kLeaf = kText, kCaller = kText + 0x100, kThread = kText + 0x200, kFork = kText + 0x300,
                        kEntry = kText + 0x400;

class S390xUnwindTest : public testing::Test {
 protected:
  S390xUnwindTest() {
    symbols_.add("_stext", kText - 0x100, 0x10)
        .add("leaf", kLeaf, 0x100)
        .add("caller", kCaller, 0x100)
        .add("kthread", kThread, 0x100)
        .add("__ret_from_fork", kFork, 0x100)
        .add("ext_int_handler", kEntry, 0x100);
    memory_.touch(kText);
    // stmg r14,r15,112(r15); lgr r1,r15; lay r15,-160(r15); stg r1,0(r15)
    for (const std::uint64_t function : {kCaller, kThread, kFork, kEntry}) {
      put(function, {0xeb, 0xef, 0xf0, 0x70, 0x00, 0x24, 0xb9, 0x04, 0x00, 0x1f, 0xe3,
                     0xf0, 0xff, 0x60, 0xff, 0x71, 0xe3, 0x10, 0xf0, 0x00, 0x00, 0x24});
    }
    for (std::uint64_t at = kStack; at < kStack + 0x4000; at += 0x1000) memory_.touch(at);
    memory_.touch(kIrqStack);
    // caller ← kthread ← __ret_from_fork ← end
    frame(kFirst - 0x200, kFirst - 0x100, 0);
    frame(kFirst - 0x100, kFirst, kThread + 0x20);
    frame(kFirst, 0, kFork + 0x20);
  }
  void put(std::uint64_t at, std::initializer_list<unsigned> bytes) {
    for (const unsigned byte : bytes) memory_.write_integer<std::uint8_t>(at++, static_cast<std::uint8_t>(byte));
  }
  // A frame, its caller's, and where the function called from it will return to.
  void frame(std::uint64_t at, std::uint64_t chain, std::uint64_t return_address) {
    memory_.write_u64(at, chain);
    memory_.write_u64(at + 112, return_address);
  }
  void registers(std::uint64_t at, std::uint64_t mask, std::uint64_t pc, std::uint64_t sp, std::uint64_t link) {
    memory_.write_u64(at + 8, mask);
    memory_.write_u64(at + 16, pc);
    memory_.write_u64(at + 24 + 14 * 8, link);
    memory_.write_u64(at + 24 + 15 * 8, sp);
  }
  Stack walk(std::uint64_t pc, std::uint64_t sp, std::uint64_t link = 0, bool exact = true) {
    WalkStart start;
    start.registers.set(s390x::kPswMask, kKernel);
    start.registers.set(s390x::kPc, pc);
    start.registers.set(s390x::kSp, sp);
    start.registers.set(s390x::kR14, link);
    start.pc_is_exact = exact;
    const auto unwinder = make_unwinder({arch::kS390x, memory_, symbols_, types_});
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

  test::PagedMemory memory_{ByteOrder::kBig};
  test::FakeSymbols symbols_;
  test::FakeTypes types_;
};

TEST_F(S390xUnwindTest, FollowsTheChainToItsEnd) {
  const Stack stack = walk(kCaller + 0x20, kFirst - 0x200, 0, /*exact=*/false);
  EXPECT_EQ(names(stack), "caller kthread __ret_from_fork");
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
  EXPECT_EQ(stack.frames[1].sp.value, kFirst - 0x100);
}

TEST_F(S390xUnwindTest, TheCallerOfALeafIsInTheLinkRegister) {
  const Stack leaf = walk(kLeaf + 8, kFirst - 0x200, kCaller + 0x20);
  EXPECT_EQ(names(leaf), "leaf caller kthread __ret_from_fork");
  EXPECT_EQ(leaf.frames[1].source, FrameSource::kLinkRegister);
  EXPECT_EQ(names(walk(kCaller + 16, kFirst - 0x100, kThread + 0x20)), "caller kthread __ret_from_fork")
      << "its chain is not stored yet";
  EXPECT_EQ(names(walk(kCaller + 22, kFirst - 0x200, kCaller + 0x40)), "caller kthread __ret_from_fork");
}

TEST_F(S390xUnwindTest, BehindTheLastFrameOfAnInterruptLieTheRegisters) {
  frame(kIrqStack + 0x800, kStack + 0x1000, 0);
  frame(kStack + 0x1000, 0, kEntry + 0x20);
  registers(kStack + 0x1000 + 160, kKernel, kLeaf + 8, kFirst - 0x200, kCaller + 0x20);
  const Stack stack = walk(kCaller + 0x20, kIrqStack + 0x800, 0, /*exact=*/false);
  EXPECT_EQ(names(stack), "caller ext_int_handler leaf caller kthread __ret_from_fork");
  EXPECT_EQ(stack.frames[2].source, FrameSource::kException);
  EXPECT_EQ(stack.frames[2].saved_at, VirtualAddress(kStack + 0x1000 + 160));
}

TEST_F(S390xUnwindTest, ASystemCallEndsInUserMode) {
  registers(kFirst + 160, kUser, 0x3ff8a1b2c4e, 0x3ffffff0000, 0);
  const Stack stack = walk(kCaller + 0x20, kFirst - 0x200, 0, /*exact=*/false);
  EXPECT_EQ(stack.end, StackEnd::kUserMode);
  EXPECT_EQ(stack.user_registers->get(s390x::kPc), 0x3ff8a1b2c4eu);
}

TEST_F(S390xUnwindTest, FramesMayBePacked) {
  types_.add("stack_frame 160: back_chain@152:8 gprs@72:8");
  const auto packed = [&](std::uint64_t at, std::uint64_t chain, std::uint64_t return_address) {
    memory_.write_u64(at + 152, chain);
    memory_.write_u64(at + 136, return_address);
  };
  packed(kFirst - 0x200, kFirst - 0x100, 0);
  packed(kFirst - 0x100, kFirst, kThread + 0x20);
  packed(kFirst, 0, kFork + 0x20);
  EXPECT_EQ(names(walk(kCaller + 0x20, kFirst - 0x200, 0, /*exact=*/false)), "caller kthread __ret_from_fork");
}

TEST_F(S390xUnwindTest, ACpuAtAnInterruptsFirstInstructionHasItsStatusWordInItsLowcore) {
  constexpr std::uint64_t kTable = kText + 0x1000, kOther = 0x10000, kOwn = 0x20000;
  types_.add("lowcore 8192: external_old_psw@304:16 io_old_psw@368:16 kernel_stack@840:8 async_stack@848:8");
  symbols_.add("lowcore_ptr", kTable, 4096);
  for (std::uint64_t cpu = 0; cpu < 512; ++cpu) memory_.write_u64(kTable + cpu * 8, 0);
  memory_.write_u64(kTable, kOther);
  memory_.write_u64(kTable + 8, kOwn);
  memory_.write_u64(kOther + 840, kIrqStack + 0x4000);
  memory_.write_u64(kOwn + 840, kStack + 0x4000);
  memory_.write_u64(kOwn + 304, kKernel);
  memory_.write_u64(kOwn + 312, kLeaf + 8);
  const Stack stack = walk(kEntry, kFirst - 0x200, kCaller + 0x20);
  EXPECT_EQ(names(stack), "ext_int_handler leaf caller kthread __ret_from_fork");
  EXPECT_EQ(stack.frames[1].source, FrameSource::kException);
  memory_.write_u64(kOwn + 304, kUser);
  EXPECT_EQ(walk(kEntry, kFirst - 0x200, kCaller + 0x20).end, StackEnd::kUserMode);
  memory_.write_u64(kTable + 8, 0);
  EXPECT_EQ(names(walk(kEntry, kFirst - 0x200, 0)), "ext_int_handler kthread __ret_from_fork")
      << "nobody has that stack";
}

TEST_F(S390xUnwindTest, BrokenChainsEndWithTheReason) {
  const auto end_of = [&](std::uint64_t sp) { return walk(kCaller + 0x20, sp, 0, /*exact=*/false).end; };
  frame(kStack + 0x100, kStack + 0x100, kCaller + 0x20);
  EXPECT_EQ(end_of(kStack + 0x100), StackEnd::kNoProgress);
  frame(kStack + 0x100, kStack + 0x200, kCaller + 0x20);
  frame(kStack + 0x200, kStack + 0x100, kCaller + 0x20);
  EXPECT_EQ(end_of(kStack + 0x100), StackEnd::kTooDeep);
  frame(kStack + 0x200, kStack + 0x300, kCaller + 0x20);
  EXPECT_EQ(end_of(kStack + 0x100), StackEnd::kNotCode);
  frame(kStack + 0x100, 0x1000, 0);
  EXPECT_EQ(end_of(kStack + 0x100), StackEnd::kUnreadable);
}

TEST_F(S390xUnwindTest, WithoutSymbolsThereIsNoUnwinder) {
  test::FakeSymbols none;
  EXPECT_FALSE(make_unwinder({arch::kS390x, memory_, none, types_}));
}

}  // namespace
}  // namespace whyhung::unwind
