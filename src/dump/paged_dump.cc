// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/paged_dump.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace whyhung::dump {
namespace {

// 256 pages of 4 KB come within 2 % of the fewest possible loads for a walk over 20,000 tasks; larger pages need more
// bytes for the same effect.
constexpr std::size_t kCacheBytes = 1024 * 1024;
constexpr std::size_t kLargePageCacheBytes = 2 * 1024 * 1024;
constexpr std::uint32_t kLargePage = 16 * 1024;
constexpr std::size_t kMostPrefetched = 65536;

std::size_t cache_budget(std::uint32_t page_size) {
  return page_size >= kLargePage ? kLargePageCacheBytes : kCacheBytes;
}

}  // namespace

PagedDump::PagedDump(DumpContents contents, std::unique_ptr<PageSource> pages)
    : contents_(std::move(contents)),
      pages_(std::move(pages)),
      shift_(static_cast<unsigned>(std::countr_zero(contents_.facts.page_size))),
      cache_(contents_.facts.page_size, cache_budget(contents_.facts.page_size)) {}

template <auto fetch>
ReadResult<void> PagedDump::read_pages(PhysicalAddress address, std::span<std::byte> out) const {
  while (!out.empty()) {
    const std::uint64_t frame = address.value >> shift_;
    const std::uint64_t offset = address.value - (frame << shift_);
    const std::size_t count = std::min<std::uint64_t>(out.size(), contents_.facts.page_size - offset);
    const auto slot = (this->*fetch)(frame);
    if (!slot) return tl::unexpected(ReadFault{slot.error(), address.value});
    if (offset < (*slot)->begin || offset + count > (*slot)->end) {
      const bool starts_inside = offset >= (*slot)->begin && offset < (*slot)->end;
      const PhysicalAddress absent = starts_inside ? address + ((*slot)->end - offset) : address;
      return tl::unexpected(ReadFault{pages_->why_absent(absent), absent.value});
    }
    std::memcpy(out.data(), (*slot)->bytes + offset, count);
    out = out.subspan(count);
    address += count;
  }
  return {};
}

ReadResult<void> PagedDump::read(PhysicalAddress address, std::span<std::byte> out) const {
  const std::uint64_t frame = address.value >> shift_;
  const std::uint64_t offset = address.value - (frame << shift_);
  // An empty read wraps here and goes the long way.
  if (last_frame_ == frame && offset >= last_->begin && offset < last_->end && out.size() - 1 < last_->end - offset) {
    std::memcpy(out.data(), last_->bytes + offset, out.size());
    return {};
  }
  return read_pages<&PagedDump::fetch_kept>(address, out);
}

ReadResult<void> PagedDump::peek(PhysicalAddress address, std::span<std::byte> out) const {
  return read_pages<&PagedDump::fetch_unkept>(address, out);
}

tl::expected<const PageCache::Slot*, FaultKind> PagedDump::fetch_kept(std::uint64_t frame) const {
  if (const Slot* const cached = cache_.find(frame)) {
    last_frame_ = frame;
    return last_ = cached;
  }
  // A frame that no dump of this size has is refused before it costs a slot: wild pointers are common.
  if (frame >= contents_.facts.page_frames) return tl::unexpected(FaultKind::kBeyondDump);
  Slot& slot = cache_.claim(frame);
  last_frame_ = PageCache::kNoFrame;
  if (const auto done = load(frame, slot); !done) return tl::unexpected(note_fault(frame, done.error()));
  cache_.keep(slot, frame);
  touched_.insert(frame);
  last_frame_ = frame;
  return last_ = &slot;
}

tl::expected<const PageCache::Slot*, FaultKind> PagedDump::fetch_unkept(std::uint64_t frame) const {
  if (peeked_frame_ == frame) return &peeked_;
  if (const Slot* const cached = cache_.find(frame)) return cached;
  if (frame >= contents_.facts.page_frames) return tl::unexpected(FaultKind::kBeyondDump);
  if (!peeked_bytes_) peeked_bytes_ = std::make_unique_for_overwrite<std::byte[]>(contents_.facts.page_size);
  peeked_.bytes = peeked_bytes_.get();
  peeked_frame_ = PageCache::kNoFrame;
  if (const auto done = load(frame, peeked_); !done) return tl::unexpected(done.error());
  peeked_frame_ = frame;
  return &peeked_;
}

tl::expected<void, FaultKind> PagedDump::load(std::uint64_t frame, Slot& slot) const {
  ++pages_read_;
  const auto extent = pages_->load(frame, std::span(slot.bytes, contents_.facts.page_size));
  if (!extent) return tl::unexpected(extent.error());
  slot.begin = extent->begin;
  slot.end = extent->end;
  return {};
}

FaultKind PagedDump::note_fault(std::uint64_t frame, FaultKind kind) const {
  faulted_[static_cast<std::size_t>(kind)].insert(frame);
  return kind;
}

std::optional<PhysicalAddress> PagedDump::next_page(PhysicalAddress from) const {
  const std::uint64_t first = from.value >> shift_;
  const bool inside = from.value != first << shift_;
  const auto frame = pages_->next_frame(first + (inside ? 1 : 0));
  if (!frame || *frame >= contents_.facts.page_frames) return std::nullopt;
  return PhysicalAddress(*frame << shift_);
}

void PagedDump::prefetch(std::span<const PhysicalAddress> pages) const {
  std::vector<std::uint64_t> frames;
  frames.reserve(std::min(pages.size(), kMostPrefetched));
  for (const PhysicalAddress page : pages) {
    const std::uint64_t frame = page.value >> shift_;
    if (frames.size() == kMostPrefetched) break;
    if (frame < contents_.facts.page_frames && cache_.find(frame) == nullptr) frames.push_back(frame);
  }
  std::sort(frames.begin(), frames.end());
  frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
  if (!frames.empty()) pages_->prefetch(frames);
}

DumpStatistics PagedDump::statistics() const {
  DumpStatistics statistics;
  statistics.pages_read = pages_read_;
  statistics.distinct_pages = touched_.size();
  for (const auto& file : contents_.files) {
    statistics.file_bytes_read += file->bytes_read();
    statistics.file_size += file->size();
  }
  return statistics;
}

std::vector<Dump::TouchedPage> PagedDump::touched_pages() const {
  std::vector<TouchedPage> pages;
  pages.reserve(touched_.size());
  for (const std::uint64_t frame : touched_.sorted()) pages.push_back({frame, std::nullopt});
  for (std::size_t kind = 0; kind < faulted_.size(); ++kind) {
    for (const std::uint64_t frame : faulted_[kind].sorted()) {
      if (!touched_.contains(frame)) pages.push_back({frame, static_cast<FaultKind>(kind)});
    }
  }
  std::sort(pages.begin(), pages.end(), [](const TouchedPage& a, const TouchedPage& b) { return a.frame < b.frame; });
  const auto same = [](const TouchedPage& a, const TouchedPage& b) { return a.frame == b.frame; };
  pages.erase(std::unique(pages.begin(), pages.end(), same), pages.end());
  return pages;
}

}  // namespace whyhung::dump
