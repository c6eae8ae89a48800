// SPDX-License-Identifier: GPL-2.0-or-later
// Compiled with debug information for dwarf_test and dwarf_types_test, which read the object file. The lines are known
// by their marks.
#include "sample_types.h"

extern "C" {

struct sample_task* sample_tasks;

volatile int sample_value;

static inline __attribute__((always_inline)) void sample_innermost() {
  sample_value = 1;  // MARK innermost
}

static inline __attribute__((always_inline)) void sample_middle() {
  sample_innermost();  // MARK middle
}

__attribute__((noinline)) void sample_outer() {
  sample_middle();  // MARK outer
}

__attribute__((noinline, section(".text.elsewhere"))) void sample_elsewhere() {
  sample_value = 2;  // MARK elsewhere
}
}
