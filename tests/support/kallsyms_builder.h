// SPDX-License-Identifier: GPL-2.0-or-later
// KallsymsBuilder: the kernel's symbol tables as scripts/kallsyms.c of several kernels lays them out, put into a
// FakeMemory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "debuginfo/kallsyms.h"
#include "support/fake_memory.h"

namespace whyhung::test {

// Which tables there are, how wide, and in which order.
enum class KallsymsLayout : std::uint8_t {
  kLongs,        // before v4.6: 64-bit addresses, 64-bit number and markers
  kOffsets,      // v4.20 to v6.1: offsets, base, number, names, markers, tokens
  kOrderInside,  // v6.2 to v6.4: the same with the order of names between markers and tokens
  kReordered,    // v6.5: number, names, markers, tokens, offsets, base, order
  kPlaces,       // 7.x: the same without base, aligned to 4, offsets from their own place
  kPower,        // kLongs on POWER, where each table begins at a multiple of 256
};

struct KallsymsSymbol {
  char type;
  std::string name;
  std::uint64_t address;
};

class KallsymsBuilder {
 public:
  explicit KallsymsBuilder(KallsymsLayout layout) : layout_(layout) {}

  // In order of addresses.
  KallsymsBuilder& add(char type, std::string name, std::uint64_t address) {
    symbols_.push_back({type, std::move(name), address});
    return *this;
  }
  // Addresses below `relative_base` become absolute per-CPU ones (negative numbers for all others).
  KallsymsBuilder& per_cpu_absolute() {
    per_cpu_absolute_ = true;
    return *this;
  }
  KallsymsBuilder& relative_base(std::uint64_t base) {
    base_ = base;
    return *this;
  }
  // Uses no token of more than one character and no two-byte length.
  KallsymsBuilder& plain_tokens() {
    plain_tokens_ = true;
    return *this;
  }
  // Writes all tables as one piece at `address` and returns where they are, as VMCOREINFO would.
  debuginfo::KallsymsTables put(FakeMemory& memory, std::uint64_t address) const;

  const std::vector<KallsymsSymbol>& symbols() const { return symbols_; }

 private:
  KallsymsLayout layout_;
  std::vector<KallsymsSymbol> symbols_;
  std::uint64_t base_ = 0;
  bool per_cpu_absolute_ = false;
  bool plain_tokens_ = false;
};

}  // namespace whyhung::test
