// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks of ppc64le: functions written instruction by instruction, frames word by word.
#include <gtest/gtest.h>

#include "arch/ppc64.h"
#include "support/fake_symbols.h"
#include "support/paged_memory.h"
#include "unwind/backchain_unwinder.h"
#include "unwind/ppc64_code.h"

namespace whyhung::unwind {
namespace {

namespace ppc64 = arch::ppc64;

constexpr std::uint64_t kText = 0xc000000000000000;
constexpr std::uint64_t kStack = 0xc000000004790000;
constexpr std::uint64_t kStackEnd = kStack + 0x8000;
constexpr std::uint64_t kKernelMsr = 0x8000000000009033;

constexpr std::uint32_t kNop = 0x60000000;
constexpr std::uint32_t kMflrR0 = 0x7c0802a6;
constexpr std::uint32_t kSaveLink = 0xf8010010;  // std r0,16(r1)
constexpr std::uint32_t kBlr = 0x4e800020;
constexpr std::uint32_t kStay = 0x48000000;  // b .
constexpr std::uint32_t stdu(std::uint32_t size) {
  return 0xf8210001 | (0x10000 - size);
}
constexpr std::uint32_t release(std::uint32_t size) {
  return 0x38210000 | size;
}
constexpr std::uint32_t call(std::int32_t distance) {
  return 0x48000001 | (static_cast<std::uint32_t>(distance) & 0x3fffffc);
}

struct Machine {
  test::PagedMemory memory;
  test::FakeSymbols symbols;
  std::uint64_t next = kText + 0x10000;

  Machine() {
    symbols.add("_stext", kText, 0x100);
    symbols.add("exc_virt_0x4900_decrementer", kText + 0x4900, 0x100);
    symbols.add("__end_interrupts", kText + 0x8000, 4);
    for (std::uint64_t at = kStack; at < kStackEnd; at += 4096) memory.touch(at);
  }
  // Returns the function's address.
  std::uint64_t function(std::string_view name, std::initializer_list<std::uint32_t> code) {
    const std::uint64_t begin = next;
    symbols.add(name, begin, code.size() * 4);
    for (const std::uint32_t word : code) {
      memory.write_u32(next, word);
      next += 4;
    }
    next += 0x100;
    return begin;
  }
  // An ordinary function with a frame; `call_at` is where it calls.
  std::uint64_t framed(std::string_view name, std::uint32_t size) {
    return function(name, {kMflrR0, kSaveLink, stdu(size), kNop, call(0x40), kNop, kBlr});
  }
  static std::uint64_t return_into(std::uint64_t function) { return function + 5 * 4; }

