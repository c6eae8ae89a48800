// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/file_kinds.h"

#include <algorithm>

#include "dump/elf_core.h"
#include "dump/formats.h"

namespace whyhung::session {
namespace {

constexpr std::size_t kDataAt = 5;   // e_ident[EI_DATA]
constexpr std::size_t kTypeAt = 16;  // e_type
constexpr std::byte kBigEndian{2};   // ELFDATA2MSB
constexpr unsigned kCore = 4;        // ET_CORE

}  // namespace

bool is_elf_program(std::span<const std::byte> head) {
  if (!dump::is_elf_signature(head) || head.size() < kTypeAt + 2) return false;
  const auto low = std::to_integer<unsigned>(head[kTypeAt + (head[kDataAt] == kBigEndian ? 1 : 0)]);
  const auto high = std::to_integer<unsigned>(head[kTypeAt + (head[kDataAt] == kBigEndian ? 0 : 1)]);
  return (high << 8 | low) != kCore;
}

bool is_dump(std::span<const std::byte> head) {
  const auto claims = [&](const auto& one) { return one.sniff(head); };
  if (std::ranges::any_of(dump::containers(), claims)) return true;
  return std::ranges::any_of(dump::formats(), claims) && !is_elf_program(head);
}

}  // namespace whyhung::session
