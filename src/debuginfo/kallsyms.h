// SPDX-License-Identifier: GPL-2.0-or-later
// Kallsyms: the kernel's own symbol table, in the memory of the crashed machine. Nothing is decoded that is not asked
// for: an address is found by bisecting the addresses, a name through the kernel's own order of names where it has one,
// and in one pass over the compressed names where it has not.
#pragma once

#include <map>
#include <memory>

#include "debuginfo/kallsyms_names.h"
#include "debuginfo/symbols.h"

namespace whyhung::debuginfo {

// Where the tables are. VMCOREINFO names them since v6.0 (5fd8fea935a1); find_kallsyms() finds them without.
struct KallsymsTables {
  VirtualAddress names;         // kallsyms_names
  VirtualAddress token_table;   // kallsyms_token_table
  VirtualAddress token_index;   // kallsyms_token_index
  VirtualAddress symbol_count;  // kallsyms_num_syms
  // One of these two; both are tried when both are there.
  std::optional<VirtualAddress> offsets;        // kallsyms_offsets
  std::optional<VirtualAddress> addresses;      // kallsyms_addresses
  std::optional<VirtualAddress> relative_base;  // kallsyms_relative_base; offsets may do without
};

// A symbol whose address is known from elsewhere (VMCOREINFO), to prove what the numbers in the tables mean.
struct KnownSymbol {
  std::string name;
  VirtualAddress address;
};

// What the numbers in the table of addresses mean.
enum class KallsymsMode : std::uint8_t {
  kAbsolute,              // 64-bit addresses
  kBaseRelative,          // v4.6 (2213e9a66bb8): 32-bit distances from kallsyms_relative_base
  kBaseRelativeOrPerCpu,  // the same, turned: base - 1 - number where it is negative, else the number itself
  kPlaceRelative,         // 7.x: 32-bit distances from the number's own place
};
std::string_view describe(KallsymsMode mode);

class Kallsyms final : public SymbolSource {
 public:
  // Checks the tables and finds the mode in which at least one of `known` ("_stext" is in every VMCOREINFO) is at its
  // address; fails when there is none. Addresses below the lowest of those proven are not covered. `memory` must
  // outlive the result.
  static Result<std::shared_ptr<Kallsyms>> open(const VirtualMemory& memory, const KallsymsTables& tables,
                                                std::span<const KnownSymbol> known);

  std::string description() const override { return "kallsyms in the dump"; }
  void prepare(std::span<const std::string_view> names) override;
  std::vector<Symbol> find_all(std::string_view name, std::size_t limit) override;
  std::optional<SymbolAt> find_covering(VirtualAddress address) override;

  // Where the tables could not be read, if something was asked for there: then a name that is not found may exist.
  std::optional<ReadFault> fault() const { return names_.fault() ? names_.fault() : numbers_.fault(); }

  KallsymsMode mode() const { return mode_; }
  std::uint32_t count() const { return names_.count(); }
  // The symbol of an index, in order of addresses; nothing when it cannot be read.
  std::optional<Symbol> symbol_at(std::uint32_t index);
  // True when names are found through the kernel's own order of them.
  bool has_order() const { return names_.has_order(); }

 private:
  Kallsyms(const VirtualMemory& memory, KallsymsNames names, MemoryWindow numbers)
      : memory_(&memory), names_(std::move(names)), numbers_(std::move(numbers)) {}
  struct Numbers;
  static std::vector<Numbers> readings(const VirtualMemory& memory, const KallsymsTables& tables, std::uint32_t count);
  void find_order(const KallsymsTables& tables);
  std::size_t prove(std::span<const KnownSymbol> known);
  std::optional<VirtualAddress> address_at(std::uint32_t index);
  std::optional<std::uint32_t> first_at_or_above(VirtualAddress address);
  std::uint64_t distance_to_next(std::uint32_t index, VirtualAddress address);
  const std::vector<std::uint32_t>& indexes_of(std::string_view name);
  VirtualAddress end_of_kernel();

  const VirtualMemory* memory_;
  KallsymsNames names_;
  MemoryWindow numbers_;
  KallsymsMode mode_ = KallsymsMode::kAbsolute;
  VirtualAddress base_;
  VirtualAddress begin_;
  std::optional<VirtualAddress> end_;
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> known_names_;
};

}  // namespace whyhung::debuginfo
