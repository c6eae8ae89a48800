// SPDX-License-Identifier: GPL-2.0-or-later
// include/linux/export.h, kernel/module: with CONFIG_HAVE_ARCH_PREL32_RELOCATIONS (v4.19) a struct kernel_symbol holds
// the distances from its own words to the symbol and to its name; v5.4 added the distance to a name space.
#include "debuginfo/exported_symbols.h"

#include <algorithm>
#include <set>

#include "base/endian.h"
#include "debuginfo/image_scan.h"

namespace whyhung::debuginfo {
namespace {

constexpr std::size_t kMostPlaces = 64;  // of one text in the image
constexpr std::size_t kLongestName = 128;

using Places = std::map<std::uint64_t, std::string_view>;  // where a name stands, and which

// The texts of `names` that begin and end with a NUL.
Places find_texts(const VirtualMemory& memory, VirtualRange image, std::span<const std::string_view> names) {
  const std::set<std::string_view> wanted(names.begin(), names.end());
  std::array<bool, 256> begins{};
  for (const std::string_view name : wanted) {
    if (!name.empty()) begins[static_cast<unsigned char>(name.front())] = true;
  }
  Places places;
  std::map<std::string_view, std::size_t> counts;
  const auto visit = [&](VirtualAddress begin, std::span<const std::byte> bytes, std::size_t own) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (std::size_t nul = text.find('\0'); nul < own; nul = text.find('\0', nul + 1)) {
      const std::size_t at = nul + 1;
      if (at >= text.size() || !begins[static_cast<unsigned char>(text[at])]) continue;
      const std::size_t end = text.find('\0', at);
      if (end == std::string_view::npos || end - at > kLongestName) continue;
      const auto found = wanted.find(text.substr(at, end - at));
      if (found != wanted.end() && counts[*found]++ < kMostPlaces) places.emplace((begin + at).value, *found);
    }
    return true;
  };
  scan_image(memory, image, kLongestName + 2, visit);
  return places;
}

}  // namespace

Result<std::shared_ptr<ExportedSymbols>> ExportedSymbols::find(const VirtualMemory& memory, VirtualRange image,
                                                               std::span<const std::string_view> names) {
  const Places places = find_texts(memory, image, names);
  std::map<std::string, std::set<std::uint64_t>, std::less<>> values;
  const auto visit = [&](VirtualAddress begin, std::span<const std::byte> bytes, std::size_t own) {
    const ByteOrder order = memory.byte_order();
    const auto distance = [&](std::size_t at) {
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(load<std::int32_t>(bytes.data() + at, order)));
    };
    const std::uint64_t lowest = places.begin()->first;
    const std::uint64_t span = places.rbegin()->first - lowest;
    const std::size_t first = (4 - begin.value % 4) % 4;
    for (std::size_t at = first; at < own && at + 8 <= bytes.size(); at += 4) {
      const std::uint64_t name_at = (begin + at + 4).value + distance(at + 4);
      if (name_at - lowest > span) continue;
      const auto place = places.find(name_at);
      if (place == places.end()) continue;
      const VirtualAddress value = begin + at + distance(at);
      if (image.contains(value)) values[std::string(place->second)].insert(value.value);
    }
    return true;
  };
  if (!places.empty()) scan_image(memory, image, 8, visit);
  std::map<std::string, VirtualAddress, std::less<>> found;
  for (const auto& [name, addresses] : values) {
    if (addresses.size() == 1) found.emplace(name, *addresses.begin());
  }
  if (found.empty()) {
    return fail(ErrorKind::kNotFound, "no exported symbols between {:#x} and {:#x}", image.begin.value,
                image.end.value);
  }
  return std::shared_ptr<ExportedSymbols>(new ExportedSymbols(std::move(found)));
}

std::vector<Symbol> ExportedSymbols::find_all(std::string_view name, std::size_t limit) {
  const auto entry = found_.find(name);
  if (entry == found_.end() || limit == 0) return {};
  return {Symbol{entry->first, entry->second, 0, {}, 0}};
}

}  // namespace whyhung::debuginfo
