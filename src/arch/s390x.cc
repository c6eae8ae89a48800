// SPDX-License-Identifier: GPL-2.0-or-later
// s390x. What is odd about it, for a reader of dumps:
// - It is big-endian, and so are the headers and notes of its dumps.
// - User space and the kernel have address spaces of their own that begin at zero: no address tells whose it is.
// - Each CPU has its own first 8 KB, the lowcore, by a prefix. Dumps hold absolute memory, where every CPU's lowcore
//   lies at its own place, which the kernel's variable lowcore_ptr tells.
// - The program status word has a mask with the state of the CPU and an address. The size of a note with it is the same
//   as x86_64's, so that the size alone does not tell the machine.
#include "arch/s390x.h"

#include <array>

#include <elf.h>

#include "arch/s390x_disassembler.h"
#include "arch/s390x_paging.h"
#include "arch/saved_registers.h"
#include "base/endian.h"
#include "base/text.h"

namespace whyhung::arch {
namespace {

constexpr std::array<std::string_view, s390x::kRegisterCount> kRegisterNames = {
    "PSW", "ADDR", "R0", "R1",  "R2",  "R3",  "R4",  "R5",  "R6",
    "R7",  "R8",   "R9", "R10", "R11", "R12", "R13", "R14", "R15"};
constexpr std::array<std::string_view, 2> kUtsMachines = {"s390x", "S390X"};  // as QEMU writes it

constexpr std::size_t kPrstatusSize = 336;
constexpr std::size_t kBeforePsw = 8;  // of struct pt_regs: an argument of system calls

RegisterSet decode_pt_regs(std::span<const std::byte> bytes) {
  if (bytes.size() < kBeforePsw) return {};
  return decode_register_words(bytes.subspan(kBeforePsw), s390x::kRegisterCount, ByteOrder::kBig);
}

Result<Architecture::Prstatus> decode_prstatus(std::span<const std::byte> descriptor, ByteOrder order) {
  TRY_ASSIGN(Architecture::Prstatus status,
             decode_prstatus_words(descriptor, {"s390x", kPrstatusSize, s390x::kRegisterCount}, order));
  // QEMU writes the number of the CPU in the order of its own host. No kernel has a pid above this (PID_MAX_LIMIT).
  constexpr std::uint32_t kLargestPid = 4u << 20;
  if (status.pid > kLargestPid) status.pid = byte_swap(status.pid);
  return status;
}

bool is_user_mode(const RegisterSet& registers) {
  return (registers.get(s390x::kPswMask).value_or(0) & s390x::kProblemState) != 0;
}

std::optional<bool> interrupts_enabled(const RegisterSet& registers) {
  const auto mask = registers.get(s390x::kPswMask);
  if (!mask) return std::nullopt;
  return (*mask & s390x::kInterrupts) != 0;
}

// "%r15", "r15"
std::optional<std::size_t> find_register(std::string_view name) {
  if (name.starts_with('%')) name.remove_prefix(1);
  if (!name.starts_with('r')) return std::nullopt;
  const auto number = parse_unsigned(name.substr(1), 10);
  if (!number || *number > 15) return std::nullopt;
  return s390x::kR0 + *number;
}

bool is_kernel_address(VirtualAddress) {
  return true;
}

}  // namespace

const Architecture kS390x = {
    .name = "s390x",
    .elf_machine = EM_S390,
    .byte_order = ByteOrder::kBig,
    .uts_machines = kUtsMachines,
    .prstatus_size = kPrstatusSize,
    .pt_regs_size = kBeforePsw + s390x::kRegisterCount * 8,
    .register_names = kRegisterNames,
    .program_counter = s390x::kPc,
    .stack_pointer = s390x::kSp,
    .frame_pointer = s390x::kSp,
    .percpu_base_register = std::nullopt,
    .current_task_register = std::nullopt,
    .hardware_numbers = {},
    .soft_mask_register = std::nullopt,
    .make_address_space = make_s390x_address_space,
    .decode_prstatus = decode_prstatus,
    .decode_pt_regs = decode_pt_regs,
    .is_user_mode = is_user_mode,
    .interrupts_enabled = interrupts_enabled,
    .is_kernel_address = is_kernel_address,
    .addresses_in_code = nullptr,
    .find_register = find_register,
    .capstone_arch = -1,
    .capstone_mode = 0,
    .always_named = true,
    .make_disassembler = make_s390x_disassembler,
};

}  // namespace whyhung::arch
