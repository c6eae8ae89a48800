/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all modules of the lab share: one kernel thread, started on a chosen
 * CPU, under names that the build may override, so that the same
 * hang can be had under other module, thread and function names.
 */
#ifndef LAB_THREAD_H
#define LAB_THREAD_H

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#ifndef LAB_THREAD_NAME
#define LAB_THREAD_NAME "pmount_kthread"
#endif
#ifndef LAB_FUNCTION
#define LAB_FUNCTION pmount_kthread
#endif
#ifndef LAB_HELPER
#define LAB_HELPER pmount_check
#endif

static int cpu = -1;
module_param(cpu, int, 0444);
MODULE_PARM_DESC(cpu, "CPU to bind the thread to; -1 leaves it to the scheduler");

/*
 * The hang waits for a word from outside, so that the guest can write down what
 * it needs before a CPU is lost, however slow the machine is.
 */
static bool go;
module_param(go, bool, 0644);
MODULE_PARM_DESC(go, "write 1 to let the hang begin");

static inline __maybe_unused void lab_wait_for_go(void)
{
	while (!READ_ONCE(go))
		msleep(20);
}

static inline __maybe_unused struct task_struct *lab_start_thread(int (*function)(void *), void *data)
{
	struct task_struct *task = kthread_create(function, data, LAB_THREAD_NAME);

	if (IS_ERR(task))
		return task;
	if (cpu >= 0)
		kthread_bind(task, cpu);
	wake_up_process(task);
	return task;
}

#endif
