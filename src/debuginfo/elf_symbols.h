// SPDX-License-Identifier: GPL-2.0-or-later
// ElfSymbols: the symbol table of a vmlinux or module file as a source of symbols, moved to where the crashed machine
// had it. Stands in for kallsyms, which some kernels lack or restrict to functions.
#pragma once

#include <memory>
#include <vector>

#include "debuginfo/elf_image.h"
#include "debuginfo/symbols.h"

namespace whyhung::debuginfo {

class ElfSymbols final : public SymbolSource {
 public:
  // Reads the whole symbol table: some ten MB for a vmlinux. kNotFound when the file has none. `module` is empty for
  // the kernel itself.
  static Result<std::shared_ptr<ElfSymbols>> open(std::shared_ptr<ElfImage> image, ElfPlacement placement,
                                                  std::string module);

  std::string description() const override;
  std::vector<Symbol> find_all(std::string_view name, std::size_t limit) override;
  std::optional<SymbolAt> find_covering(VirtualAddress address) override;
  std::size_t count() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    std::uint32_t name = 0;
    std::uint16_t section = 0;
    char type = 0;
  };
  ElfSymbols(std::shared_ptr<ElfImage> image, ElfPlacement placement, std::string module)
      : image_(std::move(image)), placement_(std::move(placement)), module_(std::move(module)) {}
  Result<void> load();
  std::string_view name_of(const Entry& entry) const;
  Symbol make_symbol(const Entry& entry) const;
  char letter(std::uint8_t info, const ElfSection& section) const;
  bool covers(const Entry& entry, VirtualAddress address) const;

  std::shared_ptr<ElfImage> image_;
  ElfPlacement placement_;
  std::string module_;
  std::vector<std::byte> names_;
  std::vector<Entry> entries_;          // sorted by address, in the file's order where equal
  std::vector<std::uint32_t> by_name_;  // indexes into entries_, made on first use
};

}  // namespace whyhung::debuginfo
