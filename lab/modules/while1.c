// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `simple` with one change: the thread loops for ever and never yields.
 * Unloading asks for stop_machine() first, as the module core itself did up to
 * Linux 3.18, and that can never assemble: the looping CPU does not run its
 * stopper, so all others spin in multi_cpu_stop() and user space is dead.
 */
#include <linux/stop_machine.h>

#include "lab_spin.h"

/* A kernel that preempts kernel code, lazily or not, would take the CPU back. */
static bool no_preempt;
module_param(no_preempt, bool, 0444);
MODULE_PARM_DESC(no_preempt, "disable preemption before looping");

static struct task_struct *task;

static noinline int LAB_FUNCTION(void *data)
{
	lab_wait_for_go();
	if (no_preempt)
		preempt_disable();
	lab_spin_for_ever();
	return 0;
}

static int nothing(void *data)
{
	return 0;
}

static int __init while1_init(void)
{
	if (!lab_loop_is_known())
		return -EINVAL;
	task = lab_start_thread(LAB_FUNCTION, NULL);
	return PTR_ERR_OR_ZERO(task);
}

static void __exit while1_exit(void)
{
	stop_machine(nothing, NULL, NULL);
	kthread_stop(task);
}

module_init(while1_init);
module_exit(while1_exit);
MODULE_DESCRIPTION("a kernel thread that never yields; unloading asks for stop_machine()");
MODULE_LICENSE("GPL");
