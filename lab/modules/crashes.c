// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ways in which a kernel thread, a work or a timer ends a machine: each by one fault of its own, in a function that says
 * what it is. Three of them only look like it: a thread that hangs, one that loops, and one that an Oops ends with a
 * mutex held, for which others then wait.
 */
#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "lab_hangs.h"

struct tuner {
	struct list_head link;
	unsigned long gains[2];
	struct tuner *next;   /* where a freed piece of 64 bytes keeps its place in the list of free ones */
	unsigned int rate;
	unsigned int pad[5];
};

static LIST_HEAD(tuners);
static DEFINE_MUTEX(tuner_lock);
static DECLARE_COMPLETION(tuned);
static struct tuner *current_tuner;
static unsigned long sum;
static unsigned int step;

static noinline void set_gain(struct tuner *tuner)
{
	WRITE_ONCE(tuner->gains[1], 7);
	barrier();
}

static noinline void check_rate(struct tuner *tuner)
{
	BUG_ON(!tuner || !READ_ONCE(tuner->rate));
	barrier();
}

static noinline void follow_next(struct tuner *tuner)
{
	WRITE_ONCE(sum, READ_ONCE(READ_ONCE(tuner->next)->rate));
	barrier();
}

static noinline void divide_band(unsigned int band)
{
	WRITE_ONCE(sum, band / READ_ONCE(step));
	barrier();
}

static noinline unsigned long walk_bands(unsigned long depth)
{
	volatile unsigned long room[48];

	if (depth > 1UL << 40)
		return 0;
	room[depth % 48] = depth;
	return walk_bands(depth + 1) + room[(depth + 1) % 48];
}

static noinline void drop_tuner(struct tuner *tuner)
{
	list_del(&tuner->link);
	barrier();
}

static noinline void fill_buffers(void)
{
	while (alloc_pages(GFP_KERNEL, 0))
		cond_resched();
	barrier();
}

static noinline void give_up(void)
{
	panic("tuner %u: the firmware gave up", READ_ONCE(step));
}

static noinline void wait_tuned(void)
{
	mutex_lock(&tuner_lock);
	wait_for_completion(&tuned);
	mutex_unlock(&tuner_lock);
}

static noinline void poll_tuned(void)
{
	preempt_disable();
	for (;;)
		cpu_relax();
}

static noinline void gain_locked(void)
{
	mutex_lock(&tuner_lock);
	set_gain(READ_ONCE(current_tuner));
	mutex_unlock(&tuner_lock);
}

static noinline void use_freed(struct tuner *tuner)
{
	kfree(tuner);
	follow_next(tuner);
}

static noinline void drop_twice(struct tuner *tuner)
{
	drop_tuner(tuner);
	drop_tuner(tuner);
}

static int tune_kthread(void *unused)
{
	struct tuner *tuner = kzalloc(sizeof(*tuner), GFP_KERNEL);

	if (!tuner)
		return -ENOMEM;
	list_add(&tuner->link, &tuners);
	lab_wait_for_go();
	msleep(500);
	if (lab_asked_for("null"))
		set_gain(READ_ONCE(current_tuner));
	if (lab_asked_for("bug"))
		check_rate(tuner);
	if (lab_asked_for("wild")) {
		WRITE_ONCE(tuner->next, (void *)0x5a5a5a5a5a5a5a5aUL);
		follow_next(tuner);
	}
	if (lab_asked_for("divide"))
		divide_band(4000);
	if (lab_asked_for("stack"))
		WRITE_ONCE(sum, walk_bands(0));
	if (lab_asked_for("freed"))
		use_freed(tuner);
	if (lab_asked_for("list"))
		drop_twice(tuner);
	if (lab_asked_for("memory"))
		fill_buffers();
	if (lab_asked_for("called"))
		give_up();
	if (lab_asked_for("waits"))
		wait_tuned();
	if (lab_asked_for("loops"))
		poll_tuned();
	if (lab_asked_for("left"))
		gain_locked();
	return 0;
}

static int start_tuning(void)
{
	return lab_start_role(tune_kthread, NULL, 0, cpu);
}

/* Who wants the mutex of one that sleeps with it, or of one that an Oops ended. */
static int want_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(3000);
	mutex_lock(&tuner_lock);
	mutex_unlock(&tuner_lock);
	return 0;
}

static int start_with_victims(void)
{
	int error = start_tuning();

	return error ? error : lab_start_victims(want_kthread, NULL);
}

static void tune_work(struct work_struct *unused)
{
	set_gain(READ_ONCE(current_tuner));
}

static DECLARE_WORK(work, tune_work);

static int queue_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(500);
	schedule_work(&work);
	return 0;
}

static int start_work(void)
{
	return lab_start_role(queue_kthread, NULL, 1, -1);
}

static void tune_timer(struct timer_list *unused)
{
	set_gain(READ_ONCE(current_tuner));
}

static DEFINE_TIMER(timer, tune_timer);

static int arm_kthread(void *unused)
{
	lab_wait_for_go();
	mod_timer(&timer, jiffies + HZ / 2);
	return 0;
}

static int start_timer(void)
{
	return lab_start_role(arm_kthread, NULL, 1, cpu);
}

static const struct lab_hang hangs[] = {
	{ "null", start_tuning },   { "bug", start_tuning },    { "wild", start_tuning },
	{ "divide", start_tuning }, { "stack", start_tuning },  { "freed", start_tuning },
	{ "list", start_tuning },   { "memory", start_tuning }, { "called", start_tuning },
	{ "loops", start_tuning },  { "work", start_work },     { "timer", start_timer },
	{ "waits", start_with_victims },
	{ "left", start_with_victims },
};

static int __init crashes_init(void)
{
	return lab_start_hangs(hangs, ARRAY_SIZE(hangs));
}

module_init(crashes_init);
MODULE_DESCRIPTION("faults that end the machine");
MODULE_LICENSE("GPL");
