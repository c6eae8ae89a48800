// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/power_memory.h"

namespace whyhung::test {
namespace {

constexpr std::uint64_t kPageOffset = 0xc000000000000000;
constexpr std::uint64_t kVmalloc = 0xd000000000000000;
constexpr std::uint64_t kPage = 65536;
// arch/powerpc/include/asm/pgtable-ppc64-64k.h, pte-hash64-64k.h: three levels of 12, 10 and 8 bits, the page's number
// from bit 30 on, present in bit 0.
constexpr unsigned kTopShift = 34, kMiddleShift = 24, kLeafShift = 16;
constexpr std::uint64_t kTopMask = 0xfff, kMiddleMask = 0x3ff, kLeafMask = 0xff;
constexpr unsigned kNumberShift = 30;

class Tables {
 public:
  Tables(PagedMemory& memory, std::uint64_t root, std::uint64_t free_memory)
      : memory_(memory), root_(root), free_(free_memory) {}

  std::uint64_t allocate() {
    const std::uint64_t at = free_;
    free_ += kPage;
    return at;
  }
  void map(std::uint64_t address, std::uint64_t physical) {
    const std::uint64_t middle = table_in(root_ + (address >> kTopShift & kTopMask) * 8);
    const std::uint64_t leaf = table_in(middle + (address >> kMiddleShift & kMiddleMask) * 8);
    memory_.write_u64(leaf + (address >> kLeafShift & kLeafMask) * 8, physical / kPage << kNumberShift | 1);
  }

 private:
  std::uint64_t table_in(std::uint64_t slot) {
    const auto table = memory_.read_u64(VirtualAddress(slot));
    if (table && *table != 0) return *table;
    const std::uint64_t made = kPageOffset + allocate();
    for (std::uint64_t at = 0; at < kPage; at += PagedMemory::kPage) memory_.touch(made + at);
    memory_.write_u64(slot, made);
    return made;
  }

  PagedMemory& memory_;
  std::uint64_t root_;
  std::uint64_t free_;
};

}  // namespace

MemoryImage power_image(FakeMachine& machine, std::uint64_t root, std::uint64_t free_memory) {
  Tables tables(machine.memory, root, free_memory);
  std::map<std::uint64_t, std::uint64_t> frames;  // of vmalloc space, by page
  const auto known = machine.memory.pages();      // a copy: mapping adds pages
  for (const auto& [number, bytes] : known) {
    const std::uint64_t page = number * PagedMemory::kPage / kPage * kPage;
    if (page < kVmalloc || frames.contains(page)) continue;
    frames[page] = tables.allocate();
    tables.map(page, frames[page]);
  }
  MemoryImage image;
  image.page_size = kPage;
  for (const auto& [number, bytes] : machine.memory.pages()) {
    const std::uint64_t address = number * PagedMemory::kPage;
    const std::uint64_t base = address / kPage * kPage;
    const std::uint64_t physical = base >= kVmalloc ? frames.at(base) : base - kPageOffset;
    Bytes& page = image.pages[physical / kPage];
    page.resize(kPage);
    std::ranges::copy(bytes, page.begin() + static_cast<std::ptrdiff_t>(address - base));
    image.frames = std::max(image.frames, physical / kPage + 1);
  }
  return image;
}

}  // namespace whyhung::test
