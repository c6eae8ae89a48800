// SPDX-License-Identifier: GPL-2.0-or-later
// arm64. What is odd about it, for a reader of dumps:
// - The image lies at (physical + kimage_voffset), which finds the page tables; everything else goes through them.
//   Only when a table is missing does arithmetic help: the image's own, and the linear map at physical = virtual +
//   2^VA_BITS + PHYS_OFFSET modulo 2^64. There VA_BITS is the configured number, also on a CPU that can do less, and
//   PHYS_OFFSET has the randomised place of the map in it, so that it may be "negative".
// - Three page sizes, and a kernel built for 52 bits of virtual address may run with 48 (TCR_EL1_T1SZ tells). Where
//   that saves a level, the table that swapper_pg_dir names is the top of the shorter tree; where it does not, the
//   table keeps its configured size and kernel addresses use its upper end.
// - Physical addresses beyond 48 bits stand in odd places of a descriptor: bits 51:48 in 15:12 with 64 KB pages, bits
//   51:50 in 9:8 with the others (LPA2), which mean shareability otherwise. MAX_PHYSMEM_BITS=52 tells of the first; of
//   LPA2 it tells only that the kernel is built for it. In use it is where the address space has more than 48 bits.
// - Return addresses may be signed (pointer authentication): the bits between the top of the address space and bit 55,
//   and those above it, then hold a code. Bit 55 alone says which half the address is in. The same bits carry tags
//   where the kernel uses them (KASAN).
// - A CPU has no register of its own that says what it interrupted once it is in an exception: the entry code saves it
//   in struct pt_regs, whose size and tail differ by kernel (336 or 320 bytes); the head is the same.
// - Interrupts are off when PSTATE.I is set. With pseudo-NMIs the kernel masks by priority instead, which no note
//   records: such a CPU looks as if its interrupts were on.
#include "arch/arm64.h"

#include <algorithm>
#include <array>
#include <utility>

#include <capstone/capstone.h>
#include <elf.h>

#include "arch/saved_registers.h"
#include "base/endian.h"
#include "base/text.h"

namespace whyhung::arch {
namespace {

constexpr std::array<std::string_view, arm64::kRegisterCount> kRegisterNames = {
    "X0",  "X1",  "X2",  "X3",  "X4",  "X5",  "X6",  "X7",  "X8",  "X9",    "X10", "X11",
    "X12", "X13", "X14", "X15", "X16", "X17", "X18", "X19", "X20", "X21",   "X22", "X23",
    "X24", "X25", "X26", "X27", "X28", "X29", "LR",  "SP",  "PC",  "PSTATE"};
constexpr std::array<std::string_view, 2> kUtsMachines = {"aarch64", "arm64"};

constexpr std::uint64_t kValid = 1;
constexpr std::uint64_t kTableOrPage = 2;  // a table above the last level, a page on it
constexpr std::uint64_t kKernelHalf = std::uint64_t{1} << 55;
constexpr std::uint64_t kLargestImage = 128u << 20;

// How the kernel's half of the address space is cut into tables.
struct Geometry {
  unsigned page_shift = 12;
  unsigned used_bits = 48;        // of an address: 64 - T1SZ
  unsigned configured_bits = 48;  // VA_BITS
  bool wide_physical = false;     // descriptors hold 52 bits of physical address

  unsigned index_bits() const { return page_shift - 3; }
  unsigned levels_for(unsigned bits) const { return (bits - page_shift + index_bits() - 1) / index_bits(); }
  unsigned levels() const { return levels_for(used_bits); }
  // Bits that the index into the top table is made from.
  unsigned top_bits() const { return levels() == levels_for(configured_bits) ? configured_bits : used_bits; }
  // VA_BITS_MIN, the fewest bits that the kernel can run with: without LPA2 pages of 16 KB have 47, which save a level.
  unsigned fewest_bits() const {
    constexpr unsigned kShift16K = 14;
    return configured_bits <= 48 ? configured_bits : page_shift == kShift16K ? 47 : 48;
  }
};

class Arm64AddressSpace final : public AddressSpace {
 public:
  Arm64AddressSpace(const PhysicalMemory& memory, const Geometry& geometry, PhysicalAddress root)
      : memory_(memory), geometry_(geometry), root_(root) {}

