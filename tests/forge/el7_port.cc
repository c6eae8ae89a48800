// SPDX-License-Identifier: GPL-2.0-or-later
#include "forge/el7_port.h"

#include "support/power_memory.h"
#include "support/power_stack.h"
#include "support/x86_memory.h"
#include "support/x86_stack.h"

namespace whyhung::test {
namespace {

class PowerPort final : public El7Port {
 public:
  const El7Layout& layout() const override { return kLayout; }

  std::unique_ptr<KernelStack> thread_stack(FakeMachine& machine, std::uint64_t stack, std::uint64_t) override {
    auto made =
        std::make_unique<PowerStack>(machine, "ret_from_kernel_thread", stack + kStackBytes - kPtRegs - kOverhead);
    made->call("kthread");
    return made;
  }
  std::unique_ptr<KernelStack> process_stack(FakeMachine& machine, std::uint64_t stack, std::uint64_t) override {
    return std::make_unique<PowerStack>(machine, "system_call", stack + kStackBytes - kSwitchFrame);
  }
  std::unique_ptr<KernelStack> idle_stack(FakeMachine& machine, std::uint64_t stack, std::uint64_t) override {
    auto made = std::make_unique<PowerStack>(machine, "start_secondary_prolog", stack + kStackBytes - kOverhead);
    made->path({"start_secondary", "cpu_idle_loop"});
    return made;
  }

  void set_up(FakeMachine& machine) override { machine.memory.write_u64(address_of(machine, "paca"), kPacas); }
  void set_up_cpu(FakeMachine& machine, std::uint32_t cpu, std::uint64_t area) override {
    const std::uint64_t at = paca(machine, cpu);
    machine.set("paca_struct", at, "paca_index", cpu);
    machine.set("paca_struct", at, "lock_token", 0x8000);
    machine.set("paca_struct", at, "data_offset", area - address_of(machine, "__per_cpu_start"));
    machine.set("paca_struct", at, "soft_enabled", 1);
  }
  void set_current(FakeMachine& machine, std::uint32_t cpu, std::uint64_t task, std::uint64_t) override {
    machine.set("paca_struct", paca(machine, cpu), "__current", task);
  }
  std::string_view interrupt_registers() const override { return "__irq_regs"; }
  Bytes prstatus(const Spot& spot, std::uint32_t pid) const override { return power_prstatus(spot, pid); }
  std::string vmcoreinfo(FakeMachine& machine) const override {
    return fmt::format("SYMBOL(swapper_pg_dir)={:x}\n", address_of(machine, kLayout.page_tables));
  }
  MemoryImage image(FakeMachine& machine) const override {
    return power_image(machine, address_of(machine, kLayout.page_tables), kLayout.free_memory);
  }

 private:
  static constexpr std::uint64_t kPtRegs = 352, kSwitchFrame = 464, kOverhead = 112;
  static constexpr std::uint64_t kPacas = 0xc000000022000000;
  static constexpr El7Layout kLayout = {.machine = "ppc64le",
                                        .page_size = 65536,
                                        .tasks = 0xc000000010000000,
                                        .stacks = 0xc000000018000000,
                                        .areas = 0xc000000020000000,
                                        .module_data = 0xd000000003a00000,
                                        .free_memory = 0x30000000,
                                        .saved_sp = "thread.ksp",
                                        .page_tables = "swapper_pg_dir",
                                        .kallsyms = KallsymsLayout::kPower,
                                        .lockup_line = "NIP [d000000003a10000] pmount_kthread+0x0/0x10 [while1]",
                                        .stops_by_nmi = false};
  static std::uint64_t paca(FakeMachine& machine, std::uint32_t cpu) {
    return kPacas + cpu * machine.types.size_of("paca_struct").value();
  }
};

class X86Port final : public El7Port {
 public:
  const El7Layout& layout() const override { return kLayout; }

