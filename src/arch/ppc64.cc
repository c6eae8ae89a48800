// SPDX-License-Identifier: GPL-2.0-or-later
// ppc64le. What is odd about its registers, for a reader of dumps:
// - Interrupts are masked in software: the CPU goes on taking them (MSR[EE] on) and notes them for later while a byte
//   in the paca says that they are masked. Of a saved struct pt_regs the member softe says the same; a hypervisor's
//   note has nothing there.
// - A CPU in real mode (MSR[IR] off) executes physical addresses: the first instructions of an exception, and firmware.
// - QEMU may write ELF and kdump headers and notes in the other byte order than the kernel's: the order is the file's.
#include "arch/ppc64.h"

#include <array>

#include <capstone/capstone.h>
#include <elf.h>

#include "arch/ppc64_paging.h"
#include "arch/saved_registers.h"
#include "base/text.h"

namespace whyhung::arch {
namespace {

// As crash prints them.
constexpr std::array<std::string_view, ppc64::kRegisterCount> kRegisterNames = {
    "R0",  "R1",  "R2",  "R3",  "R4",  "R5",  "R6",  "R7",   "R8",  "R9",    "R10",
    "R11", "R12", "R13", "R14", "R15", "R16", "R17", "R18",  "R19", "R20",   "R21",
    "R22", "R23", "R24", "R25", "R26", "R27", "R28", "R29",  "R30", "R31",   "NIP",
    "MSR", "OR3", "CTR", "LR",  "XER", "CCR", "MQ",  "TRAP", "DAR", "DSISR", "Syscall Result"};
constexpr std::array<std::string_view, 1> kUtsMachines = {"ppc64le"};  // a big-endian kernel says "ppc64"

constexpr std::size_t kPrstatusSize = 504;
constexpr std::uint64_t kLinearMap = 0xc000000000000000;
constexpr std::size_t kPtRegsWords = ppc64::kRegisterCount;

RegisterSet decode_pt_regs(std::span<const std::byte> bytes) {
  return decode_register_words(bytes, kPtRegsWords, ByteOrder::kLittle);
}

Result<Architecture::Prstatus> decode_prstatus(std::span<const std::byte> descriptor, ByteOrder order) {
  TRY_ASSIGN(Architecture::Prstatus status,
             decode_prstatus_words(descriptor, {"ppc64le", kPrstatusSize, kPtRegsWords}, order));
  // In real mode the program counter is a physical address; all memory is in the linear map, where it has a name.
  const auto msr = status.registers.get(ppc64::kMsr);
  const auto nip = status.registers.get(ppc64::kNip);
  if (msr && nip && (*msr & ppc64::kRelocation) == 0 && *nip != 0 && *nip >> 60 == 0) {
    status.registers.set(ppc64::kNip, *nip | kLinearMap);
  }
  return status;
}

bool is_user_mode(const RegisterSet& registers) {
  return (registers.get(ppc64::kMsr).value_or(0) & ppc64::kProblemState) != 0;
}

std::optional<bool> interrupts_enabled(const RegisterSet& registers) {
  const auto msr = registers.get(ppc64::kMsr);
  if (!msr) return std::nullopt;
  return (*msr & ppc64::kExternalInterrupts) != 0;
}

// "r3", "3" (as the decoder writes base registers), "lr", "ctr".
std::optional<std::size_t> find_register(std::string_view name) {
  if (name == "lr") return ppc64::kLink;
  if (name == "ctr") return ppc64::kCtr;
  if (name == "xer") return ppc64::kXer;
  if (name.starts_with('r')) name.remove_prefix(1);
  const auto number = parse_unsigned(name, 10);
  if (!number || *number > ppc64::kR31) return std::nullopt;
  return *number;
}

bool is_kernel_address(VirtualAddress address) {
  return address.value >> 62 == 3;
}

}  // namespace

const Architecture kPpc64le = {
    .name = "ppc64le",
    .elf_machine = EM_PPC64,
    .byte_order = ByteOrder::kLittle,
    .uts_machines = kUtsMachines,
    .prstatus_size = kPrstatusSize,
    .pt_regs_size = kPtRegsWords * 8,
    .register_names = kRegisterNames,
    .program_counter = ppc64::kNip,
    .stack_pointer = ppc64::kR1,
    .frame_pointer = ppc64::kR1,
    .percpu_base_register = std::nullopt,
    .current_task_register = std::nullopt,
    .hardware_numbers = {},
    .soft_mask_register = ppc64::kSoftMask,
    .make_address_space = make_ppc64_address_space,
    .decode_prstatus = decode_prstatus,
    .decode_pt_regs = decode_pt_regs,
    .is_user_mode = is_user_mode,
    .interrupts_enabled = interrupts_enabled,
    .is_kernel_address = is_kernel_address,
    .addresses_in_code = nullptr,
    .find_register = find_register,
    .capstone_arch = CS_ARCH_PPC,
    .capstone_mode = CS_MODE_64,  // little-endian is the absence of CS_MODE_BIG_ENDIAN
};

}  // namespace whyhung::arch
