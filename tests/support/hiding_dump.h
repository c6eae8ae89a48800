// SPDX-License-Identifier: GPL-2.0-or-later
// HidingDump: a dump of which one page frame cannot be read, as if it had been left out of the file.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "dump/dump.h"

namespace whyhung::test {

class HidingDump final : public dump::Dump {
 public:
  HidingDump(std::unique_ptr<dump::Dump> whole, std::uint64_t frame, FaultKind fault)
      : whole_(std::move(whole)), frame_(frame), fault_(fault), page_size_(whole_->facts().page_size) {}

  ReadResult<void> read(PhysicalAddress address, std::span<std::byte> out) const override {
    if (const auto hidden = first_hidden(address, out.size())) return tl::unexpected(ReadFault{fault_, *hidden});
    return whole_->read(address, out);
  }
  ReadResult<void> peek(PhysicalAddress address, std::span<std::byte> out) const override {
    if (const auto hidden = first_hidden(address, out.size())) return tl::unexpected(ReadFault{fault_, *hidden});
    return whole_->peek(address, out);
  }
  const dump::DumpFacts& facts() const override { return whole_->facts(); }
  std::span<const dump::Note> notes() const override { return whole_->notes(); }
  std::span<const dump::LoadSegment> segments() const override { return whole_->segments(); }
  std::string_view vmcoreinfo() const override { return whole_->vmcoreinfo(); }
  std::optional<PhysicalAddress> next_page(PhysicalAddress from) const override {
    auto page = whole_->next_page(from);
    if (page && page->value / page_size_ == frame_)
      page = whole_->next_page(PhysicalAddress((frame_ + 1) * page_size_));
    return page;
  }
  dump::DumpStatistics statistics() const override { return whole_->statistics(); }
  std::vector<TouchedPage> touched_pages() const override { return whole_->touched_pages(); }

 private:
  std::optional<std::uint64_t> first_hidden(PhysicalAddress address, std::size_t size) const {
    const std::uint64_t begin = frame_ * page_size_;
    const bool overlaps = size != 0 && address.value < begin + page_size_ && address.value + size > begin;
    if (!overlaps) return std::nullopt;
    return std::max(begin, address.value);
  }

  std::unique_ptr<dump::Dump> whole_;
  std::uint64_t frame_;
  FaultKind fault_;
  std::uint64_t page_size_;
};

}  // namespace whyhung::test
