// SPDX-License-Identifier: GPL-2.0-or-later
/* A module with two locks and two threads: each takes one lock, and then wants the other. A third reads under a
 * semaphore while it has the second lock. */
#include "structures.h"

void mutex_lock(struct mutex* lock);
void down_read(struct rw_semaphore* sem);

struct mutex alpha_lock, beta_lock;
struct rw_semaphore gamma_sem;

CODE int alpha_thread(void* data) {
  void (*volatile far_lock)(struct mutex*) = mutex_lock;
  far_lock(&alpha_lock);
  far_lock(&beta_lock);
  BARRIER();
  return data != 0;
}
CODE int beta_thread(void* data) {
  void (*volatile far_lock)(struct mutex*) = mutex_lock;
  far_lock(&beta_lock);
  far_lock(&alpha_lock);
  BARRIER();
  return data == 0;
}
CODE int gamma_thread(void* data) {
  void (*volatile far_lock)(struct mutex*) = mutex_lock;
  void (*volatile far_read)(struct rw_semaphore*) = down_read;
  far_lock(&beta_lock);
  far_read(&gamma_sem);
  BARRIER();
  return data == 0;
}
