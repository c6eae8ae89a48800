// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/split.h"

#include <algorithm>

#include <fmt/format.h>

namespace whyhung::dump {
namespace {

// The first field in which the headers of two parts differ; empty when they are of one dump. makedumpfile and crash
// compare the main headers as a whole; only the mark "incomplete" is each part's own.
std::string_view difference(const KdumpHeader& a, const KdumpHeader& b) {
  if (a.order != b.order) return "byte order";
  if (a.version != b.version) return "header version";
  if (a.block_size != b.block_size) return "page size";
  if (a.max_frame != b.max_frame) return "number of page frames";
  if (a.bitmap_blocks != b.bitmap_blocks) return "bitmap size";
  if (a.timestamp != b.timestamp) return "time stamp";
  if (a.node_name != b.node_name) return "node name";
  if (a.release != b.release || a.version_text != b.version_text) return "kernel release";
  if (a.machine != b.machine) return "machine";
  if (a.dump_level != b.dump_level) return "dump level";
  if ((a.status & ~kStatusIncomplete) != (b.status & ~kStatusIncomplete)) return "compression";
  return {};
}

}  // namespace

Result<void> check_parts(std::span<const SplitPart> sorted_parts) {
  for (const SplitPart& part : sorted_parts) {
    if (part.header.split) continue;
    return with_hint(fail(ErrorKind::kMismatch, "{}: is a whole dump, not a part of a split set", part.name),
                     "give one dump, or all the parts that makedumpfile --split wrote");
  }
  const SplitPart& first = sorted_parts.front();
  for (std::size_t i = 1; i < sorted_parts.size(); ++i) {
    const SplitPart& part = sorted_parts[i];
    const SplitPart& before = sorted_parts[i - 1];
    if (const auto field = difference(first.header, part.header); !field.empty()) {
      return with_hint(fail(ErrorKind::kMismatch, "{} and {} are parts of different dumps: their {} differs",
                            first.name, part.name, field),
                       "give only the files of one makedumpfile --split run");
    }
    if (part.header.first_frame < before.header.end_frame) {
      return with_hint(
          fail(ErrorKind::kMismatch, "{} and {} hold the same page frames ({:#x} to {:#x})", before.name, part.name,
               part.header.first_frame, std::min(part.header.end_frame, before.header.end_frame)),
          "give each part once");
    }
  }
  return {};
}

std::vector<std::string> remarks_on_missing_parts(std::span<const SplitPart> sorted_parts) {
  std::vector<std::string> remarks;
  const std::uint64_t all = sorted_parts.front().header.max_frame;
  std::uint64_t covered = 0;
  const auto note_gap = [&](std::uint64_t end) {
    if (end <= covered) return;
    remarks.push_back(fmt::format(
        "part of a split set: the page frames {:#x} to {:#x} of {:#x} are in a part that was not given; they read as "
        "cut off",
        covered, end, all));
  };
  for (const SplitPart& part : sorted_parts) {
    note_gap(part.header.first_frame);
    covered = part.header.end_frame;
  }
  note_gap(all);
  return remarks;
}

KdumpPages* SplitPages::part_of(std::uint64_t frame) {
  const auto after =
      std::upper_bound(parts_.begin(), parts_.end(), frame,
                       [](std::uint64_t wanted, const SplitPart& part) { return wanted < part.header.first_frame; });
  if (after == parts_.begin()) return nullptr;
  const SplitPart& part = *std::prev(after);
  return frame < part.header.end_frame ? part.pages.get() : nullptr;
}

tl::expected<PageExtent, FaultKind> SplitPages::load(std::uint64_t frame, std::span<std::byte> page) {
  if (KdumpPages* const part = part_of(frame)) return part->load(frame, page);
  // Every part has the bitmaps of the whole dump.
  return tl::unexpected(parts_.front().pages->why_outside(frame));
}

std::optional<std::uint64_t> SplitPages::next_frame(std::uint64_t from) {
  for (const SplitPart& part : parts_) {
    if (from >= part.header.end_frame) continue;
    if (const auto frame = part.pages->next_frame(from)) return frame;
  }
  return std::nullopt;
}

void SplitPages::prefetch(std::span<const std::uint64_t> frames) {
  for (const SplitPart& part : parts_) {
    const auto begin = std::lower_bound(frames.begin(), frames.end(), part.header.first_frame);
    const auto end = std::lower_bound(begin, frames.end(), part.header.end_frame);
    if (begin != end) part.pages->prefetch({begin, end});
  }
}

}  // namespace whyhung::dump