  void set_image(VirtualRange image, std::uint64_t voffset) {
    image_ = image;
    image_voffset_ = voffset;
  }
  void set_linear_offset(std::uint64_t phys_offset) { phys_offset_ = phys_offset; }

  ReadResult<Mapping> translate(VirtualAddress asked) const override {
    const VirtualAddress address = canonical(asked);
    // User space has tables of its own, one for each process.
    if ((address.value & kKernelHalf) == 0) return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
    auto mapping = walk(root_, address);
    if (mapping || mapping.error().kind == FaultKind::kNotMapped) return mapping;
    // A page table is missing from the dump; these two need none.
    if (image_.contains(address)) return to_end_of_page(address.value - image_voffset_);
    const std::uint64_t top = std::uint64_t{1} << geometry_.configured_bits;
    // PAGE_END, the upper end of the map, depends on the fewest bits that the kernel can run with.
    const std::uint64_t map_end = ~std::uint64_t{0} << (geometry_.fewest_bits() - 1);
    if (phys_offset_ && address.value < map_end) return to_end_of_page(address.value + top + *phys_offset_);
    return mapping;
  }

  // The tables of a process have the shape of the kernel's. Its addresses may have a tag above bit 55.
  ReadResult<Mapping> translate_user(PhysicalAddress root, VirtualAddress asked) const override {
    const VirtualAddress address(asked.value & (kKernelHalf * 2 - 1));
    if (address.value >> geometry_.used_bits != 0) {
      return tl::unexpected(ReadFault{FaultKind::kNotMapped, asked.value});
    }
    return walk(root, address);
  }

  VirtualAddress canonical(VirtualAddress address) const override {
    const std::uint64_t above = ~((std::uint64_t{1} << geometry_.used_bits) - 1);
    return VirtualAddress((address.value & kKernelHalf) != 0 ? address.value | above : address.value & ~above);
  }

  std::string description() const override {
    return fmt::format("{}-level page tables of {} KB pages at physical {:#x}", geometry_.levels(),
                       (1u << geometry_.page_shift) / 1024, root_.value);
  }

 private:
  Mapping to_end_of_page(std::uint64_t physical) const {
    const std::uint64_t page = std::uint64_t{1} << geometry_.page_shift;
    return {PhysicalAddress(physical), page - (physical & (page - 1))};
  }

  // What a descriptor points to, above `shift` bits.
  PhysicalAddress target_of(std::uint64_t descriptor, unsigned shift) const {
    std::uint64_t address = descriptor & ((std::uint64_t{1} << 48) - 1);
    if (geometry_.wide_physical && geometry_.page_shift != 16) {
      address = (descriptor & ((std::uint64_t{1} << 50) - 1)) | (descriptor >> 8 & 3) << 50;
    }
    address &= ~((std::uint64_t{1} << shift) - 1);
    if (geometry_.wide_physical && geometry_.page_shift == 16) address |= (descriptor >> 12 & 0xf) << 48;
    return PhysicalAddress(address);
  }

  ReadResult<Mapping> walk(PhysicalAddress root, VirtualAddress address) const {
    PhysicalAddress table = root;
    const unsigned levels = geometry_.levels();
    for (unsigned level = levels; level >= 1; --level) {
      const unsigned shift = geometry_.page_shift + geometry_.index_bits() * (level - 1);
      const unsigned bits = level == levels ? geometry_.top_bits() - shift : geometry_.index_bits();
      const std::uint64_t index = address.value >> shift & ((std::uint64_t{1} << bits) - 1);
      std::array<std::byte, 8> bytes;
      if (auto done = memory_.read(table + index * 8, bytes); !done) {
        return tl::unexpected(ReadFault{done.error().kind, address.value});
      }
      const auto descriptor = load<std::uint64_t>(bytes.data(), ByteOrder::kLittle);
      const bool bit = (descriptor & kTableOrPage) != 0;
      if ((descriptor & kValid) == 0 || (level == 1 && !bit)) break;
      if (level == 1 || !bit) {
        const std::uint64_t in_page = address.value & ((std::uint64_t{1} << shift) - 1);
        return Mapping{target_of(descriptor, shift) + in_page, (std::uint64_t{1} << shift) - in_page};
      }
      table = target_of(descriptor, geometry_.page_shift);
    }
    return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
  }

