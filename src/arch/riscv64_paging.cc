// SPDX-License-Identifier: GPL-2.0-or-later
// What is odd about riscv64's address space, for a reader of dumps:
// - One kernel runs with three, four or five levels, as the CPU (or the command line) has it. VMCOREINFO tells which:
//   VA_BITS, and newer kernels the mode in satp.
// - The image lies at (physical + va_kernel_pa_offset). The first VMCOREINFO of this machine does not tell that number;
//   the image then begins where memory does (phys_ram_base). The first of the two whose tables agree is believed.
// - The linear map begins at PAGE_OFFSET with the first byte of memory. Like the image's place it serves only where a
//   table is missing from the dump.
// - An entry that may be read or executed maps memory, on any level; one with none of the three rights leads to the
//   next table. Its upper ten bits are no address: Svnapot's bit 63 makes sixteen small pages one, whose number has a
//   one and three zeros at its end instead of its own lowest bits.
// - The rest of the upper bits are memory types, which some CPUs had before there was a rule (bits 63 to 59): with
//   bit 60, which no rule gives away, bit 63 is such a one.
#include "arch/riscv64_paging.h"

#include <array>
#include <vector>

#include "base/endian.h"

namespace whyhung::arch {
namespace {

constexpr unsigned kPageShift = 12;
constexpr unsigned kIndexBits = 9;
constexpr std::uint64_t kPage = std::uint64_t{1} << kPageShift;

constexpr std::uint64_t kValid = 1u << 0;
constexpr std::uint64_t kReadable = 1u << 1;
constexpr std::uint64_t kExecutable = 1u << 3;
constexpr unsigned kNumberShift = 10;  // of the page's number, 44 bits of it
constexpr std::uint64_t kNumberMask = (std::uint64_t{1} << 44) - 1;
constexpr std::uint64_t kNapot = std::uint64_t{1} << 63;
constexpr std::uint64_t kVendorType = std::uint64_t{1} << 60;
constexpr unsigned kNapotShift = 16;  // the one size that Svnapot has: 64 KB
constexpr std::uint64_t kNapotMask = 0xf;
constexpr std::uint64_t kNapot64K = 0x8;

std::uint64_t below(unsigned shift) {
  return (std::uint64_t{1} << shift) - 1;
}

class Riscv64AddressSpace final : public AddressSpace {
 public:
  Riscv64AddressSpace(const PhysicalMemory& memory, unsigned levels, PhysicalAddress root)
      : memory_(memory), levels_(levels), root_(root) {}

  void set_image(VirtualRange image, std::uint64_t offset) {
    image_ = image;
    image_offset_ = offset;
  }
  void set_linear(VirtualRange range, std::uint64_t physical) {
    linear_ = range;
    linear_physical_ = physical;
  }

  ReadResult<Mapping> translate(VirtualAddress address) const override {
    // User space has tables of its own, one for each process.
    if (address.value >> 63 == 0) return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
    auto mapping = walk(root_, address);
    if (mapping || mapping.error().kind == FaultKind::kNotMapped) return mapping;
    // A page table is missing from the dump; these two need none.
    if (image_.contains(address)) return to_end_of_page(address.value - image_offset_);
    if (linear_.contains(address)) return to_end_of_page(address - linear_.begin + linear_physical_);
    return mapping;
  }

  ReadResult<Mapping> translate_user(PhysicalAddress root, VirtualAddress address) const override {
    if (address.value >> 63 != 0) return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
    return walk(root, address);
  }

  std::string description() const override {
    return fmt::format("Sv{} page tables at physical {:#x}", address_bits(), root_.value);
  }

  ReadResult<Mapping> walk(PhysicalAddress root, VirtualAddress address) const {
    // The bits above those that index tables repeat the highest of these.
    const std::uint64_t above = address.value >> (address_bits() - 1);
    const bool is_canonical = above == 0 || above == ~std::uint64_t{0} >> (address_bits() - 1);
    PhysicalAddress table = root;
    for (unsigned level = levels_; is_canonical && level >= 1; --level) {
      const unsigned shift = kPageShift + kIndexBits * (level - 1);
      const std::uint64_t index = address.value >> shift & below(kIndexBits);
      std::array<std::byte, 8> bytes;
      if (const auto done = memory_.read(table + index * 8, bytes); !done) {
        return tl::unexpected(ReadFault{done.error().kind, address.value});
      }
      const auto entry = load<std::uint64_t>(bytes.data(), ByteOrder::kLittle);
      if ((entry & kValid) == 0) break;
      const std::uint64_t number = entry >> kNumberShift & kNumberMask;
      if ((entry & (kReadable | kExecutable)) != 0) return leaf(entry, number, level, address);
      table = PhysicalAddress(number << kPageShift);
    }
    return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
  }

