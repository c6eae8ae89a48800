// SPDX-License-Identifier: GPL-2.0-or-later
/* The module of the hang, and the same with a loop that lets others run. */
#include "../forge.h"

void schedule(void);

CODE int pmount_kthread(void* data) {
  while (1)
    ;
  return 0;
}
CODE int pmount_kthread_yielding(void* data) {
  /* As modules do it: the kernel is further away than a branch reaches. */
  void (*volatile far_schedule)(void) = schedule;
  while (1) far_schedule();
  return 0;
}
