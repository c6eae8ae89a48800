// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's struct page of each page of memory, as a sparse memory map keeps them (include/linux/mmzone.h).
#pragma once

#include <string>
#include <vector>

#include "commands/command.h"

namespace whyhung::commands {

struct MemorySection {
  std::uint64_t number = 0;
  std::uint64_t address = 0;  // struct mem_section
  std::uint64_t coded = 0;    // its section_mem_map
  std::uint64_t map = 0;      // the struct page of a page 0, as if the section went so far down
};

class PageFrames {
 public:
  // kNotFound for a kernel whose memory map is another one, or which does not tell how it is.
  static Result<PageFrames> open(const Call& call);

  const std::vector<MemorySection>& sections() const { return sections_; }  // in order
  std::uint64_t page_size() const { return page_size_; }
  std::uint64_t pages_per_section() const { return pages_per_section_; }
  std::uint64_t struct_size() const { return struct_size_; }
  // By the number of a page; nothing where there is no memory.
  std::optional<std::uint64_t> struct_of(std::uint64_t frame) const;
  std::optional<std::uint64_t> frame_of(std::uint64_t page_struct) const;
  // Where the kernel's direct map shows a frame; nothing where that does not hold.
  std::optional<std::uint64_t> direct_address(std::uint64_t frame) const;

 private:
  const Call* call_ = nullptr;
  std::vector<MemorySection> sections_;
  std::uint64_t page_size_ = 4096, pages_per_section_ = 0, struct_size_ = 0;
  std::optional<std::uint64_t> direct_;  // what the direct map adds to physical addresses
};

// The heading and the row of a struct page, as `kmem -p` and `kmem ADDRESS` show it.
inline constexpr std::string_view kPageHeading = "      PAGE       PHYSICAL      MAPPING       INDEX CNT FLAGS\n";
class PageRows {
 public:
  explicit PageRows(const Call& call);
  void show(Output& output, std::uint64_t page_struct, std::uint64_t physical) const;
  // The first name of each bit, and all of them in the order of the kernel's enum.
  const std::vector<std::pair<std::string, unsigned>>& names() const { return names_; }
  // "slab,head" of page flags.
  std::string flags(std::uint64_t flags) const;

 private:
  const Call& call_;
  std::vector<std::pair<std::string, unsigned>> names_;
  std::vector<std::string> by_bit_;
  std::optional<kernel::Field> flags_, mapping_, index_, count_;
};

}  // namespace whyhung::commands
