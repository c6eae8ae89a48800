// SPDX-License-Identifier: GPL-2.0-or-later
// x86_64. What is odd about it, for a reader of dumps:
// - The kernel image is mapped a second time at 0xffffffff80000000 + (physical − phys_base); with KASLR phys_base
//   differs from boot to boot and may be negative. That mapping alone finds the page tables; everything else goes
//   through them, so that direct map, vmalloc, modules, per-CPU areas and cpu_entry_area need no constants of their
//   own.
// - Page tables have four levels, or five with LA57 (NUMBER(pgtable_l5_enabled)).
// - With SME or SEV a bit of each entry marks encryption (NUMBER(sme_mask)) and is no part of the address.
// - struct pt_regs and the ELF general registers share their first 21 words (arch/x86/include/asm/ptrace.h, user_64.h).
#include "arch/x86_64.h"

#include <algorithm>
#include <array>
#include <utility>

#include <capstone/capstone.h>
#include <elf.h>

#include "arch/saved_registers.h"
#include "base/byte_reader.h"
#include "base/text.h"

namespace whyhung::arch {
namespace {

constexpr std::array<std::string_view, x86::kRegisterCount> kRegisterNames = {
    "R15", "R14", "R13", "R12",      "RBP", "RBX", "R11",    "R10", "R9", "R8",      "RAX",    "RCX",
    "RDX", "RSI", "RDI", "ORIG_RAX", "RIP", "CS",  "RFLAGS", "RSP", "SS", "FS_BASE", "GS_BASE"};
constexpr std::array<std::string_view, 1> kUtsMachines = {"x86_64"};

constexpr std::uint64_t kImageMap = 0xffffffff80000000;  // __START_KERNEL_map
constexpr std::uint64_t kImageMapSize = 1ull << 30;      // KERNEL_IMAGE_SIZE with KASLR
constexpr std::uint64_t kPresent = 1;
constexpr std::uint64_t kLargePage = 1 << 7;
constexpr std::uint64_t kAddressBits = 0x000ffffffffff000;
constexpr unsigned kPageShift = 12;
constexpr unsigned kIndexBits = 9;

class X86AddressSpace final : public AddressSpace {
 public:
  X86AddressSpace(const PhysicalMemory& memory, PhysicalAddress root, int levels, std::uint64_t encryption_mask,
                  std::uint64_t phys_base)
      : memory_(memory), root_(root), levels_(levels), encryption_mask_(encryption_mask), phys_base_(phys_base) {}

  ReadResult<Mapping> translate(VirtualAddress address) const override {
    const auto mapping = walk(root_, address);
    if (mapping || mapping.error().kind == FaultKind::kNotMapped || !in_image_map(address)) return mapping;
    // A page table is missing from the dump; the image mapping does not need one.
    return Mapping{PhysicalAddress(address.value - kImageMap + phys_base_),
                   (1ull << kPageShift) - (address.value & ((1ull << kPageShift) - 1))};
  }

  // A process's tables have the shape of the kernel's. With page table isolation mm_struct.pgd is the kernel's half of
  // the pair, which maps user space too.
  ReadResult<Mapping> translate_user(PhysicalAddress root, VirtualAddress address) const override {
    return walk(root, address);
  }

  std::string description() const override {
    return fmt::format("{}-level page tables at physical {:#x}", levels_, root_.value);
  }

 private:
  static bool in_image_map(VirtualAddress address) {
    return address.value >= kImageMap && address.value - kImageMap < kImageMapSize;
  }

  bool is_canonical(VirtualAddress address) const {
    const unsigned bits = kPageShift + kIndexBits * static_cast<unsigned>(levels_);
    const auto top = static_cast<std::int64_t>(address.value) >> (bits - 1);
    return top == 0 || top == -1;
  }

