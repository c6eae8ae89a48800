// SPDX-License-Identifier: GPL-2.0-or-later
// Frames of a stack of the crashed machine, as an unwinder finds them, and the reason why each stack ends. Symbol names
// are not its business.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/registers.h"
#include "base/address.h"

namespace whyhung::unwind {

// How a frame was found, best first.
enum class FrameSource : std::uint8_t {
  kRegisters,         // the registers that the walk began with
  kCall,              // the return address that unwind data (or the frame record, the back chain) points to
  kException,         // the registers that an interrupt, exception or NMI saved: the program counter is exact
  kLinkRegister,      // a leaf's caller, known only from the link register
  kScan,              // a return address found by looking for the call that fits: no unwind data covers the code
  kFramePointer,      // guessed through the frame pointer: no unwind data covers the code
  kEarlierInterrupt,  // the registers that the interrupt before this one found at the same place of the stack
};
std::string_view describe(FrameSource source);

// Why a stack ends. Only the first two are what a healthy stack looks like.
enum class StackEnd : std::uint8_t {
  kUserMode,      // the registers below were saved on entry from user mode
  kOutermost,     // the code that starts a thread
  kNoRegisters,   // nothing to begin with
  kNoUnwindData,  // no way to go on from this code
  kUnreadable,    // a stack page is not in the dump
  kNotCode,       // the return address does not point into code
  kNoProgress,    // the same frame again
  kTooDeep,       // more frames than a kernel stack can hold
};
std::string_view describe(StackEnd end);

struct Frame {
  VirtualAddress pc;
  VirtualAddress sp;  // stack pointer when `pc` is (or will be) executed
  FrameSource source = FrameSource::kCall;
  bool pc_is_exact = false;                    // `pc` is the instruction itself, not the one after a call
  std::optional<VirtualAddress> saved_at;      // kException, kEarlierInterrupt: where the registers lie in memory
  std::optional<arch::RegisterSet> registers;  // all that is known; nothing of frames that were only returned to

  // The address to look symbols and lines up with: a return address may lie behind the end of its function.
  VirtualAddress lookup_address() const { return pc_is_exact ? pc : pc - 1; }
};

struct Stack {
  std::vector<Frame> frames;  // innermost first
  StackEnd end = StackEnd::kNoRegisters;
  std::string end_detail;                           // address or code at which it ended; may be empty
  std::optional<arch::RegisterSet> user_registers;  // kUserMode: what user mode had
  std::optional<VirtualAddress> user_registers_at;
};

}  // namespace whyhung::unwind
