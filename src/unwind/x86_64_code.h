// SPDX-License-Identifier: GPL-2.0-or-later
// What the bytes of x86_64 code say about its frames: whether a return address stands behind a call and of what, how
// far a function is in making its frame, where C code comes back from another stack.
#pragma once

#include <cstdint>
#include <optional>

#include "base/memory_reader.h"
#include "debuginfo/symbols.h"
#include "unwind/unwinder.h"

namespace whyhung::unwind {

class X86Code {
 public:
  // All must outlive this.
  X86Code(const VirtualMemory& memory, debuginfo::SymbolSource& symbols, ReturnHooks& hooks)
      : memory_(memory), symbols_(symbols), hooks_(hooks) {}

  // A symbol of code covers it.
  bool is_code(std::uint64_t address) const;
  // The same, or it lies among modules, where programs and trampolines that the kernel wrote have no symbol.
  bool may_be_code(std::uint64_t address) const;

  // What stands before a return address: a call of this very function, of one that is not known, or no call at all.
  enum class CallBefore : std::uint8_t { kOfFunction, kOfAnother, kIndirect, kNone };
  CallBefore call_before(std::uint64_t address, VirtualAddress function) const;
  // Where code at the start of a CPU's life returned "far" to: nothing called it.
  bool follows_far_return(std::uint64_t address) const;

  // How far into its frame's making the function at `begin` is at `pc`.
  enum class Progress : std::uint8_t { kNothingPushed, kPointerPushed, kMade, kUnknown };
  Progress progress(VirtualAddress begin, VirtualAddress pc) const;

  // Whether the code at `pc`, which a call returns to, takes the stack pointer of another stack: from the word that it
  // points to (pop %rsp), or from the frame pointer (leave).
  enum class StackChange : std::uint8_t { kNone, kFromWord, kFromFramePointer };
  StackChange stack_change(VirtualAddress pc) const;

  // What an interrupt of kernel code saved right below `end`, a multiple of 16: the stack pointer that it found tells
  // saved registers from other words.
  std::optional<FrameState> interrupted_above(VirtualAddress end) const;

 private:
  CallBefore direct_call(std::uint64_t target, VirtualAddress function) const;

  const VirtualMemory& memory_;
  debuginfo::SymbolSource& symbols_;
  ReturnHooks& hooks_;
};

}  // namespace whyhung::unwind
