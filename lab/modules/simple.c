// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control: a kernel thread that sleeps, and stops when asked to.
 * Loading and unloading it works any number of times. The other modules
 * differ from it by what their thread does.
 */
#include "lab_thread.h"

static struct task_struct *task;

static noinline int LAB_FUNCTION(void *data)
{
	while (!kthread_should_stop())
		msleep_interruptible(100);
	return 0;
}

static int __init simple_init(void)
{
	task = lab_start_thread(LAB_FUNCTION, NULL);
	return PTR_ERR_OR_ZERO(task);
}

static void __exit simple_exit(void)
{
	kthread_stop(task);
}

module_init(simple_init);
module_exit(simple_exit);
MODULE_DESCRIPTION("control: a kernel thread that stops when asked");
MODULE_LICENSE("GPL");
