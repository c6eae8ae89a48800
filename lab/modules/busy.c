// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The innocent twin of `while1`: kernel threads that use all the CPU time they
 * get, but offer to reschedule in every round and stop when asked. The machine
 * is slow, and healthy.
 */
#include "lab_thread.h"

static unsigned int threads = 2;
module_param(threads, uint, 0444);
MODULE_PARM_DESC(threads, "number of busy threads, at most 16");

static struct task_struct *tasks[16];
static unsigned long rounds;

static noinline int LAB_FUNCTION(void *data)
{
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < 1000; i++)
			WRITE_ONCE(rounds, READ_ONCE(rounds) + 1);
		cond_resched();
	}
	return 0;
}

static int __init busy_init(void)
{
	unsigned int i;

	if (threads > ARRAY_SIZE(tasks))
		return -EINVAL;
	for (i = 0; i < threads; i++) {
		tasks[i] = lab_start_thread(LAB_FUNCTION, NULL);
		if (IS_ERR(tasks[i])) {
			int error = PTR_ERR(tasks[i]);

			while (i--)
				kthread_stop(tasks[i]);
			return error;
		}
	}
	return 0;
}

static void __exit busy_exit(void)
{
	unsigned int i;

	for (i = 0; i < threads; i++)
		kthread_stop(tasks[i]);
}

module_init(busy_init);
module_exit(busy_exit);
MODULE_DESCRIPTION("busy kernel threads that behave");
MODULE_LICENSE("GPL");
