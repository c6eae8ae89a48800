// SPDX-License-Identifier: GPL-2.0-or-later
/* For the C files of forged kernels. A record in .forge.members says where the compiler put a member: whoever composes
 * the machine's memory goes by these records, so that what reads the DWARF of the same file is put to the test. */
#ifndef WHYHUNG_FORGE_H
#define WHYHUNG_FORGE_H

#include <stddef.h>
#include <stdint.h>

struct forged_member {
  char type[48];
  char member[48]; /* empty: the structure itself */
  uint64_t offset;
  uint64_t size;
};

#define FORGED_RECORD(line) FORGED_RECORD_(line)
#define FORGED_RECORD_(line) forged_member_##line
#define FORGED                                                 \
  static const struct forged_member FORGED_RECORD(__COUNTER__) \
      __attribute__((used, aligned(8), section(".forge.members")))

#define MEMBER(type, member) FORGED = {#type, #member, offsetof(struct type, member), sizeof(((struct type*)0)->member)}
#define SIZE(type) FORGED = {#type, "", 0, sizeof(struct type)}

#define PER_CPU __attribute__((used, section(".data..percpu")))
#define CODE __attribute__((used, noinline, noclone))
/* Keeps a call from becoming a jump, and a frame from being left out. */
#define BARRIER() __asm__ volatile("" ::: "memory")

#endif