 private:
  unsigned address_bits() const { return kPageShift + kIndexBits * levels_; }

  static Mapping to_end_of_page(std::uint64_t physical) {
    return {PhysicalAddress(physical), kPage - (physical & (kPage - 1))};
  }

  static Mapping leaf(std::uint64_t entry, std::uint64_t number, unsigned level, VirtualAddress address) {
    const bool is_group =
        level == 1 && (entry & kNapot) != 0 && (entry & kVendorType) == 0 && (number & kNapotMask) == kNapot64K;
    const unsigned shift = is_group ? kNapotShift : kPageShift + kIndexBits * (level - 1);
    const std::uint64_t begin = number << kPageShift & ~below(shift);
    const std::uint64_t in_page = address.value & below(shift);
    return {PhysicalAddress(begin + in_page), below(shift) + 1 - in_page};
  }

  const PhysicalMemory& memory_;
  unsigned levels_;
  PhysicalAddress root_;
  VirtualRange image_;
  std::uint64_t image_offset_ = 0;
  VirtualRange linear_;
  std::uint64_t linear_physical_ = 0;
};

// satp's mode where VMCOREINFO gives it, else the bits of an address.
Result<unsigned> find_levels(const MachineFacts& facts) {
  constexpr std::uint64_t kSv39 = 8, kSv57 = 10;
  if (const auto satp = facts.number("satp")) {
    const std::uint64_t mode = *satp >> 60;
    if (mode >= kSv39 && mode <= kSv57) return static_cast<unsigned>(mode - kSv39 + 3);
    return fail(ErrorKind::kCorrupt, "VMCOREINFO names mode {} of satp, which is none of Sv39, Sv48 and Sv57", mode);
  }
  const auto bits = facts.number("VA_BITS");
  if (!bits) return fail(ErrorKind::kNotFound, "VMCOREINFO names neither VA_BITS nor satp");
  for (unsigned levels = 3; levels <= 5; ++levels) {
    if (*bits == kPageShift + kIndexBits * levels) return levels;
  }
  return fail(ErrorKind::kCorrupt, "VMCOREINFO names addresses of {} bits, which riscv64 does not have", *bits);
}

// What the image's virtual addresses may lie above its physical ones, best first.
std::vector<std::uint64_t> image_offsets(const MachineFacts& facts) {
  std::vector<std::uint64_t> offsets;
  if (const auto told = facts.number("va_kernel_pa_offset")) offsets.push_back(*told);
  if (facts.image_mapping) offsets.push_back(facts.image_mapping->first.value - facts.image_mapping->second.value);
  const auto begin = facts.number("KERNEL_LINK_ADDR");
  const auto memory = facts.number("phys_ram_base");
  if (begin && memory) offsets.push_back(*begin - *memory);
  return offsets;
}

}  // namespace

Result<std::unique_ptr<AddressSpace>> make_riscv64_address_space(const PhysicalMemory& memory,
                                                                 const MachineFacts& facts) {
  if (facts.page_size.value_or(kPage) != kPage) {
    return fail(ErrorKind::kCorrupt, "VMCOREINFO names pages of {} bytes, which riscv64 does not have",
                *facts.page_size);
  }
  TRY_ASSIGN(const unsigned levels, find_levels(facts));
  const auto table = facts.symbol("swapper_pg_dir");
  if (!table) return fail(ErrorKind::kNotFound, "VMCOREINFO names no swapper_pg_dir, so there are no page tables");
  const std::vector<std::uint64_t> offsets = image_offsets(facts);
  if (offsets.empty()) {
    return fail(ErrorKind::kNotFound,
                "VMCOREINFO names no va_kernel_pa_offset, so the kernel image cannot be found in memory");
  }
  const auto make = [&](std::uint64_t offset) {
    return std::make_unique<Riscv64AddressSpace>(memory, levels, PhysicalAddress(table->value - offset));
  };
  std::uint64_t offset = offsets.front();
  for (const std::uint64_t one : offsets) {
    const auto mapping = make(one)->walk(PhysicalAddress(table->value - one), *table);
    if (!mapping || mapping->physical.value != table->value - one) continue;
    offset = one;
    break;
  }
  auto space = make(offset);
  constexpr std::uint64_t kLargestImage = 128u << 20;
  constexpr std::uint64_t kLargePage = 2u << 20;
  const VirtualAddress image = facts.symbol("_stext").value_or(*table).align_down(kLargePage);
  space->set_image({image, image + kLargestImage}, offset);
  const auto linear = facts.number("PAGE_OFFSET");
  const auto physical = facts.number("phys_ram_base");
  if (linear && physical) {
    const std::uint64_t end = facts.number("MODULES_VADDR").value_or(image.value);
    space->set_linear({VirtualAddress(*linear), VirtualAddress(end)}, *physical);
  }
  return space;
}

}  // namespace whyhung::arch