  // The frame at `sp` belongs to a function that was called from the one of `caller_sp`, where it will return to `pc`.
  void frame(std::uint64_t sp, std::uint64_t caller_sp, std::uint64_t pc) {
    memory.write_u64(sp, caller_sp);
    memory.write_u64(caller_sp + 16, pc);
  }
  // struct pt_regs in an exception's frame at `sp`; `marker` at its offset.
  void exception(std::uint64_t sp, std::uint64_t marker_offset, std::uint64_t marker, std::uint64_t regs_offset,
                 std::uint64_t nip, std::uint64_t r1, std::uint64_t link, std::uint64_t msr = kKernelMsr) {
    memory.write_u64(sp, r1);
    memory.write_u64(sp + marker_offset, marker);
    memory.write_u64(sp + regs_offset + 8 * ppc64::kR1, r1);
    memory.write_u64(sp + regs_offset + 8 * ppc64::kNip, nip);
    memory.write_u64(sp + regs_offset + 8 * ppc64::kMsr, msr);
    memory.write_u64(sp + regs_offset + 8 * ppc64::kLink, link);
    memory.write_u64(sp + regs_offset + 8 * ppc64::kTrap, 0x900);
  }
  std::unique_ptr<Unwinder> unwinder() {
    static test::FakeSymbols unused;
    struct NoTypes final : debuginfo::TypeSource {
      std::string description() const override { return {}; }
      std::optional<std::uint64_t> size_of(std::string_view) override { return std::nullopt; }
      std::optional<debuginfo::Member> member(std::string_view, std::string_view) override { return std::nullopt; }
      std::optional<std::int64_t> enumerator(std::string_view) override { return std::nullopt; }
    };
    static NoTypes types;
    auto made = make_backchain_unwinder({arch::kPpc64le, memory, symbols, types});
    EXPECT_TRUE(made);
    return *std::move(made);
  }
  Stack walk(std::uint64_t pc, std::uint64_t sp, std::uint64_t link, bool exact = true,
             std::uint64_t msr = kKernelMsr) {
    arch::RegisterSet registers;
    registers.set(ppc64::kNip, pc);
    registers.set(ppc64::kR1, sp);
    registers.set(ppc64::kLink, link);
    registers.set(ppc64::kMsr, msr);
    return unwinder()->walk({registers, exact});
  }
  std::vector<std::string> names(const Stack& stack) {
    std::vector<std::string> out;
    for (const Frame& frame : stack.frames) {
      const auto symbol = symbols.find_covering(frame.lookup_address());
      out.push_back(symbol ? symbol->symbol.name : "?");
    }
    return out;
  }
};

using Names = std::vector<std::string>;

TEST(Ppc64FrameShape, FollowsTheCodeToTheInstruction) {
  Machine machine;
  const std::uint64_t f = machine.function(
      "f", {kMflrR0, kSaveLink, stdu(0x80), kNop, call(0x40), release(0x80), kNop, 0x7c0803a6 /* mtlr r0 */, kBlr});
  const auto shape = [&](std::uint64_t index) {
    return ppc64_frame_shape(machine.memory, VirtualAddress(f), 36, VirtualAddress(f + 4 * index));
  };
  EXPECT_EQ(shape(0), (Ppc64FrameShape{0, false, true}));
  EXPECT_EQ(shape(2), (Ppc64FrameShape{0, true, true}));
  EXPECT_EQ(shape(3), (Ppc64FrameShape{0x80, true, true}));
  EXPECT_EQ(shape(5), (Ppc64FrameShape{0x80, true, false}));
  EXPECT_EQ(shape(6), (Ppc64FrameShape{0, true, false}));
  EXPECT_EQ(shape(8), (Ppc64FrameShape{0, true, true}));
}

TEST(Ppc64FrameShape, CodeBehindAReturnHasTheShapeOfTheWayThatLeadsThere) {
  Machine machine;
  // beq to the end; frame, return; the end has no frame.
  const std::uint64_t f = machine.function("f", {0x41820014, kMflrR0, stdu(0x40), release(0x40), kBlr, kStay});
  const auto shape = ppc64_frame_shape(machine.memory, VirtualAddress(f), 24, VirtualAddress(f + 20));
  EXPECT_EQ(shape, (Ppc64FrameShape{0, false, true}));
  EXPECT_FALSE(ppc64_frame_shape(machine.memory, VirtualAddress(f), 24, VirtualAddress(f + 24)));
  EXPECT_FALSE(ppc64_frame_shape(machine.memory, VirtualAddress(f), 24, VirtualAddress(f + 2)));
}

TEST(Backchain, WalksReturnAddressesToTheFirstFrame) {
  Machine machine;
  const std::uint64_t inner = machine.framed("inner", 0x40);
  const std::uint64_t outer = machine.framed("outer", 0x60);
  const std::uint64_t start = machine.framed("start", 0x20);
  machine.frame(kStack + 0x7000, kStack + 0x7040, Machine::return_into(outer));
  machine.frame(kStack + 0x7040, kStack + 0x70a0, Machine::return_into(start));
  machine.memory.write_u64(kStack + 0x70a0, 0);
  const Stack stack = machine.walk(Machine::return_into(inner), kStack + 0x7000, 0, /*exact=*/false);
  EXPECT_EQ(machine.names(stack), (Names{"inner", "outer", "start"}));
  EXPECT_EQ(stack.end, StackEnd::kOutermost);
}

// The very case that no other tool shows: a leaf was interrupted, and its caller is in LR alone.
TEST(Backchain, AcrossAnExceptionTheInterruptedLeafAndItsCallerAreFound) {
  struct Kind {
    std::uint64_t marker_offset, marker, registers;
  };
  for (const Kind& kind : {Kind{96, 0x7265677368657265, 112}, Kind{96, 0x52454753, 112}, Kind{32, 0x52454753, 48}}) {
    Machine machine;
    const std::uint64_t entry = machine.framed("decrementer_common_virt", 0x300);
    const std::uint64_t leaf = machine.function("leaf", {kNop, kStay});
    const std::uint64_t caller = machine.framed("caller", 0x30);
    const std::uint64_t start = machine.framed("start", 0x20);
    const std::uint64_t interrupted = kStack + 0x7000;
    const std::uint64_t frame = interrupted - 0x300;
    machine.exception(frame, kind.marker_offset, kind.marker, kind.registers, leaf + 4, interrupted,
                      Machine::return_into(caller));
    machine.frame(interrupted, interrupted + 0x30, Machine::return_into(start));
    machine.memory.write_u64(interrupted + 0x30, 0);
    const Stack stack = machine.walk(Machine::return_into(entry), frame, 0, /*exact=*/false);
    EXPECT_EQ(machine.names(stack), (Names{"decrementer_common_virt", "leaf", "caller", "start"}));
    ASSERT_GE(stack.frames.size(), 3u);
    EXPECT_EQ(stack.frames[1].source, FrameSource::kException);
    EXPECT_EQ(stack.frames[1].saved_at, VirtualAddress(frame + kind.registers));
    EXPECT_EQ(stack.frames[2].source, FrameSource::kLinkRegister);
  }
}

TEST(Backchain, AMarkerThatWasLeftOverIsNoException) {
  Machine machine;
  const std::uint64_t f = machine.framed("f", 0x200);
  const std::uint64_t start = machine.framed("start", 0x20);
  machine.exception(kStack + 0x6000, 32, 0x52454753, 48, f, kStack + 0x6300, 0);
  machine.frame(kStack + 0x6000, kStack + 0x6200, Machine::return_into(start));
  machine.memory.write_u64(kStack + 0x6200, 0);
  const Stack stack = machine.walk(Machine::return_into(f), kStack + 0x6000, 0, /*exact=*/false);
  EXPECT_EQ(machine.names(stack), (Names{"f", "start"}));
}

TEST(Backchain, AnInterruptedFunctionWithAFrameIgnoresItsStaleLinkRegister) {
  Machine machine;
  const std::uint64_t f = machine.framed("f", 0x40);
  const std::uint64_t start = machine.framed("start", 0x20);
  machine.frame(kStack + 0x7000, kStack + 0x7040, Machine::return_into(start));
  machine.memory.write_u64(kStack + 0x7040, 0);
  const Stack stack = machine.walk(f + 5 * 4, kStack + 0x7000, Machine::return_into(f));
  EXPECT_EQ(machine.names(stack), (Names{"f", "start"}));
}

TEST(Backchain, RegistersThatPairTheCallersStackWithTheInnerProgramCounterAreToldByTheFrameSize) {
  Machine machine;
  const std::uint64_t crash = machine.framed("__crash_kexec", 0x1d0);
  const std::uint64_t panic = machine.framed("panic", 0x90);
  const std::uint64_t start = machine.framed("start", 0x20);
  // r1 is panic's.
  machine.frame(kStack + 0x7000, kStack + 0x7090, Machine::return_into(start));
  machine.memory.write_u64(kStack + 0x7000 + 16, Machine::return_into(panic));
  machine.memory.write_u64(kStack + 0x7090, 0);
  const Stack stack = machine.walk(crash + 5 * 4, kStack + 0x7000, Machine::return_into(panic));
  EXPECT_EQ(machine.names(stack), (Names{"__crash_kexec", "panic", "start"}));
}

TEST(Backchain, AFunctionThatMovesToAnotherStackIsShownOnce) {
  Machine machine;
  const std::uint64_t handler = machine.framed("__do_irq", 0x50);
  const std::uint64_t mover = machine.framed("do_IRQ", 0x60);
  const std::uint64_t start = machine.framed("start", 0x20);
  const std::uint64_t irq_stack = 0xc00000003ff30000;
  machine.memory.touch(irq_stack + 0x3000);
  const std::uint64_t top = irq_stack + 0x3fe0;
  machine.frame(top - 0x50, top, Machine::return_into(mover));
  machine.memory.write_u64(top, kStack + 0x7000);  // points to the mover's own frame
  machine.frame(kStack + 0x7000, kStack + 0x7060, Machine::return_into(start));
  machine.memory.write_u64(kStack + 0x7000 + 16, Machine::return_into(handler));  // left over
  machine.memory.write_u64(kStack + 0x7060, 0);
  const Stack stack = machine.walk(Machine::return_into(handler), top - 0x50, 0, /*exact=*/false);
  EXPECT_EQ(machine.names(stack), (Names{"__do_irq", "do_IRQ", "start"}));
}

TEST(Backchain, UnderAnInterruptThatHasOnlyBeenEnteredTheOneBeforeTellsThePlace) {
  constexpr std::uint64_t kEntryMsr = 0x8000000000001031;
  Machine machine;
  const std::uint64_t leaf = machine.function("leaf", {kNop, kStay});
  const std::uint64_t caller = machine.framed("caller", 0x30);
  const std::uint64_t start = machine.framed("start", 0x20);
  const std::uint64_t sp = kStack + 0x7000;
  machine.frame(sp, sp + 0x30, Machine::return_into(start));
  machine.memory.write_u64(sp + 0x30, 0);
  const std::uint64_t link = Machine::return_into(caller);
  const Stack bare = machine.walk(kText + 0x4900, sp, link, true, kEntryMsr);
  EXPECT_EQ(machine.names(bare), (Names{"exc_virt_0x4900_decrementer", "caller", "start"}));
  EXPECT_EQ(bare.frames[1].source, FrameSource::kLinkRegister);
  machine.exception(sp - 0x2d0, 32, 0 /* wiped out by the return */, 48, leaf + 4, sp, link);
  const Stack told = machine.walk(kText + 0x4900, sp, link, true, kEntryMsr);
  EXPECT_EQ(machine.names(told), (Names{"exc_virt_0x4900_decrementer", "leaf", "caller", "start"}));
  EXPECT_EQ(told.frames[1].source, FrameSource::kEarlierInterrupt);
  const Stack moved_on = machine.walk(kText + 0x4900, sp, link + 4, true, kEntryMsr);
  EXPECT_EQ(moved_on.frames[1].source, FrameSource::kLinkRegister) << "another call was made since";
}

TEST(Backchain, RegistersOfUserModeEndTheStack) {
  Machine machine;
  const std::uint64_t entry = machine.framed("system_call_vectored_common", 0x100);
  machine.exception(kStack + 0x7e50, 32, 0x52454753, 48, 0x1020b4f8, 0x7ffff6842a80, 0, 0x800000000000d033);
  const Stack stack = machine.walk(Machine::return_into(entry), kStack + 0x7e50, 0, /*exact=*/false);
  EXPECT_EQ(stack.end, StackEnd::kUserMode);
  ASSERT_TRUE(stack.user_registers);
  EXPECT_EQ(stack.user_registers->get(ppc64::kNip), 0x1020b4f8u);
}

TEST(Backchain, ChainsThatGoNowhereEnd) {
  Machine machine;
  const std::uint64_t f = machine.framed("f", 0x40);
  // To itself.
  machine.memory.write_u64(kStack + 0x100, kStack + 0x100);
  machine.memory.write_u64(kStack + 0x110, Machine::return_into(f));
  EXPECT_EQ(machine.walk(Machine::return_into(f), kStack + 0x100, 0, false).end, StackEnd::kNoProgress);
  // In a circle of two.
  machine.frame(kStack + 0x200, kStack + 0x300, Machine::return_into(f));
  machine.frame(kStack + 0x300, kStack + 0x200, Machine::return_into(f));
  EXPECT_EQ(machine.walk(Machine::return_into(f), kStack + 0x200, 0, false).end, StackEnd::kTooDeep);
  // Off the stack.
  machine.memory.write_u64(kStack + 0x400, 0xc0000000ffff0000);
  EXPECT_EQ(machine.walk(Machine::return_into(f), kStack + 0x400, 0, false).end, StackEnd::kUnreadable);
  machine.frame(kStack + 0x500, kStack + 0x540, 0x1234);
  EXPECT_EQ(machine.walk(Machine::return_into(f), kStack + 0x500, 0, false).end, StackEnd::kNotCode);
}

TEST(Backchain, AStackAtTheLowestAddressIsSearchedOnce) {
  Machine machine;
  EXPECT_FALSE(machine.unwinder()->find_interruption({VirtualAddress(0), VirtualAddress(0x4000)}));
  EXPECT_FALSE(machine.unwinder()->find_interruption({VirtualAddress(~0ull - 8), VirtualAddress(~0ull)}));
}

TEST(Backchain, AnInterruptionThatTheDumpHasNoRegistersOfIsFoundOnTheStack) {
  Machine machine;
  const std::uint64_t leaf = machine.function("leaf", {kNop, kStay});
  const std::uint64_t caller = machine.framed("caller", 0x30);
  const std::uint64_t start = machine.framed("start", 0x20);
  const std::uint64_t sp = kStack + 0x7000;
  machine.frame(sp, sp + 0x30, Machine::return_into(start));
  machine.memory.write_u64(sp + 0x30, 0);
  machine.exception(sp - 0x2d0, 32, 0x52454753, 48, leaf + 4, sp, Machine::return_into(caller));
  const auto unwinder = machine.unwinder();
  const auto found = unwinder->find_interruption({VirtualAddress(kStack), VirtualAddress(kStackEnd)});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->registers.get(ppc64::kNip), leaf + 4);
  EXPECT_FALSE(unwinder->find_interruption({VirtualAddress(kStack), VirtualAddress(kStack + 0x1000)}));
  EXPECT_FALSE(unwinder->find_interruption({VirtualAddress(0), VirtualAddress(~0ull)}));
}

}  // namespace
}  // namespace whyhung::unwind
