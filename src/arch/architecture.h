// SPDX-License-Identifier: GPL-2.0-or-later
// Architecture: what a machine is, as data and a few hooks. One constant per machine, all listed in registry.cc.
//
// To add a machine, fill this struct in a file of its own, in tiers; a hook left null means "not supported", and the
// report says so by name:
//   1 recognise        name, elf_machine, uts_machines, prstatus_size, byte_order
//   2 translate        make_address_space
//   3 running tasks    registers, program_counter …, decode_prstatus, decode_pt_regs, is_user_mode, interrupts_enabled
//   4 sleeping tasks   the switch frame is read in kernel/, the stepping is in unwind/
//   5 code             capstone_arch, capstone_mode, or make_disassembler
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "arch/registers.h"
#include "base/memory_reader.h"
#include "base/result.h"

namespace whyhung::arch {

// What an architecture may ask about the crashed kernel before any symbol or type is known: VMCOREINFO's lines.
struct MachineFacts {
  std::function<std::optional<std::uint64_t>(std::string_view)> number;   // NUMBER(name), two's complement
  std::function<std::optional<VirtualAddress>(std::string_view)> symbol;  // SYMBOL(name), as relocated
  std::optional<std::uint64_t> page_size;                                 // of the kernel, bytes
  // KERNELOFFSET and KERNELOFFPHYS: s390x moves its image by these in virtual and in physical memory.
  std::optional<std::uint64_t> kernel_offset;
  std::optional<std::uint64_t> kernel_offset_physical;
  // Virtual and physical start of a piece of the kernel image when the dump's segments tell it (/proc/vmcore).
  std::optional<std::pair<VirtualAddress, PhysicalAddress>> image_mapping;
};

// The kernel's own address space: kernel virtual to physical. Not thread-safe.
class AddressSpace {
 public:
  virtual ~AddressSpace() = default;
  struct Mapping {
    PhysicalAddress physical;    // of the address that was asked for
    std::uint64_t bytes_to_end;  // contiguous bytes from there to the end of the mapped page, at least 1
  };
  virtual ReadResult<Mapping> translate(VirtualAddress address) const = 0;
  // The same of a process, by the tables whose root lies at `root` (mm_struct.pgd). kNotMapped where that is not known
  // of the machine.
  virtual ReadResult<Mapping> translate_user(PhysicalAddress root, VirtualAddress address) const {
    (void)root;
    return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
  }
  // The address that a pointer means which may carry a signature or a tag in bits that no address uses.
  virtual VirtualAddress canonical(VirtualAddress pointer) const { return pointer; }
  // Told once when the kernel's symbols are known, for machines that keep the shape of their tables in variables.
  using SymbolLookup = std::function<std::optional<VirtualAddress>(std::string_view)>;
  virtual void learn_symbols(const SymbolLookup& address_of) { (void)address_of; }
  // "5-level page tables at 0x…": for `sys` and for messages.
  virtual std::string description() const = 0;
};

class Disassembler;

struct Architecture {
  std::string_view name;
  std::uint16_t elf_machine;
  ByteOrder byte_order;
  std::span<const std::string_view> uts_machines;  // utsname.machine values
  std::size_t prstatus_size;                       // bytes of NT_PRSTATUS's descriptor
  std::size_t pt_regs_size;                        // bytes at the head of struct pt_regs that decode_pt_regs wants

  std::span<const std::string_view> register_names;  // index of RegisterSet → the field's usual name
  std::size_t program_counter;
  std::size_t stack_pointer;
  std::size_t frame_pointer;
  std::optional<std::size_t> percpu_base_register;   // holds __per_cpu_offset[cpu] while in kernel mode
  std::optional<std::size_t> current_task_register;  // holds the running task_struct while in kernel mode
  // Variable: unsigned longs, by the kernel's number of a CPU, with what the machine itself counts its CPUs by; empty
  // where the kernel counts as the machine does.
  std::string_view hardware_numbers;
  // Where saved registers carry the kernel's own mask of interrupts (see kernel/interrupts.h), if anywhere.
  std::optional<std::size_t> soft_mask_register;

  Result<std::unique_ptr<AddressSpace>> (*make_address_space)(const PhysicalMemory&, const MachineFacts&);
  // pr_reg of an NT_PRSTATUS descriptor; pr_pid comes with it.
  struct Prstatus {
    RegisterSet registers;
    std::uint32_t pid;
  };
  Result<Prstatus> (*decode_prstatus)(std::span<const std::byte> descriptor, ByteOrder order);
  // A struct pt_regs of `pt_regs_size` bytes in kernel memory.
  RegisterSet (*decode_pt_regs)(std::span<const std::byte> bytes);
  bool (*is_user_mode)(const RegisterSet&);
  std::optional<bool> (*interrupts_enabled)(const RegisterSet&);
  // False for addresses that can only belong to user space.
  bool (*is_kernel_address)(VirtualAddress);

  // Addresses that a function's code makes from constants, in their order; null: not known how. `address` is where the
  // code lies.
  std::vector<VirtualAddress> (*addresses_in_code)(std::span<const std::byte> code, VirtualAddress address);

  // The register that an assembler name means, whole register for a part of it ("eax" is RAX); nothing for others.
  std::optional<std::size_t> (*find_register)(std::string_view assembler_name);
  int capstone_arch;  // cs_arch, -1: not known to capstone
  int capstone_mode;  // cs_mode
  // Every dump of this machine carries its name: the size of the notes, which another's have too, is not asked.
  bool always_named = false;
  // A decoder of our own where capstone has none; null: there is none.
  std::unique_ptr<Disassembler> (*make_disassembler)() = nullptr;
};

std::span<const Architecture* const> all_architectures();

// The machine by what a dump says: each argument may be absent; the first that matches exactly one machine decides.
const Architecture* find_architecture(std::optional<std::uint16_t> elf_machine, std::string_view uts_machine,
                                      std::optional<std::size_t> prstatus_size);

}  // namespace whyhung::arch
