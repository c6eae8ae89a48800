// SPDX-License-Identifier: GPL-2.0-or-later
// FakeSymbols: symbols that a test names one by one.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "debuginfo/symbols.h"

namespace whyhung::test {

class FakeSymbols final : public debuginfo::SymbolSource {
 public:
  // A size of 0 reaches up to the next symbol.
  FakeSymbols& add(std::string_view name, std::uint64_t address, std::uint64_t size = 0, std::string_view module = {}) {
    symbols_.push_back({std::string(name), VirtualAddress(address), size, std::string(module), 'T'});
    return *this;
  }
  FakeSymbols& remove(std::string_view name) {
    std::erase_if(symbols_, [&](const debuginfo::Symbol& one) { return one.name == name; });
    return *this;
  }

  std::string description() const override { return "symbols of the test"; }
  std::vector<debuginfo::Symbol> find_all(std::string_view name, std::size_t limit) override {
    std::vector<debuginfo::Symbol> found;
    for (const debuginfo::Symbol& one : symbols_) {
      if (one.name == name) found.push_back(one);
    }
    std::ranges::sort(found, {}, &debuginfo::Symbol::address);
    if (found.size() > limit) found.resize(limit);
    return found;
  }
  std::optional<debuginfo::SymbolAt> find_covering(VirtualAddress address) override {
    const debuginfo::Symbol* best = nullptr;
    for (const debuginfo::Symbol& one : symbols_) {
      if (one.address > address || (one.size != 0 && address - one.address >= one.size)) continue;
      if (best == nullptr || one.address > best->address) best = &one;
    }
    if (best == nullptr) return std::nullopt;
    return debuginfo::SymbolAt{*best, address - best->address};
  }

 private:
  std::vector<debuginfo::Symbol> symbols_;
};

}  // namespace whyhung::test
