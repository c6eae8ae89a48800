// SPDX-License-Identifier: GPL-2.0-or-later
#include "debuginfo/kallsyms.h"

#include <algorithm>

namespace whyhung::debuginfo {
namespace {

// Names of static functions repeat; the most frequent ones some hundred times.
constexpr std::size_t kMostNamesakes = 1024;
constexpr std::uint32_t kMostAliases = 256;
constexpr std::size_t kMostRemembered = 65536;
// About the pages that a name costs when it is looked up in the order, from 20 names on six kernels. More names than
// the table has pages by this measure are found more cheaply by a pass.
constexpr std::size_t kPagesByOrder = 6;
constexpr std::size_t kPageBytes = 4096;
// How far from the end of the table _end may be; a few symbols of other sections come after it.
constexpr std::uint32_t kSymbolsAfterEnd = 64;

// kallsyms_num_syms: a long before v4.20 (80ffbaa5b1bd), 32 bits since.
Result<std::uint32_t> read_count(const VirtualMemory& memory, VirtualAddress address) {
  const auto narrow = memory.read_u32(address);
  if (!narrow) return fail(to_error(narrow.error(), "kallsyms_num_syms"));
  if (*narrow != 0) return *narrow;
  const auto wide = memory.read_u64(address);
  return wide ? static_cast<std::uint32_t>(*wide) : 0;
}

}  // namespace

std::string_view describe(KallsymsMode mode) {
  switch (mode) {
    case KallsymsMode::kAbsolute: return "absolute addresses";
    case KallsymsMode::kBaseRelative: return "offsets from a base";
    case KallsymsMode::kBaseRelativeOrPerCpu: return "offsets from a base, per-CPU symbols absolute";
    case KallsymsMode::kPlaceRelative: return "offsets from their own place";
  }
  return "unknown";
}

// One way to read the table of addresses.
struct Kallsyms::Numbers {
  KallsymsMode mode;
  VirtualAddress base;
  VirtualRange table;
};

std::vector<Kallsyms::Numbers> Kallsyms::readings(const VirtualMemory& memory, const KallsymsTables& tables,
                                                  std::uint32_t count) {
  std::vector<Numbers> ways;
  const auto table = [&](VirtualAddress begin, std::uint64_t width) {
    return VirtualRange{begin, begin + width * count};
  };
  if (tables.addresses) ways.push_back({KallsymsMode::kAbsolute, {}, table(*tables.addresses, 8)});
  if (tables.offsets && tables.relative_base) {
    if (const auto base = memory.read_pointer(*tables.relative_base)) {
      ways.push_back({KallsymsMode::kBaseRelative, *base, table(*tables.offsets, 4)});
      ways.push_back({KallsymsMode::kBaseRelativeOrPerCpu, *base, table(*tables.offsets, 4)});
    }
  }
  if (tables.offsets) ways.push_back({KallsymsMode::kPlaceRelative, {}, table(*tables.offsets, 4)});
  return ways;
}

Result<std::shared_ptr<Kallsyms>> Kallsyms::open(const VirtualMemory& memory, const KallsymsTables& tables,
                                                 std::span<const KnownSymbol> known) {
  TRY_ASSIGN(const std::uint32_t count, read_count(memory, tables.symbol_count));
  TRY_ASSIGN(KallsymsNames names,
             KallsymsNames::open(memory, {tables.names, tables.token_table, tables.token_index, count}));
  std::shared_ptr<Kallsyms> kallsyms(new Kallsyms(memory, std::move(names), MemoryWindow(memory, {}, {8, 0})));
  const std::vector<Numbers> ways = readings(memory, tables, count);
  const Numbers* best = nullptr;
  std::size_t most_proven = 0;
  const auto use = [&](const Numbers& way) {
    kallsyms->mode_ = way.mode;
    kallsyms->base_ = way.base;
    kallsyms->numbers_ = MemoryWindow(memory, way.table, {8, 6});
    return kallsyms->prove(known);
  };
  for (const Numbers& way : ways) {
    const std::size_t proven = use(way);
    if (proven > most_proven) {
      best = &way;
      most_proven = proven;
    }
  }
  if (best == nullptr && kallsyms->fault()) return fail(to_error(*kallsyms->fault(), "kallsyms"));
  if (best == nullptr) {
    return fail(ErrorKind::kMismatch, "kallsyms: {} symbols, but in no way of reading them is one of {} at its address",
                count, known.size());
  }
  use(*best);
  kallsyms->find_order(tables);
  return kallsyms;
}

void Kallsyms::find_order(const KallsymsTables& tables) {
  if (names_.has_order() || !tables.offsets) return;
  // v6.5 (404bad70fcf7): the order moved behind the offsets, and the base with it where there is one.
  const VirtualAddress after_offsets = *tables.offsets + std::uint64_t{4} * count();
  if (tables.relative_base && names_.use_order_at(*tables.relative_base + 8)) return;
  if (names_.use_order_at(after_offsets)) return;
  names_.use_order_at((after_offsets + 7).align_down(8));
}

std::size_t Kallsyms::prove(std::span<const KnownSymbol> known) {
  std::size_t proven = 0;
  for (const KnownSymbol& symbol : known) {
    auto index = first_at_or_above(symbol.address);
    for (std::uint32_t step = 0; index && step < kMostAliases && address_at(*index) == symbol.address; ++step) {
      const auto text = names_.decode(*index);
      if (text && std::string_view(*text).substr(1) == symbol.name) {
        begin_ = proven == 0 ? symbol.address : std::min(begin_, symbol.address);
        ++proven;
        break;
      }
      ++*index;
    }
  }
  return proven;
}

std::optional<VirtualAddress> Kallsyms::address_at(std::uint32_t index) {
  if (index >= count()) return std::nullopt;
  const ByteOrder order = memory_->byte_order();
  if (mode_ == KallsymsMode::kAbsolute) {
    const auto address = numbers_.integer<std::uint64_t>(std::uint64_t{8} * index, order);
    if (!address) return std::nullopt;
    return VirtualAddress(*address);
  }
  const auto number = numbers_.integer<std::uint32_t>(std::uint64_t{4} * index, order);
  if (!number) return std::nullopt;
  const auto widened = static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(*number)});
  switch (mode_) {
    case KallsymsMode::kPlaceRelative: return numbers_.range().begin + std::uint64_t{4} * index + widened;
    case KallsymsMode::kBaseRelativeOrPerCpu:
      if (static_cast<std::int32_t>(*number) >= 0) return VirtualAddress(*number);
      return base_ - 1 - widened;
    default: return base_ + *number;
  }
}

