// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel thread that disables interrupts on its CPU and loops for ever:
 * that CPU answers neither timer nor inter-processor interrupt, only an NMI.
 */
#include <linux/irqflags.h>

#include "lab_spin.h"

static struct task_struct *task;

static noinline int LAB_FUNCTION(void *data)
{
	unsigned long flags;

	lab_wait_for_go();
	local_irq_save(flags);
	lab_spin_for_ever();
	local_irq_restore(flags);
	return 0;
}

static int __init irqoff_init(void)
{
	if (!lab_loop_is_known())
		return -EINVAL;
	task = lab_start_thread(LAB_FUNCTION, NULL);
	return PTR_ERR_OR_ZERO(task);
}

static void __exit irqoff_exit(void)
{
	kthread_stop(task);
}

module_init(irqoff_init);
module_exit(irqoff_exit);
MODULE_DESCRIPTION("a kernel thread that loops with interrupts off");
MODULE_LICENSE("GPL");