  std::unique_ptr<KernelStack> thread_stack(FakeMachine& machine, std::uint64_t stack, std::uint64_t area) override {
    auto made = std::make_unique<X86Stack>(machine, "ret_from_fork_nospec_begin", stack + kStackBytes - kPtRegs,
                                           tops(machine, area));
    made->call("kthread");
    return made;
  }
  std::unique_ptr<KernelStack> process_stack(FakeMachine& machine, std::uint64_t stack, std::uint64_t area) override {
    return std::make_unique<X86Stack>(machine, "system_call_fastpath", stack + kStackBytes - kPtRegs,
                                      tops(machine, area));
  }
  // Nobody called start_secondary(): a null return address stands where a frame would begin.
  std::unique_ptr<KernelStack> idle_stack(FakeMachine& machine, std::uint64_t stack, std::uint64_t area) override {
    auto made = std::make_unique<X86Stack>(machine, "startup_64", stack + kStackBytes - kPtRegs, tops(machine, area));
    made->call("start_secondary");
    machine.memory.write_u64(stack + kStackBytes - kPtRegs - 8, 0);
    made->call("cpu_idle_loop");
    return made;
  }

  void set_up(FakeMachine& machine) override { machine.memory.write_u64(address_of(machine, "phys_base"), kPhysBase); }
  void set_up_cpu(FakeMachine& machine, std::uint32_t cpu, std::uint64_t area) override {
    machine.memory.write_u32(area + address_of(machine, "cpu_number"), cpu);
    machine.memory.write_u64(area + address_of(machine, "irq_stack_ptr"), tops(machine, area).irq);
    machine.memory.write_u32(area + address_of(machine, "irq_count"), 0xffffffff);
  }
  void set_current(FakeMachine& machine, std::uint32_t cpu, std::uint64_t task, std::uint64_t stack) override {
    const std::uint64_t area = kLayout.areas + kAreaBytes * cpu;
    machine.memory.write_u64(area + address_of(machine, "current_task"), task);
    machine.memory.write_u64(area + address_of(machine, "kernel_stack"), stack + kStackBytes - kStackOffset);
  }
  std::string_view interrupt_registers() const override { return "irq_regs"; }
  Bytes prstatus(const Spot& spot, std::uint32_t pid) const override { return x86_prstatus(spot, pid); }
  std::string vmcoreinfo(FakeMachine& machine) const override {
    return fmt::format("SYMBOL(phys_base)={:x}\nSYMBOL(swapper_pg_dir)={:x}\n", address_of(machine, "phys_base"),
                       address_of(machine, kLayout.page_tables));
  }
  MemoryImage image(FakeMachine& machine) const override {
    return x86_image(machine, address_of(machine, kLayout.page_tables), kPhysBase, kLayout.free_memory);
  }

 private:
  static constexpr std::uint64_t kPtRegs = 168;
  static constexpr std::uint64_t kStackOffset = 40;     // KERNEL_STACK_OFFSET
  static constexpr std::uint64_t kIrqStackHead = 64;    // the IRQ stack's pointer is that far below its end
  static constexpr std::uint64_t kNmiStackEnd = 12288;  // of exception_stacks: stack faults, double faults, NMIs
  static constexpr std::uint64_t kPhysBase = 0x1e00000;
  static constexpr El7Layout kLayout = {.machine = "x86_64",
                                        .page_size = 4096,
                                        .tasks = 0xffff880010000000,
                                        .stacks = 0xffff880018000000,
                                        .areas = 0xffff880020000000,
                                        .module_data = 0xffffffffa0000000,
                                        .free_memory = 0x30000000,
                                        .saved_sp = "thread.sp",
                                        .page_tables = "init_level4_pgt",
                                        .kallsyms = KallsymsLayout::kLongs,
                                        .lockup_line =
                                            "RIP: 0010:[<ffffffffa0010009>]  [<ffffffffa0010009>] "
                                            "pmount_kthread+0x9/0x10 [while1]",
                                        .stops_by_nmi = true};
  static X86Stack::Tops tops(FakeMachine& machine, std::uint64_t area) {
    return {area + address_of(machine, "irq_stack_union") + kStackBytes - kIrqStackHead,
            area + address_of(machine, "exception_stacks") + kNmiStackEnd};
  }
};

}  // namespace

std::unique_ptr<El7Port> make_el7_port(std::string_view machine) {
  if (machine == "ppc64le") return std::make_unique<PowerPort>();
  if (machine == "x86_64") return std::make_unique<X86Port>();
  throw std::invalid_argument(fmt::format("nobody forges a 3.10 of {}", machine));
}

}  // namespace whyhung::test
