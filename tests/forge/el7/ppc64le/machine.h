// SPDX-License-Identifier: GPL-2.0-or-later
/* What a 3.10.0-1160 kernel of ppc64le has of its own. */
#define MACHINE "ppc64le"

struct pt_regs {
  unsigned long gpr[32];
  unsigned long nip, msr, orig_gpr3, ctr, link, xer, ccr, softe, trap, dar, dsisr, result;
};
struct thread_struct {
  unsigned long ksp;
  struct pt_regs* regs;
  unsigned long fpr[64];
};
struct thread_info {
  struct task_struct* task;
  void* exec_domain;
  int cpu;
  int preempt_count;
  unsigned long restart_block[6];
  unsigned long local_flags;
  unsigned long flags __attribute__((aligned(64)));
};
struct paca_struct {
  void* lppaca_ptr;
  uint16_t paca_index;
  uint16_t lock_token;
  uint64_t data_offset;
  struct task_struct* __current;
  uint64_t kstack, saved_r1;
  uint8_t soft_enabled, irq_happened;
};
typedef struct {
  unsigned int __softirq_pending;
  unsigned int timer_irqs;
} irq_cpustat_t;

struct task_struct* __switch_to(struct task_struct* prev, struct task_struct* next);
#define SWITCH_TO(last, prev, next) (last) = __switch_to(prev, next)
