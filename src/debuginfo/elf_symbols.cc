// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/elf_symbols.h"

#include <elf.h>

#include <algorithm>
#include <numeric>

#include "base/byte_reader.h"

namespace whyhung::debuginfo {
namespace {

constexpr std::uint64_t kLargestTable = std::uint64_t{256} << 20;
constexpr std::size_t kSymbolBytes = 24;  // Elf64_Sym

}  // namespace

Result<std::shared_ptr<ElfSymbols>> ElfSymbols::open(std::shared_ptr<ElfImage> image, ElfPlacement placement,
                                                     std::string module) {
  std::shared_ptr<ElfSymbols> symbols(new ElfSymbols(std::move(image), std::move(placement), std::move(module)));
  TRY_CHECK(symbols->load());
  return symbols;
}

std::string ElfSymbols::description() const {
  return fmt::format("symbols of {}", image_->path());
}

Result<void> ElfSymbols::load() {
  const auto& sections = image_->sections();
  const auto table = std::find_if(sections.begin(), sections.end(),
                                  [](const ElfSection& section) { return section.type == SHT_SYMTAB; });
  if (table == sections.end() || table->link >= sections.size()) {
    return with_hint(fail(ErrorKind::kNotFound, "{}: no symbol table", image_->path()),
                     "the file was stripped; its debug file has one");
  }
  TRY_ASSIGN(const auto bytes, image_->read(*table, kLargestTable));
  TRY_ASSIGN(names_, image_->read(sections[table->link], kLargestTable));
  ByteReader reader(bytes, image_->byte_order());
  while (reader.remaining() >= kSymbolBytes) {
    Entry entry;
    entry.name = reader.u32();
    const std::uint8_t info = reader.u8();
    reader.skip(1);
    entry.section = reader.u16();
    const std::uint64_t value = reader.u64();
    entry.size = reader.u64();
    if (ELF64_ST_TYPE(info) == STT_SECTION || ELF64_ST_TYPE(info) == STT_FILE || entry.name == 0) continue;
    if (entry.section == SHN_UNDEF || entry.section >= sections.size()) continue;  // absolute ones are mere numbers
    const ElfSection& section = sections[entry.section];
    const auto address = image_->place(placement_, section, image_->is_relocatable() ? value : value - section.address);
    if (!address || is_mark(name_of(entry))) continue;
    entry.address = address->value;
    entry.type = letter(info, section);
    entries_.push_back(entry);
  }
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.address < b.address; });
  return {};
}

char ElfSymbols::letter(std::uint8_t info, const ElfSection& section) const {
  if (ELF64_ST_BIND(info) == STB_WEAK) return 'W';
  char letter = 'r';
  if (section.executable) {
    letter = 't';
  } else if (section.type == SHT_NOBITS) {
    letter = 'b';
  } else if (section.writable) {
    letter = 'd';
  }
  return ELF64_ST_BIND(info) == STB_LOCAL ? letter : static_cast<char>(letter - 'a' + 'A');
}

std::string_view ElfSymbols::name_of(const Entry& entry) const {
  ByteReader reader(names_, image_->byte_order());
  reader.seek(entry.name);
  return reader.c_string();
}

Symbol ElfSymbols::make_symbol(const Entry& entry) const {
  Symbol symbol{std::string(name_of(entry)), VirtualAddress(entry.address), entry.size, module_, entry.type};
  if (symbol.size == 0) {
    const auto next = std::upper_bound(entries_.begin(), entries_.end(), entry.address,
                                       [](std::uint64_t address, const Entry& each) { return address < each.address; });
    if (next != entries_.end() && next->section == entry.section) symbol.size = next->address - entry.address;
  }
  return symbol;
}

std::vector<Symbol> ElfSymbols::find_all(std::string_view name, std::size_t limit) {
  if (by_name_.empty()) {
    by_name_.resize(entries_.size());
    std::iota(by_name_.begin(), by_name_.end(), 0);
    std::stable_sort(by_name_.begin(), by_name_.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return name_of(entries_[a]) < name_of(entries_[b]); });
  }
  std::vector<Symbol> symbols;
  auto at = std::lower_bound(by_name_.begin(), by_name_.end(), name, [&](std::uint32_t index, std::string_view wanted) {
    return name_of(entries_[index]) < wanted;
  });
  for (; at != by_name_.end() && symbols.size() < limit && name_of(entries_[*at]) == name; ++at) {
    symbols.push_back(make_symbol(entries_[*at]));
  }
  return symbols;
}

bool ElfSymbols::covers(const Entry& entry, VirtualAddress address) const {
  const ElfSection& section = image_->sections()[entry.section];
  const auto begin = image_->place(placement_, section, 0);
  // Offsets into the per-CPU section are no addresses; see ElfImage::place.
  const bool is_offset = !image_->is_relocatable() && section.address == 0;
  return begin && !is_offset && address - *begin < section.size;
}

std::optional<SymbolAt> ElfSymbols::find_covering(VirtualAddress address) {
  auto above = std::upper_bound(entries_.begin(), entries_.end(), address.value,
                                [](std::uint64_t value, const Entry& entry) { return value < entry.address; });
  if (above == entries_.begin()) return std::nullopt;
  const std::uint64_t start = std::prev(above)->address;
  const Entry* best = nullptr;
  while (above != entries_.begin() && (--above)->address == start) {
    if (!covers(*above, address)) continue;
    // Backwards: of equals the first stays.
    if (best == nullptr || alias_penalty(name_of(*above)) <= alias_penalty(name_of(*best))) best = &*above;
  }
  if (best == nullptr) return std::nullopt;
  return SymbolAt{make_symbol(*best), address - VirtualAddress(start)};
}

}  // namespace whyhung::debuginfo
