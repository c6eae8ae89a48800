// SPDX-License-Identifier: GPL-2.0-or-later
// ElfPages: the memory of an ELF core by physical address. Segments may overlap (the kernel's image is in one of its
// own and in that of the RAM around it) and may begin or end inside of a page.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/byte_source.h"
#include "dump/page_source.h"

namespace whyhung::dump {

// A program header of type PT_LOAD.
struct ElfSegment {
  std::uint64_t file_offset;
  std::uint64_t virtual_begin;
  std::uint64_t physical_begin;
  std::uint64_t file_size;
  std::uint64_t memory_size;
};

class ElfPages final : public PageSource {
 public:
  // Segments whose physical ranges do not wrap. `page_size` is a power of two.
  ElfPages(std::shared_ptr<const ByteSource> source, std::span<const ElfSegment> segments, std::uint32_t page_size);

  tl::expected<PageExtent, FaultKind> load(std::uint64_t frame, std::span<std::byte> page) override;
  FaultKind why_absent(PhysicalAddress address) override;
  std::optional<std::uint64_t> next_frame(std::uint64_t from) override;
  void prefetch(std::span<const std::uint64_t> frames) override;

  // End of the last byte that any segment covers.
  std::uint64_t memory_end() const { return memory_end_; }
  // Bytes that segments have in their file part but the file has not.
  std::uint64_t missing_bytes() const { return missing_bytes_; }

 private:
  struct Range {
    std::uint64_t begin;
    std::uint64_t end;
    std::uint64_t file_offset;
  };
  static void make_disjoint(std::vector<Range>& ranges);
  static const Range* find(const std::vector<Range>& ranges, std::uint64_t address);
  // The first range that ends behind the address.
  static std::vector<Range>::const_iterator at_or_after(const std::vector<Range>& ranges, std::uint64_t address);

  std::shared_ptr<const ByteSource> source_;
  std::uint32_t page_size_;
  std::vector<Range> data_;      // disjoint, ascending, and so are the others
  std::vector<Range> cut_;       // should be in the file, which ends before
  std::vector<Range> left_out_;  // p_filesz < p_memsz
  std::uint64_t memory_end_ = 0;
  std::uint64_t missing_bytes_ = 0;
};

}  // namespace whyhung::dump
