/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ways to loop for ever, chosen by the parameter `loop`. They differ in
 * what a reader of the dump sees at the interrupted program counter: a jump to
 * itself, a pause, a load of a word that never changes, or a callee.
 */
#ifndef LAB_SPIN_H
#define LAB_SPIN_H

#include <linux/string.h>

#include "lab_thread.h"

static char *loop = "plain";
module_param(loop, charp, 0444);
MODULE_PARM_DESC(loop, "plain, relax, flag or call");

static unsigned long lab_flag;
static unsigned long lab_calls;

static noinline void LAB_HELPER(void)
{
	/* A store, so that the call is neither pure nor dropped. */
	WRITE_ONCE(lab_calls, READ_ONCE(lab_calls) + 1);
}

static inline int lab_loop_is_known(void)
{
	return !strcmp(loop, "plain") || !strcmp(loop, "relax") ||
	       !strcmp(loop, "flag") || !strcmp(loop, "call");
}

/*
 * Forced inline: the program counter then lies in the thread's own function,
 * under the name that the build gave it.
 */
static __always_inline void lab_spin_for_ever(void)
{
	if (!strcmp(loop, "relax"))
		for (;;)
			cpu_relax();
	if (!strcmp(loop, "flag"))
		while (!READ_ONCE(lab_flag))
			;
	if (!strcmp(loop, "call"))
		for (;;)
			LAB_HELPER();
	for (;;)
		;
}

#endif
