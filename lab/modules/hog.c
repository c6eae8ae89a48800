// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A CPU lost to a thread that never yields, and nobody waiting for it through
 * stop_machine(): the plain soft lockup.
 */
#include "lab_spin.h"

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

static int __init hog_init(void)
{
	if (!lab_loop_is_known())
		return -EINVAL;
	task = lab_start_thread(LAB_FUNCTION, NULL);
	return PTR_ERR_OR_ZERO(task);
}

static void __exit hog_exit(void)
{
	kthread_stop(task);
}

module_init(hog_init);
module_exit(hog_exit);
MODULE_DESCRIPTION("a kernel thread that never yields");
MODULE_LICENSE("GPL");
