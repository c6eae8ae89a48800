// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waits nested in each other: locks of several kinds, works, threads that are to end and CPUs in one chain or cycle,
 * and the twin in which the same chain moves. `deaf` hangs when the module is unloaded.
 */
#include <linux/completion.h>
#include <linux/irqflags.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/workqueue.h>

#include "lab_hangs.h"
#include "lab_spin.h"

static DEFINE_MUTEX(outer_lock);
static DEFINE_MUTEX(inner_lock);
static DECLARE_RWSEM(tree_sem);
static DECLARE_COMPLETION(answer);
static struct work_struct job;
static struct task_struct *helper;
static void (*at_the_root)(void);

static void take_inner(void)
{
	mutex_lock(&inner_lock);
	mutex_unlock(&inner_lock);
}

/* A user of the outermost lock. */
static int user_kthread(void *unused)
{
	lab_come_late();
	msleep(2000);
	for (;;) {
		mutex_lock(&outer_lock);
		msleep(1);
		mutex_unlock(&outer_lock);
		msleep(hold);
	}
	return 0;
}

/* The chain: outer_lock, held by who writes tree_sem, read by who flushes a work, which wants inner_lock. */
static void wanting_work(struct work_struct *unused)
{
	take_inner();
	barrier();
}

static int flush_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(500);
	for (;;) {
		down_read(&tree_sem);
		schedule_work(&job);
		flush_work(&job);
		up_read(&tree_sem);
		msleep(hold);
	}
	return 0;
}

static int outer_kthread(void *unused)
{
	lab_come_late();
	for (;;) {
		mutex_lock(&outer_lock);
		down_write(&tree_sem);
		up_write(&tree_sem);
		mutex_unlock(&outer_lock);
		msleep(hold);
	}
	return 0;
}

static noinline void keep_inner(void)
{
	mutex_lock(&inner_lock);
	at_the_root();
	mutex_unlock(&inner_lock);
}

static int root_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		keep_inner();
		msleep(1);
	}
	return 0;
}

static int start_chain(void (*root)(void), int on)
{
	int error;

	at_the_root = root;
	INIT_WORK(&job, wanting_work);
	error = lab_start_role(root_kthread, NULL, 0, on);
	if (!error)
		error = lab_start_role(flush_kthread, NULL, 1, -1);
	if (!error)
		error = lab_start_role(outer_kthread, NULL, 2, -1);
	return error ? error : lab_start_victims(user_kthread, NULL);
}

static void sleep_for_ever(void)
{
	wait_for_completion(&answer);
}

static void nap(void)
{
	msleep(hold);
}

static noinline void loop_for_ever(void)
{
	preempt_disable();
	lab_spin_for_ever();
}

static noinline void loop_unheard(void)
{
	local_irq_disable();
	lab_spin_for_ever();
}

static int start_sleeping_chain(void)
{
	return start_chain(sleep_for_ever, -1);
}

static int start_looping_chain(void)
{
	return start_chain(loop_for_ever, cpu);
}

static int start_unheard_chain(void)
{
	return start_chain(loop_unheard, cpu);
}

static int start_moving_chain(void)
{
	return start_chain(nap, -1);
}

/* A cycle of three kinds: outer_lock over a flush, the work wants tree_sem, whose reader wants outer_lock. */
static void writing_work(struct work_struct *unused)
{
	down_write(&tree_sem);
	up_write(&tree_sem);
	barrier();
}

static int reading_kthread(void *unused)
{
	lab_wait_for_go();
	down_read(&tree_sem);
	msleep(1000);
	mutex_lock(&outer_lock);
	mutex_unlock(&outer_lock);
	up_read(&tree_sem);
	return 0;
}

static int flushing_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(300);
	mutex_lock(&outer_lock);
	schedule_work(&job);
	flush_work(&job);
	mutex_unlock(&outer_lock);
	return 0;
}

static int start_cycle(void)
{
	int error;

	INIT_WORK(&job, writing_work);
	error = lab_start_role(reading_kthread, NULL, 0, -1);
	if (!error)
		error = lab_start_role(flushing_kthread, NULL, 1, -1);
	return error ? error : lab_start_victims(user_kthread, NULL);
}

/* Two threads end only when the other has ended. */
static struct task_struct *pair[2];

static int ending_kthread(void *data)
{
	unsigned long place = (unsigned long)data;

	lab_wait_for_go();
	kthread_stop(pair[1 - place]);
	return 0;
}

static int start_pair(void)
{
	unsigned long i;

	for (i = 0; i < 2; i++) {
		pair[i] = kthread_create(ending_kthread, (void *)i, "%s", names[i]);
		if (IS_ERR(pair[i]))
			return PTR_ERR(pair[i]);
	}
	for (i = 0; i < 2; i++)
		wake_up_process(pair[i]);
	return 0;
}

/* Never looks whether it is to stop. */
static int deaf_kthread(void *unused)
{
	for (;;)
		msleep(700);
	return 0;
}

static int start_deaf(void)
{
	helper = kthread_run(deaf_kthread, NULL, "%s", names[0]);
	return PTR_ERR_OR_ZERO(helper);
}

static const struct lab_hang hangs[] = {
	{ "sleeping-chain", start_sleeping_chain },
	{ "looping-chain", start_looping_chain },
	{ "unheard-chain", start_unheard_chain },
	{ "moving-chain", start_moving_chain },
	{ "cycle", start_cycle },
	{ "pair", start_pair },
	{ "deaf", start_deaf },
};

static int __init nested_init(void)
{
	return lab_start_hangs(hangs, ARRAY_SIZE(hangs));
}

/* Asked for with `deaf` alone: nothing else ends. */
static void __exit nested_exit(void)
{
	if (helper)
		kthread_stop(helper);
}

module_init(nested_init);
module_exit(nested_exit);
MODULE_DESCRIPTION("waits nested in each other");
MODULE_LICENSE("GPL");
