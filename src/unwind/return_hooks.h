// SPDX-License-Identifier: GPL-2.0-or-later
// Return addresses that a tracer took from the stack: the function graph tracer and return probes put that of a
// trampoline in their place, and note what was there in lists of the task
// (kernel/trace/fgraph.c, kernel/trace/rethook.c, kernel/kprobes.c).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/memory_reader.h"
#include "debuginfo/symbols.h"
#include "debuginfo/type_source.h"

namespace whyhung::unwind {

class ReturnHooks {
 public:
  // All must outlive this. Nothing is looked up before a trampoline is met.
  ReturnHooks(const VirtualMemory& memory, debuginfo::SymbolSource& symbols, debuginfo::TypeSource& types)
      : memory_(memory), symbols_(symbols), types_(types) {}

  // A trampoline begins at this return address.
  bool is_trampoline(VirtualAddress return_address);

  struct Place {
    VirtualAddress task;              // whose stack it is; null: not known
    std::uint64_t slot = 0;           // where the return address lies
    std::uint64_t frame_pointer = 0;  // the caller's: what some machines note instead
    std::uint32_t met_before = 0;     // trampolines of the graph tracer on this stack so far
  };
  // What was there before; nothing when no record fits.
  std::optional<VirtualAddress> original(VirtualAddress trampoline, const Place& place);

 private:
  enum class Kind : std::uint8_t { kNone, kGraph, kReturnProbe };
  Kind kind_of(VirtualAddress return_address);
  std::optional<VirtualAddress> by_graph(const Place& place);
  std::optional<VirtualAddress> by_probe(const Place& place);
  std::optional<VirtualAddress> by_old_probe(const Place& place);
  std::optional<VirtualAddress> by_list(const Place& place, std::uint64_t first, std::string_view node_type,
                                        std::string_view link, std::string_view frame);

  const VirtualMemory& memory_;
  debuginfo::SymbolSource& symbols_;
  debuginfo::TypeSource& types_;
  std::unordered_map<VirtualAddress, Kind> known_;
};

}  // namespace whyhung::unwind
