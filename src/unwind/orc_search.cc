// SPDX-License-Identifier: GPL-2.0-or-later
#include "unwind/orc_search.h"

#include <algorithm>
#include <array>
#include <vector>

namespace whyhung::unwind {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kMostBytes = 256u << 20;
constexpr std::uint64_t kMostImage = 512u << 20;
constexpr std::uint64_t kMostRows = 8u << 20;
constexpr std::uint64_t kFewestRows = 1024;
constexpr std::uint64_t kIp = sizeof(std::int32_t);
// How far chance may have made the table look longer at either end: words before or behind it that fit.
constexpr std::uint64_t kSlack = 8;
// Functions of every kernel. Where one begins, the return address is on top of the stack.
constexpr std::array<std::string_view, 10> kFunctions = {"schedule",   "kthread",   "do_exit",         "panic",
                                                         "vfs_read",   "vfs_write", "wake_up_process", "kfree",
                                                         "mutex_lock", "complete"};
constexpr std::size_t kFewestProofs = 4;

class Search {
 public:
  Search(const VirtualMemory& memory, VirtualRange code) : memory_(memory), code_(code) {}

  // The longest run of ascending addresses that holds this whole page; empty when the page is not in one.
  VirtualRange run_around(VirtualAddress page, VirtualAddress end) {
    if (!read(page) || !all_ascend()) return {};
    VirtualAddress begin = page;
    std::uint64_t first = ip_at(0, page);
    if (!is_code(first) || !is_code(ip_at(kPage / kIp - 1, page))) return {};
    for (std::uint64_t i = 1; i < kPage / kIp; ++i) {
      const auto before = ip_in_memory(page - i * kIp);
      if (!before || !is_code(*before) || *before >= first) break;
      first = *before;
      begin = page - i * kIp;
    }
    std::uint64_t last = ip_at(kPage / kIp - 1, page);
    VirtualAddress at = page + kPage;
    while (at < end && read(at)) {
      for (std::uint64_t i = 0; i < kPage / kIp; ++i) {
        const std::uint64_t ip = ip_at(i, at);
        if (ip <= last || !is_code(ip)) return {begin, at + i * kIp};
        last = ip;
      }
      at += kPage;
    }
    return {begin, at};
  }

 private:
  bool is_code(std::uint64_t ip) const { return code_.contains(VirtualAddress(ip)); }
  bool read(VirtualAddress page) { return memory_.read(page, bytes_).has_value(); }
  std::uint64_t ip_at(std::uint64_t index, VirtualAddress page) const {
    const auto distance = load<std::int32_t>(bytes_.data() + index * kIp, ByteOrder::kLittle);
    return page.value + index * kIp + static_cast<std::uint64_t>(std::int64_t{distance});
  }
  std::optional<std::uint64_t> ip_in_memory(VirtualAddress at) const {
    const auto distance = memory_.read_integer<std::int32_t>(at);
    if (!distance) return std::nullopt;
    return at.value + static_cast<std::uint64_t>(std::int64_t{*distance});
  }
  bool all_ascend() const {
    // In the page that was read at some address: the distances alone tell whether the addresses ascend.
    for (std::uint64_t i = 1; i < kPage / kIp; ++i) {
      const auto one = load<std::int32_t>(bytes_.data() + (i - 1) * kIp, ByteOrder::kLittle);
      const auto next = load<std::int32_t>(bytes_.data() + i * kIp, ByteOrder::kLittle);
      if (std::int64_t{next} + static_cast<std::int64_t>(kIp) <= std::int64_t{one}) return false;
    }
    return true;
  }

  const VirtualMemory& memory_;
  VirtualRange code_;
  std::array<std::byte, kPage> bytes_{};
};

std::vector<VirtualAddress> known_functions(debuginfo::SymbolSource& symbols, VirtualRange text) {
  std::vector<VirtualAddress> found;
  symbols.prepare(kFunctions);
  for (const std::string_view name : kFunctions) {
    const auto address = symbols.address_of(name);
    if (address && text.contains(*address)) found.push_back(*address);
  }
  return found;
}

bool is_proven(const VirtualMemory& memory, const OrcTableLocation& table, OrcVersion version,
               const std::vector<VirtualAddress>& functions) {
  OrcTables tables(memory, version);
  tables.add(table);
  return std::ranges::all_of(functions, [&](VirtualAddress function) {
    const auto row = tables.row_at(function);
    return row && row->type == OrcType::kCall && row->sp_base == OrcBase::kSp && row->sp_offset == 8;
  });
}

}  // namespace

std::optional<FoundOrc> search_orc_tables(const VirtualMemory& memory, debuginfo::SymbolSource& symbols,
                                          const OrcSearch& where) {
  const VirtualRange& text = where.text;
  const VirtualRange& image = where.image;
  const auto functions = known_functions(symbols, text);
  if (functions.size() < kFewestProofs || image.empty() || image.size() > kMostBytes) return std::nullopt;
  // Code that ran once at boot has rows too, and lies behind the image's data.
  Search search(memory, {text.begin, text.begin + kMostImage});
  for (VirtualAddress page = (image.begin + kPage - 1).align_down(kPage); page < image.end; page += kPage) {
    const VirtualRange run = search.run_around(page, image.end);
    if (run.empty()) continue;
    const std::uint64_t count = run.size() / kIp;
    if (count >= kFewestRows && count <= kMostRows) {
      for (std::uint64_t early = 0; early < kSlack; ++early) {
        for (std::uint64_t late = 0; late < kSlack; ++late) {
          const VirtualAddress ips = run.begin + early * kIp, rows = run.end - late * kIp;
          const OrcTableLocation table{text, ips, rows, count - early - late, {}, 0};
          for (const OrcVersion version : where.versions) {
            if (is_proven(memory, table, version, functions)) return FoundOrc{table, version};
          }
        }
      }
    }
    page = run.end.align_down(kPage);
  }
  return std::nullopt;
}

}  // namespace whyhung::unwind