std::optional<std::uint32_t> Kallsyms::first_at_or_above(VirtualAddress address) {
  std::uint32_t low = 0;
  std::uint32_t high = count();
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    const auto at = address_at(middle);
    if (!at) return std::nullopt;
    if (*at < address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::uint64_t Kallsyms::distance_to_next(std::uint32_t index, VirtualAddress address) {
  for (std::uint32_t step = 0; step < kMostAliases; ++step) {
    const auto next = address_at(++index);
    if (!next || *next < address) return 0;
    if (*next != address) return *next - address;
  }
  return 0;
}

std::optional<Symbol> Kallsyms::symbol_at(std::uint32_t index) {
  const auto address = address_at(index);
  auto text = names_.decode(index);
  if (!address || !text) return std::nullopt;
  Symbol symbol;
  symbol.type = text->front();
  symbol.name = text->substr(1);
  symbol.address = *address;
  symbol.size = distance_to_next(index, *address);
  return symbol;
}

void Kallsyms::prepare(std::span<const std::string_view> names) {
  std::vector<std::string> unknown;
  for (const std::string_view name : names) {
    if (!name.empty() && !known_names_.contains(name)) unknown.emplace_back(name);
  }
  if (unknown.empty()) return;
  if (known_names_.size() > kMostRemembered) known_names_.clear();
  std::sort(unknown.begin(), unknown.end());
  unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
  if (names_.has_order() && unknown.size() * kPagesByOrder < names_.size() / kPageBytes) {
    std::erase_if(unknown, [&](const std::string& name) {
      auto indexes = names_.find(name, kMostNamesakes);
      if (indexes) known_names_[name] = std::move(*indexes);
      return indexes.has_value();
    });
  }
  if (unknown.empty()) return;
  auto found = names_.find_by_pass(unknown, kMostNamesakes);
  for (std::size_t i = 0; i < unknown.size(); ++i) known_names_[unknown[i]] = std::move(found[i]);
}

const std::vector<std::uint32_t>& Kallsyms::indexes_of(std::string_view name) {
  prepare(std::span(&name, 1));
  static const std::vector<std::uint32_t> kNone;
  const auto known = known_names_.find(name);
  return known == known_names_.end() ? kNone : known->second;
}

std::vector<Symbol> Kallsyms::find_all(std::string_view name, std::size_t limit) {
  std::vector<Symbol> symbols;
  for (const std::uint32_t index : indexes_of(name)) {
    if (symbols.size() == limit) break;
    if (auto symbol = symbol_at(index)) symbols.push_back(std::move(*symbol));
  }
  return symbols;
}

VirtualAddress Kallsyms::end_of_kernel() {
  if (end_) return *end_;
  // Without KALLSYMS_ALL there is no _end; then the last symbol is where the table's knowledge ends.
  const auto last = address_at(count() - 1);
  end_ = last ? *last + 1 : VirtualAddress();
  for (std::uint32_t back = 1; back <= std::min(count(), kSymbolsAfterEnd); ++back) {
    const auto text = names_.decode(count() - back);
    if (!text || std::string_view(*text).substr(1) != "_end") continue;
    end_ = address_at(count() - back).value_or(*end_);
    break;
  }
  return *end_;
}

std::optional<SymbolAt> Kallsyms::find_covering(VirtualAddress address) {
  if (address < begin_ || address >= end_of_kernel()) return std::nullopt;
  const auto above = first_at_or_above(address + 1);
  if (!above || *above == 0) return std::nullopt;
  const std::uint32_t last = *above - 1;
  const auto start = address_at(last);
  if (!start || *start < begin_) return std::nullopt;
  std::uint32_t first = last;
  while (first > 0 && last - first < kMostAliases && address_at(first - 1) == start) --first;
  std::optional<std::string> best;
  unsigned best_penalty = 0;
  for (std::uint32_t index = first; index <= last; ++index) {
    auto text = names_.decode(index);
    if (!text) continue;
    const unsigned penalty = alias_penalty(std::string_view(*text).substr(1));
    if (!best || penalty < best_penalty) {
      best = std::move(text);
      best_penalty = penalty;
    }
  }
  if (!best) return std::nullopt;
  SymbolAt at;
  at.symbol.type = best->front();
  at.symbol.name = best->substr(1);
  at.symbol.address = *start;
  at.symbol.size = distance_to_next(last, *start);
  at.offset = address - *start;
  return at;
}

}  // namespace whyhung::debuginfo
