// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The same faults by other ways than in crashes.c: a task of user space writes an order into the parameter `order`, and
 * the module carries it out in that task, in an interrupt, on another CPU or in a queue of its own.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/version.h>
#include <linux/workqueue.h>

struct fence {
	struct list_head link;
	void (*signal)(struct fence *fence);
	long seqno;
};

static LIST_HEAD(fences);
static struct hrtimer deadline;
static struct workqueue_struct *queue;
static const unsigned long limits[2] = { 3, 5 };
static unsigned long data_code = 0xc3c3c3c3c3c3c3c3UL;
static struct fence *shared_fence;
static long seqno_step = -1;
static long seen;

static int cpu = -1;
module_param(cpu, int, 0444);
MODULE_PARM_DESC(cpu, "the CPU that is asked to run a function");

static noinline void signal_fence(struct fence *fence)
{
	fence->signal(fence);
	barrier();
}

static noinline void raise_limit(void)
{
	WRITE_ONCE(*(unsigned long *)&limits[1], 9);
	barrier();
}

/* The greatest negative number by -1: the quotient has no room. */
static noinline void scale_seqno(long seqno)
{
	WRITE_ONCE(seen, seqno / READ_ONCE(seqno_step));
	barrier();
}

static noinline unsigned long match_fence(struct fence *fence, unsigned long level);

static noinline unsigned long match_parent(struct fence *fence, unsigned long level)
{
	volatile unsigned long names[24];

	names[level % 24] = level;
	return match_fence(fence, level + 1) + names[(level + 3) % 24];
}

static noinline unsigned long match_fence(struct fence *fence, unsigned long level)
{
	return level > 1UL << 40 ? 0 : match_parent(fence, level + 1) + 1;
}

static noinline void release_twice(struct fence *fence)
{
	kfree(fence);
	kfree(fence);
	barrier();
}

static noinline void insert_fence(struct fence *fence)
{
	struct fence *stray = kzalloc(sizeof(*stray), GFP_KERNEL);

	if (!stray)
		return;
	list_add(&fence->link, &fences);
	fences.next = &stray->link;
	list_add(&stray->link, &fences);
}

static noinline void copy_name(const char *text, size_t length)
{
	char name[16];

	OPTIMIZER_HIDE_VAR(length);
	for (size_t place = 0; place < length; place++)
		((volatile char *)name)[place] = text[place % 8];
	WRITE_ONCE(seen, name[3]);
	barrier();
}

static noinline void refuse_fence(void)
{
	panic("no fence left");
}

static noinline void expire_fence(struct fence *fence)
{
	WRITE_ONCE(fence->seqno, 4);
	barrier();
}

static enum hrtimer_restart on_deadline(struct hrtimer *unused)
{
	expire_fence(READ_ONCE(shared_fence));
	return HRTIMER_NORESTART;
}

static noinline void start_deadline(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(&deadline, on_deadline, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
#else
	hrtimer_init(&deadline, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	deadline.function = on_deadline;
#endif
	hrtimer_start(&deadline, ms_to_ktime(200), HRTIMER_MODE_REL);
}

static void on_other_cpu(void *unused)
{
	BUG_ON(!READ_ONCE(shared_fence));
}

static void collect_fences(struct work_struct *unused)
{
	BUG_ON(!READ_ONCE(shared_fence));
}

static DECLARE_WORK(collecting, collect_fences);

static int carry_out(const char *word, const struct kernel_param *unused)
{
	struct fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL);

	if (!fence)
		return -ENOMEM;
	if (sysfs_streq(word, "call"))
		signal_fence(fence);
	else if (sysfs_streq(word, "data")) {
		fence->signal = (void *)&data_code;
		signal_fence(fence);
	} else if (sysfs_streq(word, "far")) {
		fence->signal = (void *)0x00ff1234567890f0UL;
		signal_fence(fence);
	} else if (sysfs_streq(word, "constant"))
		raise_limit();
	else if (sysfs_streq(word, "quotient"))
		scale_seqno(LONG_MIN);
	else if (sysfs_streq(word, "deep"))
		WRITE_ONCE(seen, match_fence(fence, 0));
	else if (sysfs_streq(word, "twice"))
		release_twice(fence);
	else if (sysfs_streq(word, "stray"))
		insert_fence(fence);
	else if (sysfs_streq(word, "smash"))
		copy_name("abcdefgh", 96);
	else if (sysfs_streq(word, "refuse"))
		refuse_fence();
	else if (sysfs_streq(word, "member"))
		expire_fence(READ_ONCE(shared_fence));
	else if (sysfs_streq(word, "deadline"))
		start_deadline();
	else if (sysfs_streq(word, "remote"))
		smp_call_function_single(cpu, on_other_cpu, NULL, 1);
	else if (sysfs_streq(word, "queued"))
		queue_work(queue, &collecting);
	else
		return -EINVAL;
	return 0;
}

static const struct kernel_param_ops order_ops = { .set = carry_out };
module_param_cb(order, &order_ops, NULL, 0200);
MODULE_PARM_DESC(order, "what is to go wrong");

static int __init mishaps_init(void)
{
	queue = alloc_ordered_workqueue("fences", 0);
	return queue ? 0 : -ENOMEM;
}

module_init(mishaps_init);
MODULE_DESCRIPTION("the same faults, asked for by user space");
MODULE_LICENSE("GPL");