  ReadResult<Mapping> walk(PhysicalAddress root, VirtualAddress address) const {
    if (!is_canonical(address)) return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
    PhysicalAddress table = root;
    for (int level = levels_; level >= 1; --level) {
      const unsigned shift = kPageShift + kIndexBits * static_cast<unsigned>(level - 1);
      const std::uint64_t index = address.value >> shift & ((1u << kIndexBits) - 1);
      std::array<std::byte, 8> bytes;
      if (auto done = memory_.read(table + index * 8, bytes); !done) {
        return tl::unexpected(ReadFault{done.error().kind, address.value});
      }
      const auto entry = load<std::uint64_t>(bytes.data(), ByteOrder::kLittle) & ~encryption_mask_;
      if ((entry & kPresent) == 0) return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
      const bool is_leaf = level == 1 || ((entry & kLargePage) != 0 && level <= 3);
      if (is_leaf) {
        const std::uint64_t in_page = address.value & ((1ull << shift) - 1);
        const std::uint64_t base = entry & kAddressBits & ~((1ull << shift) - 1);
        return Mapping{PhysicalAddress(base + in_page), (1ull << shift) - in_page};
      }
      table = PhysicalAddress(entry & kAddressBits);
    }
    return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
  }

  const PhysicalMemory& memory_;
  PhysicalAddress root_;
  int levels_;
  std::uint64_t encryption_mask_;
  std::uint64_t phys_base_;
};

// The kernel's own name, in init_uts_ns behind a reference count, where a phys_base puts it; and the variable phys_base
// itself, whose address older kernels give, must hold what it is taken for.
bool proves_phys_base(const PhysicalMemory& memory, const MachineFacts& facts, std::uint64_t phys_base) {
  constexpr std::array<char, 6> kName = {'L', 'i', 'n', 'u', 'x', '\0'};
  constexpr std::uint64_t kBehindCount = 4;
  const auto place = [&](std::string_view symbol) -> std::optional<PhysicalAddress> {
    const auto address = facts.symbol(symbol);
    if (!address || address->value < kImageMap) return std::nullopt;
    return PhysicalAddress(address->value - kImageMap + phys_base);
  };
  const auto names = place("init_uts_ns");
  std::array<std::byte, kName.size()> text;
  if (!names || !memory.read(*names + kBehindCount, text)) return false;
  if (!std::ranges::equal(text, std::as_bytes(std::span(kName)))) return false;
  const auto variable = place("phys_base");
  std::array<std::byte, 8> value;
  if (!variable) return true;
  return memory.read(*variable, value) && load<std::uint64_t>(value.data(), ByteOrder::kLittle) == phys_base;
}

// v4.10 (401721ecd1dc): VMCOREINFO gives the value; before, only where the variable lies. It is 0, but for a kernel
// that another one started, or that was moved.
std::optional<std::uint64_t> find_phys_base(const PhysicalMemory& memory, const MachineFacts& facts) {
  constexpr std::uint64_t kAlignment = 2u << 20;
  constexpr std::uint64_t kMostPlaces = 4096;
  for (std::uint64_t i = 0; i < kMostPlaces; ++i) {
    if (proves_phys_base(memory, facts, i * kAlignment)) return i * kAlignment;
  }
  return std::nullopt;
}

Result<std::unique_ptr<AddressSpace>> make_address_space(const PhysicalMemory& memory, const MachineFacts& facts) {
  std::optional<std::uint64_t> phys_base = facts.number("phys_base");
  if (!phys_base && facts.image_mapping && facts.image_mapping->first.value >= kImageMap) {
    phys_base = facts.image_mapping->second.value - (facts.image_mapping->first.value - kImageMap);
  }
  if (!phys_base) phys_base = find_phys_base(memory, facts);
  if (!phys_base) {
    return fail(ErrorKind::kNotFound, "VMCOREINFO names no phys_base, so the kernel image cannot be found in memory");
  }
  const auto root = facts.symbol("swapper_pg_dir");
  if (!root) return fail(ErrorKind::kNotFound, "VMCOREINFO names no swapper_pg_dir, so there are no page tables");
  if (root->value < kImageMap) {
    return fail(ErrorKind::kCorrupt, "VMCOREINFO puts swapper_pg_dir at {:#x}, outside of the kernel image",
                root->value);
  }
  const int levels = facts.number("pgtable_l5_enabled").value_or(0) != 0 ? 5 : 4;
  return std::make_unique<X86AddressSpace>(memory, PhysicalAddress(root->value - kImageMap + *phys_base), levels,
                                           facts.number("sme_mask").value_or(0), *phys_base);
}

constexpr std::size_t kPtRegsWords = 21;
constexpr std::size_t kPrstatusSize = 336;

// v6.9: FRED keeps event data above the 16 selector bits of the cs and ss slots.
RegisterSet without_event_data(RegisterSet registers) {
  if (const auto cs = registers.get(x86::kCs)) registers.set(x86::kCs, *cs & 0xffff);
  if (const auto ss = registers.get(x86::kSs)) registers.set(x86::kSs, *ss & 0xffff);
  return registers;
}

RegisterSet decode_pt_regs(std::span<const std::byte> bytes) {
  return without_event_data(decode_register_words(bytes, kPtRegsWords, ByteOrder::kLittle));
}

Result<Architecture::Prstatus> decode_prstatus(std::span<const std::byte> descriptor, ByteOrder order) {
  TRY_ASSIGN(Architecture::Prstatus status,
             decode_prstatus_words(descriptor, {"x86_64", kPrstatusSize, kPtRegsWords}, order));
  status.registers = without_event_data(status.registers);
  ByteReader bases(descriptor.subspan(kPrRegOffset + kPtRegsWords * 8), order);
  status.registers.set(x86::kFsBase, bases.u64());
  status.registers.set(x86::kGsBase, bases.u64());
  return status;
}

bool is_user_mode(const RegisterSet& registers) {
  return (registers.get(x86::kCs).value_or(0) & 3) == 3;
}

std::optional<bool> interrupts_enabled(const RegisterSet& registers) {
  const auto flags = registers.get(x86::kRflags);
  if (!flags) return std::nullopt;
  return (*flags & x86::kInterruptFlag) != 0;
}

// "rax", "eax", "ax", "al" and "ah" are one register; so are "r8" and "r8d".
std::optional<std::size_t> find_register(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, x86::Register>, 8> kLettered = {{{"ax", x86::kRax},
                                                                                    {"bx", x86::kRbx},
                                                                                    {"cx", x86::kRcx},
                                                                                    {"dx", x86::kRdx},
                                                                                    {"si", x86::kRsi},
                                                                                    {"di", x86::kRdi},
                                                                                    {"bp", x86::kRbp},
                                                                                    {"sp", x86::kRsp}}};
  constexpr std::array<x86::Register, 8> kNumbered = {x86::kR8,  x86::kR9,  x86::kR10, x86::kR11,
                                                      x86::kR12, x86::kR13, x86::kR14, x86::kR15};
  if (name == "rip" || name == "eip") return x86::kRip;
  if (name.size() >= 2 && name[0] == 'r' && name[1] >= '0' && name[1] <= '9') {
    std::string_view digits = name.substr(1);
    while (!digits.empty() && (digits.back() < '0' || digits.back() > '9')) digits.remove_suffix(1);
    const auto number = parse_unsigned(digits, 10);
    if (!number || *number < 8 || *number > 15) return std::nullopt;
    return kNumbered[*number - 8];
  }
  if (name.size() == 3 && (name[0] == 'r' || name[0] == 'e')) name.remove_prefix(1);
  for (const auto& [letters, index] : kLettered) {
    const bool is_byte = name.size() >= 2 && name[0] == letters[0] && (name[1] == 'l' || name[1] == 'h') &&
                         letters[1] == 'x' && name.size() == 2;
    const bool is_low_byte = name.size() == 3 && name.starts_with(letters) && name[2] == 'l';
    if (name == letters || is_byte || is_low_byte) return index;
  }
  return std::nullopt;
}

bool is_kernel_address(VirtualAddress address) {
  return address.value >> 56 == 0xff;
}

}  // namespace

const Architecture kX86_64 = {
    .name = "x86_64",
    .elf_machine = EM_X86_64,
    .byte_order = ByteOrder::kLittle,
    .uts_machines = kUtsMachines,
    .prstatus_size = kPrstatusSize,
    .pt_regs_size = kPtRegsWords * 8,
    .register_names = kRegisterNames,
    .program_counter = x86::kRip,
    .stack_pointer = x86::kRsp,
    .frame_pointer = x86::kRbp,
    .percpu_base_register = x86::kGsBase,
    .current_task_register = std::nullopt,
    .hardware_numbers = {},
    .soft_mask_register = std::nullopt,
    .make_address_space = make_address_space,
    .decode_prstatus = decode_prstatus,
    .decode_pt_regs = decode_pt_regs,
    .is_user_mode = is_user_mode,
    .interrupts_enabled = interrupts_enabled,
    .is_kernel_address = is_kernel_address,
    .addresses_in_code = nullptr,
    .find_register = find_register,
    .capstone_arch = CS_ARCH_X86,
    .capstone_mode = CS_MODE_64,
};

}  // namespace whyhung::arch
