// SPDX-License-Identifier: GPL-2.0-or-later
/* Variables and functions that only a kernel of ppc64le has. */
#include "../structures.h"

MEMBER(task_struct, thread.ksp);
SIZE(paca_struct);
MEMBER(paca_struct, paca_index);
MEMBER(paca_struct, lock_token);
MEMBER(paca_struct, data_offset);
MEMBER(paca_struct, __current);
MEMBER(paca_struct, soft_enabled);

struct paca_struct* paca;
unsigned long swapper_pg_dir[1 << 12] __attribute__((aligned(65536)));
PER_CPU struct pt_regs* __irq_regs;

void hrtimer_interrupt(void* dev);
struct task_struct* _switch(struct thread_struct* prev, struct thread_struct* next);
CODE struct task_struct* __switch_to(struct task_struct* prev, struct task_struct* next) {
  struct task_struct* last = _switch(&prev->thread, &next->thread);
  BARRIER();
  return last;
}
CODE void timer_interrupt(struct pt_regs* regs) {
  hrtimer_interrupt(regs);
  BARRIER();
}
