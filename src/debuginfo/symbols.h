// SPDX-License-Identifier: GPL-2.0-or-later
// Symbols of the crashed kernel and its modules: names to addresses and back. Kallsyms in the dump, the symbol tables
// of loaded modules and a vmlinux are sources.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"

namespace whyhung::debuginfo {

struct Symbol {
  std::string name;
  VirtualAddress address;
  std::uint64_t size = 0;  // bytes up to the next symbol where the table has no sizes; 0 when unknown
  std::string module;      // empty for the kernel itself
  char type = 0;           // nm's letter; 0 when unknown

  // By its type; true where that is not known.
  bool may_be_code() const { return type == 0 || type == 't' || type == 'T' || type == 'w' || type == 'W'; }
};

// `symbol.name+offset`, as every kernel message writes it.
struct SymbolAt {
  Symbol symbol;
  std::uint64_t offset = 0;
};

class SymbolSource {
 public:
  virtual ~SymbolSource() = default;
  virtual std::string description() const = 0;
  // Says which names will be asked for, so that one search finds them all. Never needed, often much quicker.
  virtual void prepare(std::span<const std::string_view> names) { (void)names; }
  // All symbols of that exact name, at most `limit` of them, lowest address first.
  virtual std::vector<Symbol> find_all(std::string_view name, std::size_t limit) = 0;
  // The symbol that covers `address`; of several at one address the one that names code best (see alias_penalty), the
  // first of equals, which is the one that the kernel prints. Nothing outside of the source's range.
  virtual std::optional<SymbolAt> find_covering(VirtualAddress address) = 0;

  // The lowest address of that name. Names of static functions may be there several times: then this is a guess.
  std::optional<VirtualAddress> address_of(std::string_view name) {
    const auto found = find_all(name, 1);
    if (found.empty()) return std::nullopt;
    return found.front().address;
  }
};

// How badly a name stands for what is at its address, if others stand there too: 0 for an ordinary name, more for an
// alias with leading underscores or a dot, most for marks that compilers leave ("$x", "__pfx_…", "__UNIQUE_ID…").
unsigned alias_penalty(std::string_view name);

// True for a name that stands for no function or variable at all and is never shown: an empty one, the mapping symbols
// of arm64 and riscv ("$x", "$d", also "$x.12", "$xrv64i2p1…"), local labels (".L0 "), and "__UNIQUE_ID…", "__pfx_…"
// and "__cfi_…" of compilers.
bool is_mark(std::string_view name);

// Many sources as one: the kernel's first, then the modules'.
class SymbolChain final : public SymbolSource {
 public:
  void add(std::shared_ptr<SymbolSource> source) { sources_.push_back(std::move(source)); }
  bool empty() const { return sources_.empty(); }
  std::string description() const override;
  void prepare(std::span<const std::string_view> names) override;
  // Asks the sources in their order until `limit` are found, so that a symbol of the kernel costs no look into modules;
  // lowest address first among those.
  std::vector<Symbol> find_all(std::string_view name, std::size_t limit) override;
  // The answer of the source whose range covers the address; of several the one with the nearest symbol.
  std::optional<SymbolAt> find_covering(VirtualAddress address) override;

 private:
  std::vector<std::shared_ptr<SymbolSource>> sources_;
};

}  // namespace whyhung::debuginfo
