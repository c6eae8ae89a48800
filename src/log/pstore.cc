// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/pstore.h"

#include <algorithm>

#include "log/scan.h"

namespace whyhung::log {
namespace {

struct Part {
  std::string_view kind;
  std::uint64_t count = 0;
  std::uint64_t number = 0;
};

std::optional<Part> part_of(std::string_view text) {
  const std::size_t hash = text.find('#');
  if (hash == std::string_view::npos || hash > 12) return std::nullopt;
  Part part{text.substr(0, hash), 0, 0};
  text.remove_prefix(hash + 1);
  const auto count = take_number(text);
  if (!count || !take_blanks(text) || !take(text, "Part")) return std::nullopt;
  const auto number = take_number(text);
  if (!number || !trimmed(text).empty()) return std::nullopt;
  part.count = *count;
  part.number = *number;
  return part;
}

}  // namespace

bool is_part_header(std::string_view text) {
  text = trimmed(text);
  if (part_of(text)) return true;
  return take(text, "====") && take_number(text) && take(text, ".") && take_number(text) && take(text, "-");
}

void sort_parts(Decoded& decoded) {
  struct Block {
    Part part;
    std::vector<Record> records;
  };
  std::vector<Block> blocks;
  std::vector<Record> before;
  for (const Record& record : decoded.records) {
    if (const auto part = part_of(record.text); part && !record.has_prefix) {
      blocks.push_back({*part, {}});
    } else if (!is_part_header(record.text) || record.has_prefix) {
      (blocks.empty() ? before : blocks.back().records).push_back(record);
    }
  }
  if (blocks.empty()) return;
  decoded.from_pstore = true;
  std::ranges::stable_sort(blocks, [](const Block& a, const Block& b) {
    if (a.part.count != b.part.count) return a.part.count < b.part.count;
    if (a.part.kind != b.part.kind) return a.part.kind < b.part.kind;
    return a.part.number > b.part.number;
  });
  decoded.records = std::move(before);
  for (const Block& block : blocks) {
    decoded.records.insert(decoded.records.end(), block.records.begin(), block.records.end());
  }
}

}  // namespace whyhung::log
