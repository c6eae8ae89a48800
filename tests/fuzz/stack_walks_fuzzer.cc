// SPDX-License-Identifier: GPL-2.0-or-later
// The unwinder of every registered machine over any stack and code. The lines name the machine, its registers
// (SYMBOL(register)=hex), functions (FUNCTION=name) with addresses (SYMBOL(name)=hex) and sizes (SIZE(name)=number),
// and where the bytes lie, code and stack in one: SYMBOL(memory)=hex, and the task whose stack it is: SYMBOL(task)=hex.
// Stacks are walked from these registers and from
// other places of the bytes, and searched for what interrupts left.
#include <cstdlib>

#include "described.h"
#include "support/fake_memory.h"
#include "support/fake_symbols.h"
#include "support/fake_types.h"
#include "unwind/unwinders.h"

namespace {

using namespace whyhung;

// Where pointers carry nothing but addresses.
class Plain final : public arch::AddressSpace {
 public:
  ReadResult<Mapping> translate(VirtualAddress address) const override {
    return tl::unexpected(ReadFault{FaultKind::kNotMapped, address.value});
  }
  std::string description() const override { return "none"; }
};

void walk(unwind::Unwinder& unwinder, const arch::RegisterSet& registers, VirtualAddress task) {
  for (const bool is_exact : {false, true}) {
    const unwind::Stack stack = unwinder.walk({registers, is_exact, task});
    if (stack.frames.size() > unwind::kMostFrames) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Described input(data, size);
  const arch::Architecture& machine = input.machine();
  const std::uint64_t base = input.value("memory");
  const auto bytes = input.memory();
  if (bytes.empty() || base + bytes.size() < base) return 0;
  test::FakeMemory memory(machine.byte_order);
  memory.put(base, {bytes.begin(), bytes.end()});
  test::FakeSymbols symbols;
  constexpr std::size_t kMostSymbols = 64;
  std::size_t count = 0;
  for (const std::string_view name : input.all("FUNCTION")) {
    if (++count <= kMostSymbols) symbols.add(name, input.value(name), input.info().size(name).value_or(0));
  }
  // What some unwinders look up of saved registers, from sizes of real kernels.
  test::FakeTypes types(
      "pt_regs 336: stackframe@304:16\n"
      "task_struct 64: curr_ret_stack@0:4 ret_stack@8:8 rethooks@16:8 kretprobe_instances@24:8\n"
      "ftrace_ret_stack 32: ret@0:8 func@8:8 fp@16:8 retp@24:8\n"
      "rethook_node 48: llist@16:8 ret_addr@32:8 frame@40:8\n"
      "kretprobe_instance 48: llist@16:8 ret_addr@32:8 fp@40:8");
  const VirtualAddress task(input.value("task"));
  const Plain address_space;
  auto unwinder = unwind::make_unwinder({machine, memory, symbols, types, &address_space});
  if (!unwinder) return 0;
  arch::RegisterSet registers;
  for (std::size_t reg = 0; reg < machine.register_names.size(); ++reg) {
    if (const auto value = input.info().symbol(machine.register_names[reg])) registers.set(reg, value->value);
  }
  walk(**unwinder, registers, task);
  constexpr std::uint64_t kStep = 0x78;
  constexpr std::size_t kMostStarts = 32;
  for (std::size_t i = 0; i < kMostStarts && i * kStep < bytes.size(); ++i) {
    registers.set(machine.program_counter, base + i * kStep);
    walk(**unwinder, registers, task);
    registers.set(machine.stack_pointer, base + i * kStep);
    walk(**unwinder, registers, task);
  }
  (void)(*unwinder)->find_interruption({VirtualAddress(base), VirtualAddress(base + bytes.size())});
  return 0;
}
