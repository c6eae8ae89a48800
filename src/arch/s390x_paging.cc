// SPDX-License-Identifier: GPL-2.0-or-later
// What is odd about s390x's address space, for a reader of dumps (z/Architecture Principles of Operation, chapter 3):
// - Up to five levels: three of regions, with 2048 entries each as have segments, and page tables of 256. Each entry of
//   the upper four, also an invalid one, says on which level it stands; so the first entry of the root tells how many
//   levels there are.
// - Segments of 1 MB and third regions of 2 GB may map memory themselves.
// - v6.10: the image lies where chance put it, both in virtual (KERNELOFFSET) and in physical memory
//   (KERNELOFFPHYS), and all memory lies from IDENTITYBASE on. Before, a virtual address was the physical one, but for
//   vmalloc and modules.
#include "arch/s390x_paging.h"

#include <array>

#include "base/endian.h"

namespace whyhung::arch {
namespace {

constexpr unsigned kPageShift = 12;
constexpr unsigned kPageIndexBits = 8;
constexpr unsigned kSegmentShift = 20;
constexpr unsigned kTableIndexBits = 11;

constexpr std::uint64_t kFormatControl = 0x400;  // of segments and third regions: maps memory
constexpr std::uint64_t kInvalid = 0x20;         // of regions and segments
constexpr std::uint64_t kPageInvalid = 0x400;
constexpr std::uint64_t kTableMask = ~std::uint64_t{0xfff};
constexpr std::uint64_t kPageTableMask = ~std::uint64_t{0x7ff};

// Levels by the two bits that entries have for them: segments are 0, first regions 3.
unsigned level_of(std::uint64_t entry) {
  return static_cast<unsigned>(entry >> 2 & 3);
}
unsigned shift_of(unsigned level) {
  return kSegmentShift + kTableIndexBits * level;
}

class S390xAddressSpace final : public AddressSpace {
 public:
  S390xAddressSpace(const PhysicalMemory& memory, PhysicalAddress root, unsigned level)
      : memory_(memory), root_(root), level_(level) {}

  ReadResult<Mapping> translate(VirtualAddress address) const override { return walk(root_, level_, address); }

  ReadResult<Mapping> translate_user(PhysicalAddress root, VirtualAddress address) const override {
    const auto first = read_entry(root, address);
    if (!first) return tl::unexpected(first.error());
    return walk(root, level_of(*first), address);
  }

  std::string description() const override {
    return fmt::format("{}-level page tables at physical {:#x}", level_ + 2, root_.value);
  }

 private:
  ReadResult<std::uint64_t> read_entry(PhysicalAddress at, VirtualAddress address) const {
    std::array<std::byte, 8> bytes;
    if (const auto done = memory_.read(at, bytes); !done) {
      return tl::unexpected(ReadFault{done.error().kind, address.value});
    }
    return load<std::uint64_t>(bytes.data(), ByteOrder::kBig);
  }

  static Mapping leaf(std::uint64_t entry, unsigned shift, VirtualAddress address) {
    const std::uint64_t below = (std::uint64_t{1} << shift) - 1;
    return {PhysicalAddress((entry & ~below) + (address.value & below)), below + 1 - (address.value & below)};
  }

  ReadResult<Mapping> walk(PhysicalAddress table, unsigned top, VirtualAddress address) const {
    const auto not_mapped = tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
    const unsigned bits = shift_of(top) + kTableIndexBits;
    if (bits < 64 && address.value >> bits != 0) return not_mapped;
    for (unsigned level = top + 1; level-- > 0;) {
      const std::uint64_t index = address.value >> shift_of(level) & ((1u << kTableIndexBits) - 1);
      const auto entry = read_entry(table + index * 8, address);
      if (!entry) return tl::unexpected(entry.error());
      if ((*entry & kInvalid) != 0 || level_of(*entry) != level) return not_mapped;
      if (level <= 1 && (*entry & kFormatControl) != 0) return leaf(*entry, shift_of(level), address);
      table = PhysicalAddress(*entry & (level == 0 ? kPageTableMask : kTableMask));
    }
    const std::uint64_t index = address.value >> kPageShift & ((1u << kPageIndexBits) - 1);
    const auto entry = read_entry(table + index * 8, address);
    if (!entry) return tl::unexpected(entry.error());
    if ((*entry & kPageInvalid) != 0) return not_mapped;
    return leaf(*entry, kPageShift, address);
  }

  const PhysicalMemory& memory_;
  PhysicalAddress root_;
  unsigned level_;
};

}  // namespace

Result<std::unique_ptr<AddressSpace>> make_s390x_address_space(const PhysicalMemory& memory,
                                                               const MachineFacts& facts) {
  const auto table = facts.symbol("swapper_pg_dir");
  if (!table) return fail(ErrorKind::kNotFound, "VMCOREINFO names no swapper_pg_dir, so there are no page tables");
  std::uint64_t root = table->value;
  if (facts.kernel_offset && facts.kernel_offset_physical) root += *facts.kernel_offset_physical - *facts.kernel_offset;
  std::array<std::byte, 8> bytes;
  if (const auto done = memory.read(PhysicalAddress(root), bytes); !done) {
    return tl::unexpected(to_error(done.error(), "the kernel's page tables"));
  }
  const auto first = load<std::uint64_t>(bytes.data(), ByteOrder::kBig);
  return std::make_unique<S390xAddressSpace>(memory, PhysicalAddress(root), level_of(first));
}

}  // namespace whyhung::arch