  const PhysicalMemory& memory_;
  Geometry geometry_;
  PhysicalAddress root_;
  VirtualRange image_;
  std::uint64_t image_voffset_ = 0;
  std::optional<std::uint64_t> phys_offset_;
};

Result<Geometry> find_geometry(const MachineFacts& facts) {
  Geometry geometry;
  const std::uint64_t page_size = facts.page_size.value_or(4096);
  if (page_size != 4096 && page_size != 16384 && page_size != 65536) {
    return fail(ErrorKind::kCorrupt, "VMCOREINFO names pages of {} bytes, which arm64 does not have", page_size);
  }
  geometry.page_shift = page_size == 4096 ? 12 : page_size == 16384 ? 14 : 16;
  constexpr unsigned kFewestBits = 36;
  constexpr unsigned kMostBits = 52;
  const auto is_possible = [](std::uint64_t bits) { return bits >= kFewestBits && bits <= kMostBits; };
  const auto configured = facts.number("VA_BITS");
  // v5.8: TCR_EL1_T1SZ; before, the address space had the size that it was built with.
  const auto t1sz = facts.number("TCR_EL1_T1SZ");
  const std::uint64_t configured_bits = configured.value_or(t1sz ? 64 - *t1sz : 48);
  const std::uint64_t used_bits = t1sz ? 64 - *t1sz : configured_bits;
  if (!is_possible(configured_bits) || !is_possible(used_bits) || used_bits > configured_bits) {
    return fail(ErrorKind::kCorrupt, "VMCOREINFO names an address space of {} bits, {} of them in use", configured_bits,
                used_bits);
  }
  geometry.configured_bits = static_cast<unsigned>(configured_bits);
  geometry.used_bits = static_cast<unsigned>(used_bits);
  const bool can_be_wide = facts.number("MAX_PHYSMEM_BITS").value_or(48) > 48;
  // v6.9 to v6.13 name 52 also where the CPU has no LPA2.
  geometry.wide_physical = can_be_wide && (geometry.page_shift == 16 || geometry.used_bits > 48);
  return geometry;
}

Result<std::unique_ptr<AddressSpace>> make_address_space(const PhysicalMemory& memory, const MachineFacts& facts) {
  std::optional<std::uint64_t> voffset = facts.number("kimage_voffset");
  if (!voffset && facts.image_mapping) {
    voffset = facts.image_mapping->first.value - facts.image_mapping->second.value;
  }
  if (!voffset) {
    return fail(ErrorKind::kNotFound,
                "VMCOREINFO names no kimage_voffset, so the kernel image cannot be found in memory");
  }
  const auto root = facts.symbol("swapper_pg_dir");
  if (!root) return fail(ErrorKind::kNotFound, "VMCOREINFO names no swapper_pg_dir, so there are no page tables");
  TRY_ASSIGN(const Geometry geometry, find_geometry(facts));
  auto space = std::make_unique<Arm64AddressSpace>(memory, geometry, PhysicalAddress(root->value - *voffset));
  if (const auto text = facts.symbol("_stext")) space->set_image({*text, *text + kLargestImage}, *voffset);
  // v5.4 turned the kernel's half over, the linear map to its lower end; kernels that name no T1SZ may be older.
  const auto phys_offset = facts.number("PHYS_OFFSET");
  if (phys_offset && facts.number("TCR_EL1_T1SZ")) space->set_linear_offset(*phys_offset);
  return space;
}

constexpr std::size_t kPtRegsWords = arm64::kRegisterCount;
constexpr std::size_t kPrstatusSize = 392;

RegisterSet decode_pt_regs(std::span<const std::byte> bytes) {
  return decode_register_words(bytes, kPtRegsWords, ByteOrder::kLittle);
}

Result<Architecture::Prstatus> decode_prstatus(std::span<const std::byte> descriptor, ByteOrder order) {
  return decode_prstatus_words(descriptor, {"arm64", kPrstatusSize, kPtRegsWords}, order);
}

// The exception level that PSTATE names is 0, in 64-bit and in 32-bit mode alike.
bool is_user_mode(const RegisterSet& registers) {
  const auto pstate = registers.get(arm64::kPstate);
  return pstate && (*pstate & 0xf) == 0;
}

std::optional<bool> interrupts_enabled(const RegisterSet& registers) {
  const auto pstate = registers.get(arm64::kPstate);
  if (!pstate) return std::nullopt;
  return (*pstate & arm64::kInterruptMask) == 0;
}

// adrp gives a page, and add or a load or store near it the place in that page. Code between the two may branch; a
// register keeps its page until it gets another.
std::vector<VirtualAddress> addresses_in_code(std::span<const std::byte> code, VirtualAddress address) {
  std::vector<VirtualAddress> found;
  std::array<std::optional<std::uint64_t>, 32> page;
  const auto add = [&](std::uint64_t value) {
    if (std::ranges::find(found, VirtualAddress(value)) == found.end()) found.emplace_back(value);
  };
  for (std::size_t at = 0; at + 4 <= code.size(); at += 4) {
    const auto word = load<std::uint32_t>(code.data() + at, ByteOrder::kLittle);
    const std::size_t to = word & 31;
    const std::size_t base = word >> 5 & 31;
    const std::uint64_t immediate = word >> 10 & 0xfff;
    if ((word & 0x1f000000) == 0x10000000) {  // adr, adrp: 21 bits, signed
      const std::uint64_t bits = (word >> 5 & 0x7ffff) << 2 | (word >> 29 & 3);
      const std::uint64_t distance = (bits ^ 0x100000) - 0x100000;
      const std::uint64_t pc = (address + at).value;
      const bool is_page = (word >> 31) != 0;
      page[to] = is_page ? (pc & ~std::uint64_t{0xfff}) + (distance << 12) : pc + distance;
      if (!is_page) add(*page[to]);
    } else if ((word & 0xffc00000) == 0x91000000 && page[base]) {  // add x, x, #n
      add(*page[base] + immediate);
      if (to == base) page[to] = *page[base] + immediate;
    } else if ((word & 0x3b000000) == 0x39000000 && page[base]) {  // ldr, str: #n in units of the size
      add(*page[base] + (immediate << (word >> 30)));
    }
  }
  return found;
}

// "x3" and "w3" are one register.
std::optional<std::size_t> find_register(std::string_view name) {
  if (name == "sp" || name == "wsp") return arm64::kSp;
  if (name == "fp") return arm64::kFramePointer;
  if (name == "lr") return arm64::kLink;
  if (name.size() < 2 || (name[0] != 'x' && name[0] != 'w')) return std::nullopt;
  const auto number = parse_unsigned(name.substr(1), 10);
  if (!number || *number > arm64::kLink) return std::nullopt;
  return *number;
}

bool is_kernel_address(VirtualAddress address) {
  return (address.value & kKernelHalf) != 0;
}

}  // namespace

const Architecture kArm64 = {
    .name = "arm64",
    .elf_machine = EM_AARCH64,
    .byte_order = ByteOrder::kLittle,
    .uts_machines = kUtsMachines,
    .prstatus_size = kPrstatusSize,
    .pt_regs_size = kPtRegsWords * 8,
    .register_names = kRegisterNames,
    .program_counter = arm64::kPc,
    .stack_pointer = arm64::kSp,
    .frame_pointer = arm64::kFramePointer,
    .percpu_base_register = std::nullopt,
    .current_task_register = std::nullopt,
    .hardware_numbers = {},
    .soft_mask_register = std::nullopt,
    .make_address_space = make_address_space,
    .decode_prstatus = decode_prstatus,
    .decode_pt_regs = decode_pt_regs,
    .is_user_mode = is_user_mode,
    .interrupts_enabled = interrupts_enabled,
    .is_kernel_address = is_kernel_address,
    .addresses_in_code = addresses_in_code,
    .find_register = find_register,
    .capstone_arch = CS_ARCH_ARM64,
    .capstone_mode = CS_MODE_LITTLE_ENDIAN,
};

}  // namespace whyhung::arch
