// SPDX-License-Identifier: GPL-2.0-or-later
// riscv64. What is odd about it, for a reader of dumps:
// - Where the image lies is told by VMCOREINFO, which finds the page tables; see riscv64_paging.cc.
// - A CPU has one entry for everything that interrupts it, handle_exception. It makes no frame of its own: below the
//   frame of the C function that it calls lies a struct pt_regs, and the return address into the entry is what tells.
// - Notes hold the program counter and x1 to x31, no status: nothing in them says whether interrupts were on, and user
//   mode shows only in the program counter. A struct pt_regs has sstatus, as the exception left it: whether interrupts
//   were on before it stands in SPIE, and whether it came from the kernel in SPP.
// - tp holds the running task while in the kernel; there is no register for per-CPU data.
#include "arch/riscv64.h"

#include <algorithm>
#include <array>

#include <elf.h>

#include "arch/riscv64_disassembler.h"
#include "arch/riscv64_paging.h"
#include "arch/saved_registers.h"
#include "base/text.h"

namespace whyhung::arch {
namespace {

constexpr std::array<std::string_view, riscv64::kRegisterCount> kRegisterNames = {
    "epc", "ra", "sp",  "gp",  "tp", "t0", "t1", "t2", "s0",     "s1",      "a0",    "a1",
    "a2",  "a3", "a4",  "a5",  "a6", "a7", "s2", "s3", "s4",     "s5",      "s6",    "s7",
    "s8",  "s9", "s10", "s11", "t3", "t4", "t5", "t6", "status", "badaddr", "cause", "orig_a0"};
constexpr std::array<std::string_view, 1> kUtsMachines = {"riscv64"};

constexpr std::size_t kPtRegsWords = riscv64::kRegisterCount;
constexpr std::size_t kNotedWords = 32;
constexpr std::size_t kPrstatusSize = 376;

RegisterSet decode_pt_regs(std::span<const std::byte> bytes) {
  return decode_register_words(bytes, kPtRegsWords, ByteOrder::kLittle);
}

Result<Architecture::Prstatus> decode_prstatus(std::span<const std::byte> descriptor, ByteOrder order) {
  return decode_prstatus_words(descriptor, {"riscv64", kPrstatusSize, kNotedWords}, order);
}

// The kernel's half of the address space is the upper one in all modes.
bool is_kernel_address(VirtualAddress address) {
  return address.value >> 63 != 0;
}

bool is_user_mode(const RegisterSet& registers) {
  if (const auto status = registers.get(riscv64::kStatus)) return (*status & riscv64::kFromKernel) == 0;
  const auto pc = registers.get(riscv64::kPc);
  return pc && !is_kernel_address(VirtualAddress(*pc));
}

std::optional<bool> interrupts_enabled(const RegisterSet& registers) {
  const auto status = registers.get(riscv64::kStatus);
  if (!status) return std::nullopt;
  return (*status & riscv64::kInterruptsWereOn) != 0;
}

// "s0", "fp" and "x8" are one register; "zero" is none.
std::optional<std::size_t> find_register(std::string_view name) {
  if (name == "fp") return riscv64::kFramePointer;
  const auto first = kRegisterNames.begin() + riscv64::kLink;
  const auto last = kRegisterNames.begin() + riscv64::kStatus;
  const auto found = std::find(first, last, name);
  if (found != last) return static_cast<std::size_t>(found - kRegisterNames.begin());
  if (!name.starts_with('x')) return std::nullopt;
  const auto number = parse_unsigned(name.substr(1), 10);
  if (!number || *number == 0 || *number > riscv64::kX31) return std::nullopt;
  return *number;
}

}  // namespace

const Architecture kRiscv64 = {
    .name = "riscv64",
    .elf_machine = EM_RISCV,
    .byte_order = ByteOrder::kLittle,
    .uts_machines = kUtsMachines,
    .prstatus_size = kPrstatusSize,
    .pt_regs_size = kPtRegsWords * 8,
    .register_names = kRegisterNames,
    .program_counter = riscv64::kPc,
    .stack_pointer = riscv64::kSp,
    .frame_pointer = riscv64::kFramePointer,
    .percpu_base_register = std::nullopt,
    .current_task_register = riscv64::kThread,
    // The hart that happens to start first becomes CPU 0 (arch/riscv/kernel/smpboot.c).
    .hardware_numbers = "__cpuid_to_hartid_map",
    .soft_mask_register = std::nullopt,
    .make_address_space = make_riscv64_address_space,
    .decode_prstatus = decode_prstatus,
    .decode_pt_regs = decode_pt_regs,
    .is_user_mode = is_user_mode,
    .interrupts_enabled = interrupts_enabled,
    .is_kernel_address = is_kernel_address,
    .addresses_in_code = nullptr,
    .find_register = find_register,
    .capstone_arch = -1,
    .capstone_mode = 0,
    .make_disassembler = make_riscv64_disassembler,
};

}  // namespace whyhung::arch
