// SPDX-License-Identifier: GPL-2.0-or-later
// Code of x86_64 that is written byte by byte, and stacks that it would have made.
#pragma once

#include <gtest/gtest.h>

#include "arch/x86_64.h"
#include "support/fake_symbols.h"
#include "support/fake_types.h"
#include "support/paged_memory.h"
#include "unwind/frame_pointer_unwinder.h"

namespace whyhung::unwind::frame_pointers {

namespace x86 = arch::x86;

inline constexpr std::uint64_t kText = 0xffffffff81000000;
inline constexpr std::uint64_t kEntry = kText + 0x8000;  // .entry.text
inline constexpr std::uint64_t kStack = 0xffff880010000000, kStackEnd = kStack + 0x4000;
inline constexpr std::uint64_t kIrqStack = 0xffff880020000000;

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

}  // namespace whyhung::unwind::frame_pointers
