// SPDX-License-Identifier: GPL-2.0-or-later
// Entry code, by machine: entry.S and what it calls first.
#include "names/rows.h"

namespace whyhung::names {
namespace {

using enum Meaning;
using enum Machine;

constexpr auto kRows = std::to_array<Row>({
    // arch/x86/entry/entry_64.S: v5.8 gave the entries their asm_ names; before, an interrupt's is the handler's own.
    {"asm_exc_nmi", kEntersNmi, kX86_64},
    {"exc_nmi", kEntersNmi, kX86_64},
    {"end_repeat_nmi", kEntersNmi, kX86_64},
    {"nmi", kEntersNmi, kX86_64},
    {"first_nmi", kEntersNmi, kX86_64},
    {"nmi_restore", kEntersNmi, kX86_64},
    {"repeat_nmi", kEntersNmi, kX86_64},
    {"asm_sysvec_*", kEntersHardirq, kX86_64},
    {"asm_common_interrupt", kEntersHardirq, kX86_64},
    {"asm_spurious_interrupt", kEntersHardirq, kX86_64},
    {"common_interrupt", kEntersHardirq, kX86_64},
    {"ret_from_intr", kEntersHardirq, kX86_64},
    {"apic_timer_interrupt", kEntersHardirq, kX86_64},
    {"reschedule_interrupt", kEntersHardirq, kX86_64},
    {"call_function_*", kEntersHardirq, kX86_64},
    {"reboot_interrupt", kEntersHardirq, kX86_64},
    {"asm_exc_*", kEntersException, kX86_64},
    {"error_entry", kEntersException, kX86_64},
    {"page_fault", kEntersException, kX86_64},
    {"general_protection", kEntersException, kX86_64},
    {"invalid_op", kEntersException, kX86_64},
    {"double_fault", kEntersException, kX86_64},
    {"divide_error", kEntersException, kX86_64},
    {"int3", kEntersException, kX86_64},
    {"stack_segment", kEntersException, kX86_64},
    {"async_page_fault", kEntersException, kX86_64},
    {"machine_check", kEntersException, kX86_64},
    {"error_return", kEntersException, kX86_64},
    {"entry_SYSCALL_64*", kEntersSystemCall, kX86_64},
    {"entry_SYSENTER_*", kEntersSystemCall, kX86_64},
    {"entry_INT80_*", kEntersSystemCall, kX86_64},
    {"sysret_check", kEntersSystemCall, kX86_64},
    // arch/arm64/kernel/entry.S: v5.14 gave the entries their el1h_64_ names.
    {"vectors", kEntersHardirq, kArm64},
    {"el1h_64_irq*", kEntersHardirq, kArm64},
    {"el1h_64_fiq*", kEntersHardirq, kArm64},
    {"el1_irq", kEntersHardirq, kArm64},
    {"el1_fiq", kEntersHardirq, kArm64},
    {"el1_interrupt", kEntersHardirq, kArm64},
    {"el0t_64_irq*", kEntersHardirq, kArm64},
    {"el0t_32_irq*", kEntersHardirq, kArm64},
    {"el0_irq*", kEntersHardirq, kArm64},
    {"el0_fiq*", kEntersHardirq, kArm64},
    {"el0_interrupt", kEntersHardirq, kArm64},
    {"call_on_irq_stack", kEntersHardirq, kArm64 | kRiscv64},
    {"el1_sync*", kEntersException, kArm64},
    {"el1h_64_sync*", kEntersException, kArm64},
    {"el1_dbg", kEntersException, kArm64},
    {"el1h_64_error*", kEntersException, kArm64},
    {"el1_error*", kEntersException, kArm64},
    {"el0t_64_sync*", kEntersSystemCall, kArm64},
    {"el0t_32_sync*", kEntersSystemCall, kArm64},
    {"el0_sync*", kEntersSystemCall, kArm64},
    {"el0_svc*", kEntersSystemCall, kArm64},
    {"el0_da", kEntersSystemCall, kArm64},
    {"vectors", kJustEntering, kArm64},
    // arch/powerpc/kernel/exceptions-64s.S; newer kernels append "_virt" and "_real".
    {"system_reset_exception", kEntersNmi, kPpc64},
    {"machine_check_exception", kEntersNmi, kPpc64},
    {"system_reset_common*", kEntersNmi, kPpc64},
    {"machine_check_common*", kEntersNmi, kPpc64},
    {"soft_nmi_common*", kEntersNmi, kPpc64},
    {"decrementer_common*", kEntersHardirq, kPpc64},
    {"hardware_interrupt_common*", kEntersHardirq, kPpc64},
    {"doorbell_super_common*", kEntersHardirq, kPpc64},
    {"h_doorbell_common*", kEntersHardirq, kPpc64},
    {"h_virt_irq_common*", kEntersHardirq, kPpc64},
    {"performance_monitor_common*", kEntersHardirq, kPpc64},
    {"data_access_*", kEntersException, kPpc64},
    {"instruction_access_*", kEntersException, kPpc64},
    {"program_check_common*", kEntersException, kPpc64},
    {"alignment_common*", kEntersException, kPpc64},
    {"facility_unavailable_*", kEntersException, kPpc64},
    {"syscall_exit*", kEntersSystemCall, kPpc64},
    {"exc_virt_*", kJustEntering, kPpc64},
    {"exc_real_*", kJustEntering, kPpc64},
    {"*_pSeries", kJustEntering, kPpc64},
    // arch/riscv/kernel/entry.S has one entry for all; what it calls tells them apart (traps.c; before v6.4 do_IRQ in
    // irq.c).
    {"do_irq", kEntersHardirq, kRiscv64},
    {"do_IRQ", kEntersHardirq, kRiscv64},
    {"do_trap_insn_*", kEntersException, kRiscv64},
    {"do_trap_load_*", kEntersException, kRiscv64},
    {"do_trap_store_*", kEntersException, kRiscv64},
    {"do_trap_break", kEntersException, kRiscv64},
    {"do_trap_unknown", kEntersException, kRiscv64},
    {"do_page_fault", kEntersException, kRiscv64 | kPpc64},
    {"do_trap_ecall_u", kEntersSystemCall, kRiscv64},
    {"ret_from_syscall", kEntersSystemCall, kRiscv64},
    {"handle_exception", kJustEntering, kRiscv64},
    // arch/s390/kernel/entry.S.
    {"mcck_int_handler", kEntersNmi, kS390x},
    {"ext_int_handler", kEntersHardirq, kS390x},
    {"io_int_handler", kEntersHardirq, kS390x},
    {"pgm_check_handler", kEntersException, kS390x},
    {"__do_syscall", kEntersSystemCall, kS390x},
    // The same word on several.
    {"system_call*", kEntersSystemCall, kX86_64 | kPpc64 | kS390x},
    // kernel/softirq.c.
    {"__do_softirq", kRunsSoftirqs},
    {"handle_softirqs", kRunsSoftirqs},
    {"__softirqentry_text_start", kRunsSoftirqs},
});

}  // namespace

std::span<const Row> entry_rows() {
  return kRows;
}

}  // namespace whyhung::names
