// SPDX-License-Identifier: GPL-2.0-or-later
// Unwinder: walks the stacks of one machine. Each architecture has its own, made from what the dump holds; the table is
// in unwinders.cc.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "debuginfo/symbols.h"
#include "debuginfo/type_source.h"
#include "unwind/unwinder.h"

namespace whyhung::unwind {

// Unwind tables that a loaded module brought along; architectures without tables ignore them.
struct ModuleTables {
  VirtualRange text;
  VirtualAddress orc_ips;
  VirtualAddress orc_rows;
  std::uint64_t orc_count = 0;
};

class Unwinder {
 public:
  virtual ~Unwinder() = default;
  virtual Stack walk(const WalkStart& start) = 0;
  // The registers that an interrupt saved on a stack whose owner is running, as far as saved registers can be told from
  // other words there: those of the outermost interruption that leads to the start of the stack. Older than the dump.
  virtual std::optional<FrameState> find_interruption(VirtualRange stack) {
    (void)stack;
    return std::nullopt;
  }
  virtual void add_module(const ModuleTables& tables) { (void)tables; }
  // "ORC (version 1)": how frames are found, for messages.
  virtual std::string description() const = 0;
};

// What find_interruption() is to find where registers that an interrupt saved can be told by themselves:
// `interrupted_at` says whether some lie at an address. From its end on each place that a frame can have is looked at,
// in stacks of at most 256 KB.
std::optional<FrameState> outermost_interruption(
    Unwinder& unwinder, VirtualRange stack,
    const std::function<std::optional<FrameState>(VirtualAddress)>& interrupted_at);

struct UnwindInputs {
  const arch::Architecture& architecture;
  const VirtualMemory& memory;
  debuginfo::SymbolSource& symbols;
  debuginfo::TypeSource& types;
  const arch::AddressSpace* address_space = nullptr;  // only for machines whose pointers carry more than an address
};

// kNotFound when the kernel's symbols are not known: without tables they tell return addresses from other words.
Result<void> need_symbols(const UnwindInputs& inputs);

// kUnsupported when the architecture has no unwinder, kNotFound when the dump lacks what it needs. All inputs must
// outlive the result.
Result<std::unique_ptr<Unwinder>> make_unwinder(const UnwindInputs& inputs);

}  // namespace whyhung::unwind
