// SPDX-License-Identifier: GPL-2.0-or-later
// The parts of `makedumpfile --split`: each file has the headers and bitmaps of the whole dump, and descriptors and
// pages of the frames [start_pfn, end_pfn) only. A part may be missing: its pages then read as cut off.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dump/kdump_header.h"
#include "dump/kdump_pages.h"
#include "dump/page_source.h"

namespace whyhung::dump {

struct SplitPart {
  std::string name;
  KdumpHeader header;
  std::unique_ptr<KdumpPages> pages;
};

// Whether the files are parts of one dump, each given once. kMismatch names the two that are not.
Result<void> check_parts(std::span<const SplitPart> sorted_parts);

// One remark for each range of frames that no part holds.
std::vector<std::string> remarks_on_missing_parts(std::span<const SplitPart> sorted_parts);

class SplitPages final : public PageSource {
 public:
  // At least one part; sorted by frames, without overlap. A part may be empty.
  explicit SplitPages(std::vector<SplitPart> sorted_parts) : parts_(std::move(sorted_parts)) {}

  tl::expected<PageExtent, FaultKind> load(std::uint64_t frame, std::span<std::byte> page) override;
  std::optional<std::uint64_t> next_frame(std::uint64_t from) override;
  void prefetch(std::span<const std::uint64_t> frames) override;

 private:
  KdumpPages* part_of(std::uint64_t frame);

  std::vector<SplitPart> parts_;
};

}  // namespace whyhung::dump
