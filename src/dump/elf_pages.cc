// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/elf_pages.h"

#include <algorithm>

namespace whyhung::dump {

ElfPages::ElfPages(std::shared_ptr<const ByteSource> source, std::span<const ElfSegment> segments,
                   std::uint32_t page_size)
    : source_(std::move(source)), page_size_(page_size) {
  const std::uint64_t file_end = source_->size();
  for (const ElfSegment& segment : segments) {
    const std::uint64_t in_file = segment.file_offset >= file_end ? 0 : file_end - segment.file_offset;
    const std::uint64_t begin = segment.physical_begin;
    const std::uint64_t readable_end = begin + std::min(segment.file_size, in_file);
    const std::uint64_t file_part_end = begin + segment.file_size;
    const std::uint64_t end = begin + std::max(segment.file_size, segment.memory_size);
    if (readable_end > begin) data_.push_back({begin, readable_end, segment.file_offset});
    if (file_part_end > readable_end) cut_.push_back({readable_end, file_part_end, 0});
    if (end > file_part_end) left_out_.push_back({file_part_end, end, 0});
    missing_bytes_ += file_part_end - readable_end;
    memory_end_ = std::max(memory_end_, end);
  }
  make_disjoint(data_);
  make_disjoint(cut_);
  make_disjoint(left_out_);
}

void ElfPages::make_disjoint(std::vector<Range>& ranges) {
  std::stable_sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  std::vector<Range> disjoint;
  std::uint64_t covered = 0;
  for (Range range : ranges) {
    if (range.end <= covered) continue;
    if (range.begin < covered) {
      range.file_offset += covered - range.begin;
      range.begin = covered;
    }
    covered = range.end;
    disjoint.push_back(range);
  }
  disjoint.shrink_to_fit();
  ranges = std::move(disjoint);
}

std::vector<ElfPages::Range>::const_iterator ElfPages::at_or_after(const std::vector<Range>& ranges,
                                                                   std::uint64_t address) {
  return std::upper_bound(ranges.begin(), ranges.end(), address,
                          [](std::uint64_t wanted, const Range& range) { return wanted < range.end; });
}

const ElfPages::Range* ElfPages::find(const std::vector<Range>& ranges, std::uint64_t address) {
  const auto range = at_or_after(ranges, address);
  return range != ranges.end() && range->begin <= address ? &*range : nullptr;
}

FaultKind ElfPages::why_absent(PhysicalAddress address) {
  // In a stream that broke off, data may be missing before the end of the file that it describes.
  if (find(data_, address.value) != nullptr) return FaultKind::kTruncated;
  if (find(cut_, address.value) != nullptr) return FaultKind::kTruncated;
  if (find(left_out_, address.value) != nullptr) return FaultKind::kFilteredOut;
  return FaultKind::kBeyondDump;
}

tl::expected<PageExtent, FaultKind> ElfPages::load(std::uint64_t frame, std::span<std::byte> page) {
  const std::uint64_t page_begin = frame * page_size_;
  const std::uint64_t page_end = page_begin + page_size_;
  auto range = at_or_after(data_, page_begin);
  if (range == data_.end() || range->begin >= page_end) {
    // None of it is readable. Say what is true of the part that a segment claims, if one does.
    const auto cut = at_or_after(cut_, page_begin);
    if (cut != cut_.end() && cut->begin < page_end) return tl::unexpected(FaultKind::kTruncated);
    const auto left_out = at_or_after(left_out_, page_begin);
    const bool claimed = left_out != left_out_.end() && left_out->begin < page_end;
    return tl::unexpected(claimed ? FaultKind::kFilteredOut : FaultKind::kBeyondDump);
  }
  // Ranges that follow each other without a gap give one extent; what lies behind a gap in the same page does not
  // count: no kernel uses a page that is not all RAM.
  const std::uint64_t begin = std::max(range->begin, page_begin);
  std::uint64_t end = begin;
  for (; range != data_.end() && range->begin <= end && end < page_end; ++range) {
    const std::uint64_t piece_end = std::min(range->end, page_end);
    const auto target = page.subspan(end - page_begin, piece_end - end);
    const auto count = source_->read_some(range->file_offset + (end - range->begin), target);
    if (!count) return tl::unexpected(FaultKind::kIo);
    end += *count;
    if (*count < target.size()) break;
  }
  if (end == begin) return tl::unexpected(FaultKind::kTruncated);
  return PageExtent{static_cast<std::uint32_t>(begin - page_begin), static_cast<std::uint32_t>(end - page_begin)};
}

std::optional<std::uint64_t> ElfPages::next_frame(std::uint64_t from) {
  if (from > memory_end_ / page_size_) return std::nullopt;
  const auto range = at_or_after(data_, from * page_size_);
  if (range == data_.end()) return std::nullopt;
  return std::max(from, range->begin / page_size_);
}

void ElfPages::prefetch(std::span<const std::uint64_t> frames) {
  std::vector<SourceRange> ranges;
  for (const std::uint64_t frame : frames) {
    const Range* const range = find(data_, frame * page_size_);
    if (range == nullptr) continue;
    const std::uint64_t offset = range->file_offset + (frame * page_size_ - range->begin);
    if (!ranges.empty() && ranges.back().offset + ranges.back().length == offset) {
      ranges.back().length += page_size_;
    } else {
      ranges.push_back({offset, page_size_});
    }
  }
  source_->prefetch(ranges);
}

}  // namespace whyhung::dump
