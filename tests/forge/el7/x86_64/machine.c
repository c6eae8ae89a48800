// SPDX-License-Identifier: GPL-2.0-or-later
/* Variables and functions that only a kernel of x86_64 has. */
#include "../structures.h"

MEMBER(task_struct, thread.sp);
MEMBER(task_struct, thread.sp0);

#define PER_CPU_FIRST __attribute__((used, section(".data..percpu..first")))

unsigned long phys_base;
unsigned long init_level4_pgt[512] __attribute__((aligned(4096)));
PER_CPU_FIRST union irq_stack_union irq_stack_union;
PER_CPU char exception_stacks[5 * 4096 + 8192] __attribute__((aligned(4096)));
PER_CPU struct task_struct* current_task;
PER_CPU unsigned long kernel_stack;
PER_CPU char* irq_stack_ptr;
PER_CPU unsigned int irq_count;
PER_CPU int cpu_number;
PER_CPU struct pt_regs* irq_regs;

void hrtimer_interrupt(void* dev);
void panic(const char* fmt);

CODE struct task_struct* __switch_to(struct task_struct* prev, struct task_struct* next) {
  current_task = next;
  return prev;
}
CODE void local_apic_timer_interrupt(void) {
  hrtimer_interrupt(0);
  BARRIER();
}
CODE void smp_apic_timer_interrupt(struct pt_regs* regs) {
  irq_regs = regs;
  local_apic_timer_interrupt();
  BARRIER();
}
/* The hardware's watchdog. */
CODE void watchdog_overflow_callback(void* event) {
  panic("Watchdog detected hard LOCKUP");
  BARRIER();
}
CODE void perf_event_overflow(void* event) {
  watchdog_overflow_callback(event);
  BARRIER();
}
CODE int perf_event_nmi_handler(unsigned int cmd, struct pt_regs* regs) {
  perf_event_overflow(regs);
  BARRIER();
  return 1;
}
CODE int nmi_handle(unsigned int type, struct pt_regs* regs) {
  int handled = perf_event_nmi_handler(type, regs);
  BARRIER();
  return handled + 1;
}
CODE void do_nmi(struct pt_regs* regs, long error_code) {
  nmi_handle(0, regs);
  BARRIER();
}
