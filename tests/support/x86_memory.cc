// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/x86_memory.h"

namespace whyhung::test {
namespace {

// Documentation/x86/x86_64/mm.txt of v3.10.
constexpr std::uint64_t kDirectMap = 0xffff880000000000, kDirectMapEnd = 0xffffc80000000000;
constexpr std::uint64_t kImageMap = 0xffffffff80000000, kModules = 0xffffffffa0000000;
constexpr std::uint64_t kPage = 4096, kLargePage = 2u << 20;
constexpr std::uint64_t kTableEntry = 0x67, kLeaf = 0x163, kLargeLeaf = 0x1e3;  // present, writable, … and PSE
constexpr unsigned kLeafLevel = 1, kLargeLevel = 2, kTopLevel = 4;

class Tables {
 public:
  Tables(MemoryImage& image, std::uint64_t root, std::uint64_t free_memory)
      : image_(image), root_(root), free_(free_memory) {}

  std::uint64_t allocate() {
    const std::uint64_t at = free_;
    free_ += kPage;
    page(at);
    return at;
  }
  void map(std::uint64_t address, std::uint64_t physical, unsigned leaf_level) {
    std::uint64_t table = root_;
    for (unsigned level = kTopLevel; level > leaf_level; --level) {
      std::byte* const slot = entry(table, address, level);
      if (load<std::uint64_t>(slot, ByteOrder::kLittle) == 0) {
        const std::uint64_t made = allocate();
        store(entry(table, address, level), made | kTableEntry, ByteOrder::kLittle);
        table = made;
      } else {
        table = load<std::uint64_t>(slot, ByteOrder::kLittle) & ~std::uint64_t{kPage - 1};
      }
    }
    store(entry(table, address, leaf_level), physical | (leaf_level == kLeafLevel ? kLeaf : kLargeLeaf),
          ByteOrder::kLittle);
  }
  Bytes& page(std::uint64_t physical) {
    Bytes& bytes = image_.pages[physical / kPage];
    bytes.resize(kPage);
    image_.frames = std::max(image_.frames, physical / kPage + 1);
    return bytes;
  }

 private:
  std::byte* entry(std::uint64_t table, std::uint64_t address, unsigned level) {
    return page(table).data() + (address >> (12 + 9 * (level - 1)) & 0x1ff) * 8;
  }

  MemoryImage& image_;
  std::uint64_t root_;
  std::uint64_t free_;
};

}  // namespace

MemoryImage x86_image(FakeMachine& machine, std::uint64_t root, std::uint64_t phys_base, std::uint64_t free_memory) {
  MemoryImage image;
  Tables tables(image, root - kImageMap + phys_base, free_memory);
  for (const auto& [number, bytes] : machine.memory.pages()) {
    const std::uint64_t address = number * kPage;
    const bool is_direct = address >= kDirectMap && address < kDirectMapEnd;
    const bool is_image = address >= kImageMap && address < kModules;
    if (!is_direct && address < kImageMap) continue;
    std::uint64_t physical = is_direct ? address - kDirectMap : address - kImageMap + phys_base;
    if (!is_direct && !is_image) physical = tables.allocate();
    if (is_direct || is_image) {
      const std::uint64_t in_large = address % kLargePage;
      tables.map(address - in_large, physical - in_large, kLargeLevel);
    } else {
      tables.map(address, physical, kLeafLevel);
    }
    // A table may have been put into the image's page of the root before.
    Bytes& page = tables.page(physical);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (bytes[i] != std::byte{0}) page[i] = bytes[i];
    }
  }
  return image;
}

}  // namespace whyhung::test
