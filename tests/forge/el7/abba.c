// SPDX-License-Identifier: GPL-2.0-or-later
/* A module with two locks and two threads: each takes one lock, and then wants the other. */
#include "structures.h"

void mutex_lock(struct mutex* lock);

struct mutex alpha_lock, beta_lock;

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
