// SPDX-License-Identifier: GPL-2.0-or-later
// Types that sample_code.cc describes in its debug information and dwarf_types_test.cc knows from the compiler.
#pragma once

struct sample_inner {
  int a;
  long b;
};

typedef unsigned long sample_word_t;
typedef struct {
  int counter;
} sample_atomic_t;

enum sample_state { SAMPLE_NEGATIVE = -5, SAMPLE_RUNNING = 7 };

struct sample_task {
  volatile long state;
  struct sample_task* parent;
  unsigned flag : 3;
  unsigned count : 10;
  union {
    int number;
    char bytes[12];
  };
  const struct sample_inner table[3][2];
  sample_word_t word;
  sample_atomic_t usage;
  enum sample_state how;
  void (*run)(int);
  char name[16];
};
