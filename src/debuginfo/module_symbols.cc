// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/module_symbols.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/byte_reader.h"
#include "base/text.h"

namespace whyhung::debuginfo {
namespace {

constexpr std::uint64_t kMostSymbols = std::uint64_t{1} << 20;  // amdgpu, the largest module, has some 40,000
constexpr std::size_t kSymbolBytes = 24;                        // Elf64_Sym
constexpr std::size_t kLongestName = 512;                       // KSYM_NAME_LEN since v6.1
constexpr unsigned kSection = 3, kFile = 4;                     // STT_SECTION, STT_FILE

// Where names can be: st_name has 32 bits.
VirtualRange reach_of_names(VirtualAddress begin) {
  const std::uint64_t reach = std::min<std::uint64_t>(0xffffffff, ~begin.value);
  return {begin, begin + reach};
}

// Older kernels put the letter that nm would print in place of the ELF type and binding. None of these letters but 'a'
// to 'z' and 'A' to 'Z' are used, and ELF's types and bindings never make one that is common.
char letter_in(std::uint8_t info) {
  return std::isalpha(info) != 0 && info < 0x80 ? static_cast<char>(info) : '\0';
}

}  // namespace

ModuleSymbols::ModuleSymbols(const VirtualMemory& memory, ModuleSymbolTable table)
    : memory_(&memory), table_(std::move(table)), names_(memory, reach_of_names(table_.names), {9, 5}) {}

std::string ModuleSymbols::description() const {
  return fmt::format("symbols of module {}", printable(table_.module));
}

void ModuleSymbols::load() {
  if (loaded_) return;
  loaded_ = true;
  std::uint64_t count = table_.count;
  if (count > kMostSymbols) {
    problem_ =
        Error{ErrorKind::kLimit, fmt::format("{}: {} symbols are more than any module has", description(), count), {}};
    count = 0;
  }
  MemoryWindow symbols(*memory_, {table_.symbols, table_.symbols + count * kSymbolBytes}, {12, 0});
  const VirtualAddress types_begin = table_.types.value_or(VirtualAddress());
  MemoryWindow types(*memory_, {types_begin, types_begin + (table_.types ? count : 0)}, {12, 0});
  std::array<std::byte, kSymbolBytes> bytes;
  for (std::uint64_t index = 0; index < count; ++index) {
    if (!symbols.copy(index * kSymbolBytes, bytes)) continue;  // a missing page costs its own symbols only
    ByteReader reader(bytes, memory_->byte_order());
    Entry entry{};
    entry.name = reader.u32();
    const std::uint8_t info = reader.u8();
    reader.skip(1);
    const std::uint16_t section = reader.u16();
    entry.address = reader.u64();
    entry.size = reader.u64();
    const char letter = letter_in(info);
    entry.type = letter;
    if (table_.types) entry.type = letter_in(types.integer<std::uint8_t>(index, ByteOrder::kLittle).value_or(0));
    const bool is_mere_elf = table_.types || letter == '\0';
    if (is_mere_elf && ((info & 0xf) == kSection || (info & 0xf) == kFile)) continue;
    if (section == 0 || entry.name == 0) continue;  // undefined here, or without a name
    entries_.push_back(entry);
  }
  if (symbols.fault() && !problem_) problem_ = to_error(*symbols.fault(), description());
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.address < b.address; });
}

const std::optional<Error>& ModuleSymbols::problem() {
  load();
  return problem_;
}

std::string ModuleSymbols::name_of(const Entry& entry) {
  std::string name;
  std::uint64_t offset = entry.name;
  while (name.size() < kLongestName) {
    const auto bytes = names_.at(offset);
    if (bytes.empty()) return {};
    const std::string_view part(reinterpret_cast<const char*>(bytes.data()),
                                std::min(bytes.size(), kLongestName - name.size()));
    const std::size_t length = part.find('\0');
    name.append(part.substr(0, length));
    if (length != std::string_view::npos) return name;
    offset += part.size();
  }
  return {};  // no end within any name's length: not a name
}

const VirtualRange* ModuleSymbols::range_of(VirtualAddress address) const {
  const auto found = std::find_if(table_.ranges.begin(), table_.ranges.end(),
                                  [&](const VirtualRange& range) { return range.contains(address); });
  return found == table_.ranges.end() ? nullptr : &*found;
}

std::uint64_t ModuleSymbols::size_of(const Entry& entry) {
  if (entry.size != 0) return entry.size;
  const VirtualRange* range = range_of(VirtualAddress(entry.address));
  const std::uint64_t end = range == nullptr ? 0 : range->end.value;
  const auto next = std::upper_bound(entries_.begin(), entries_.end(), entry.address,
                                     [](std::uint64_t address, const Entry& each) { return address < each.address; });
  if (next != entries_.end() && (end == 0 || next->address < end)) return next->address - entry.address;
  return end == 0 ? 0 : end - entry.address;
}

Symbol ModuleSymbols::make_symbol(const Entry& entry, std::string name) {
  return Symbol{std::move(name), VirtualAddress(entry.address), size_of(entry), table_.module, entry.type};
}

std::vector<Symbol> ModuleSymbols::all() {
  load();
  std::vector<Symbol> symbols;
  for (const Entry& entry : entries_) {
    std::string name = name_of(entry);
    if (!is_mark(name)) symbols.push_back(make_symbol(entry, std::move(name)));
  }
  return symbols;
}

std::vector<Symbol> ModuleSymbols::find_all(std::string_view name, std::size_t limit) {
  load();
  std::vector<Symbol> symbols;
  for (const Entry& entry : entries_) {
    if (symbols.size() >= limit) break;
    if (name_of(entry) == name && !is_mark(name)) symbols.push_back(make_symbol(entry, std::string(name)));
  }
  return symbols;
}

std::optional<SymbolAt> ModuleSymbols::find_covering(VirtualAddress address) {
  const VirtualRange* range = range_of(address);
  if (range == nullptr) return std::nullopt;
  load();
  auto above = std::upper_bound(entries_.begin(), entries_.end(), address.value,
                                [](std::uint64_t value, const Entry& entry) { return value < entry.address; });
  // Downwards over marks, to the nearest address at which something has a real name, and there to the best of its
  // names.
  constexpr unsigned kMostMarks = 4096;
  const Entry* best = nullptr;
  std::string best_name;
  unsigned best_penalty = 0;
  for (unsigned step = 0; above != entries_.begin() && step < kMostMarks; ++step) {
    const Entry& entry = *--above;
    if (entry.address < range->begin.value || (best != nullptr && entry.address != best->address)) break;
    std::string name = name_of(entry);
    if (is_mark(name)) continue;
    const unsigned penalty = alias_penalty(name);
    // The first of equals is wanted, and this goes backwards.
    if (best != nullptr && penalty > best_penalty) continue;
    best = &entry;
    best_name = std::move(name);
    best_penalty = penalty;
  }
  if (best == nullptr) return std::nullopt;
  return SymbolAt{make_symbol(*best, std::move(best_name)), address.value - best->address};
}

}  // namespace whyhung::debuginfo
