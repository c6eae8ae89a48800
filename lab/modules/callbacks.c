// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Callbacks that do not come back: of timers, hrtimers, RCU, CPU hotplug and page faults; and a timer that is ended
 * under the lock that it takes, or while it does not come back.
 */
#include <linux/completion.h>
#include <linux/cpuhotplug.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/version.h>

#include "lab_hangs.h"

static int other = -1;
module_param(other, int, 0444);
MODULE_PARM_DESC(other, "a second CPU");

static DEFINE_SPINLOCK(stats_lock);
static DECLARE_COMPLETION(reply);
static struct timer_list aging;
static struct hrtimer ticker;
static struct rcu_head gone;
static bool ready;
static unsigned long rounds;

/* Ends a timer under the lock that the timer takes, on another CPU. */
static void age_entries(struct timer_list *unused)
{
	atomic_inc(&lab_arrived);
	while (atomic_read(&lab_arrived) < 2)
		cpu_relax();
	spin_lock(&stats_lock);
	rounds++;
	spin_unlock(&stats_lock);
}

static __always_inline void end_aging(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	timer_delete_sync(&aging);
#else
	del_timer_sync(&aging);
#endif
}

static noinline void stop_aging(void)
{
	spin_lock_bh(&stats_lock);
	atomic_inc(&lab_arrived);
	while (atomic_read(&lab_arrived) < 2)
		cpu_relax();
	end_aging();
	spin_unlock_bh(&stats_lock);
}

static int aging_kthread(void *unused)
{
	lab_wait_for_go();
	mod_timer(&aging, jiffies + HZ / 10);
	for (;;)
		msleep(1000);
	return 0;
}

static int stopping_kthread(void *unused)
{
	lab_wait_for_go();
	stop_aging();
	return 0;
}

/* One thread arms the timer on the other CPU, and one ends it from here. */
static int start_pair(void (*callback)(struct timer_list *), int (*ending)(void *))
{
	int error;

	timer_setup(&aging, callback, TIMER_PINNED);
	error = lab_start_role(ending, NULL, 0, cpu);
	return error ? error : lab_start_role(aging_kthread, NULL, 1, other);
}

static int start_timer_sync(void)
{
	return start_pair(age_entries, stopping_kthread);
}

/* Callbacks that wait for something without sleeping: of an hrtimer, of RCU, of a timer. */
static noinline void wait_until_ready(void)
{
	while (!READ_ONCE(ready))
		cpu_relax();
}

static enum hrtimer_restart tick(struct hrtimer *unused)
{
	wait_until_ready();
	return HRTIMER_NORESTART;
}

static int ticking_kthread(void *unused)
{
	lab_wait_for_go();
	hrtimer_start(&ticker, ms_to_ktime(300), HRTIMER_MODE_REL_PINNED);
	for (;;)
		msleep(1000);
	return 0;
}

static int start_tick(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(&ticker, tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
#else
	hrtimer_init(&ticker, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
	ticker.function = tick;
#endif
	return lab_start_role(ticking_kthread, NULL, 0, cpu);
}

static void free_entry(struct rcu_head *unused)
{
	wait_until_ready();
}

static int freeing_kthread(void *unused)
{
	lab_wait_for_go();
	call_rcu(&gone, free_entry);
	for (;;)
		msleep(1000);
	return 0;
}

static int barrier_kthread(void *unused)
{
	lab_come_late();
	rcu_barrier();
	return 0;
}

static int start_freeing(void)
{
	int error = lab_start_role(freeing_kthread, NULL, 0, cpu);

	return error ? error : lab_start_victims(barrier_kthread, NULL);
}

static void poll_link(struct timer_list *unused)
{
	wait_until_ready();
}

static int start_poll_link(void)
{
	timer_setup(&aging, poll_link, TIMER_PINNED);
	return lab_start_role(aging_kthread, NULL, 0, cpu);
}

/* A timer is ended, by one who has nothing that it wants, while its callback does not come back. */
static noinline void end_poll(void)
{
	while (!atomic_read(&lab_arrived))
		cpu_relax();
	end_aging();
}

static void poll_and_tell(struct timer_list *unused)
{
	atomic_inc(&lab_arrived);
	wait_until_ready();
}

static int ending_kthread(void *unused)
{
	lab_wait_for_go();
	end_poll();
	return 0;
}

static int start_ended(void)
{
	return start_pair(poll_and_tell, ending_kthread);
}

/* A page of a device that does not come. */
static vm_fault_t bring_page(struct vm_fault *unused)
{
	wait_for_completion(&reply);
	return VM_FAULT_SIGBUS;
}

static const struct vm_operations_struct page_operations = { .fault = bring_page };

static int map_pages(struct file *unused, struct vm_area_struct *area)
{
	area->vm_ops = &page_operations;
	return 0;
}

static const struct file_operations file_operations = { .owner = THIS_MODULE, .mmap = map_pages };
static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR, .name = "lab_pages", .fops = &file_operations
};

static int start_pages(void)
{
	return misc_register(&device);
}

/* What is done before a CPU leaves, and does not end. */
static int leave_cpu(unsigned int leaving)
{
	wait_for_completion(&reply);
	return 0;
}

static int start_leave_cpu(void)
{
	int state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "lab:online", NULL, leave_cpu);

	return state < 0 ? state : 0;
}

static const struct lab_hang hangs[] = {
	{ "timer-sync", start_timer_sync },
	{ "tick", start_tick },
	{ "freeing", start_freeing },
	{ "poll-link", start_poll_link },
	{ "ended", start_ended },
	{ "pages", start_pages },
	{ "leave-cpu", start_leave_cpu },
};

static int __init callbacks_init(void)
{
	return lab_start_hangs(hangs, ARRAY_SIZE(hangs));
}

module_init(callbacks_init);
MODULE_DESCRIPTION("callbacks that do not come back");
MODULE_LICENSE("GPL");
