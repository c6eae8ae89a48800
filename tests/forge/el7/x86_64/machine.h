// SPDX-License-Identifier: GPL-2.0-or-later
/* What a 3.10.0-1160 kernel of x86_64 has of its own. */
#define MACHINE "x86_64"

struct pt_regs {
  unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
struct thread_struct {
  unsigned long tls_array[3];
  unsigned long sp0, sp, usersp;
  unsigned short es, ds, fsindex, gsindex;
  unsigned long fs, gs;
};
struct thread_info {
  struct task_struct* task;
  void* exec_domain;
  unsigned int flags, status, cpu;
  int preempt_count;
  unsigned long addr_limit;
  unsigned long restart_block[6];
  void* sysenter_return;
  unsigned int sig_on_uaccess_error : 1, uaccess_err : 1;
};
typedef struct {
  unsigned int __softirq_pending, __nmi_count;
  unsigned int apic_timer_irqs, irq_spurious_count;
} irq_cpustat_t;
union irq_stack_union {
  char irq_stack[16384];
  struct {
    char gs_base[40];
    unsigned long stack_canary;
  };
};

/* The switch is part of the scheduler: flags and RBP go onto the stack that is left. */
#define SWITCH_TO(last, prev, next)                                            \
  __asm__ volatile(                                                            \
      "pushfq; push %%rbp; mov %%rsp,(%1); mov (%2),%%rsp;"                    \
      "call __switch_to; pop %%rbp; popfq"                                     \
      : "=a"(last)                                                             \
      : "r"(&(prev)->thread.sp), "r"(&(next)->thread.sp), "D"(prev), "S"(next) \
      : "memory", "cc")
