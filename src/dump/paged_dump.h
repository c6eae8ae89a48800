// SPDX-License-Identifier: GPL-2.0-or-later
// PagedDump: the one Dump. A format gives a PageSource and what the file says about itself; reading across pages, the
// page cache and the record of touched pages are here, the same for all formats.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "dump/dump.h"
#include "dump/elf_notes.h"
#include "dump/frame_set.h"
#include "dump/page_cache.h"
#include "dump/page_source.h"

namespace whyhung::dump {

// What a format has found out by the time it is opened.
struct DumpContents {
  DumpFacts facts;
  NoteTable notes;
  std::vector<LoadSegment> segments;
  std::string vmcoreinfo;
  std::vector<std::shared_ptr<const ByteSource>> files;  // as stored, for statistics
};

class PagedDump final : public Dump {
 public:
  // facts.page_size is a power of two, and the unit of the frames that `pages` gives.
  PagedDump(DumpContents contents, std::unique_ptr<PageSource> pages);

  ReadResult<void> read(PhysicalAddress address, std::span<std::byte> out) const override;
  ReadResult<void> peek(PhysicalAddress address, std::span<std::byte> out) const override;
  const DumpFacts& facts() const override { return contents_.facts; }
  std::span<const Note> notes() const override { return contents_.notes.notes(); }
  std::span<const LoadSegment> segments() const override { return contents_.segments; }
  std::string_view vmcoreinfo() const override { return contents_.vmcoreinfo; }
  std::optional<PhysicalAddress> next_page(PhysicalAddress from) const override;
  void prefetch(std::span<const PhysicalAddress> pages) const override;
  DumpStatistics statistics() const override;
  std::vector<TouchedPage> touched_pages() const override;

 private:
  using Slot = PageCache::Slot;

  template <auto fetch>
  ReadResult<void> read_pages(PhysicalAddress address, std::span<std::byte> out) const;
  tl::expected<const Slot*, FaultKind> fetch_kept(std::uint64_t frame) const;
  tl::expected<const Slot*, FaultKind> fetch_unkept(std::uint64_t frame) const;
  tl::expected<void, FaultKind> load(std::uint64_t frame, Slot& slot) const;
  FaultKind note_fault(std::uint64_t frame, FaultKind kind) const;

  DumpContents contents_;
  std::unique_ptr<PageSource> pages_;
  unsigned shift_;
  mutable PageCache cache_;
  // The slot of the last read: most reads stay in one page.
  mutable std::uint64_t last_frame_ = PageCache::kNoFrame;
  mutable const Slot* last_ = nullptr;
  mutable std::unique_ptr<std::byte[]> peeked_bytes_;
  mutable std::uint64_t peeked_frame_ = PageCache::kNoFrame;
  mutable Slot peeked_;
  mutable FrameSet touched_;
  mutable std::array<FrameSet, 6> faulted_;  // by FaultKind
  mutable std::uint64_t pages_read_ = 0;
};

}  // namespace whyhung::dump
