// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timers, softirqs and tasklets that keep a CPU, what was to be done there and is not, and the twins in which they are
 * only busy. What waits for the lost CPU waits for a timer, a delayed work, or a thread that may run nowhere else.
 */
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irqflags.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#include "lab_hangs.h"

static DEFINE_SPINLOCK(sample_lock);
static DEFINE_MUTEX(session_lock);
static DECLARE_COMPLETION(expired);
static struct hrtimer sampler;
static struct timer_list deadline;
static struct timer_list poller;
static struct delayed_work aging;
static struct tasklet_struct rx;
static unsigned long samples;
static bool stopped;
static bool storming;

/* Those who wait for it, one of them with a lock that others want. */
static noinline void await_deadline(void)
{
	mutex_lock(&session_lock);
	wait_for_completion(&expired);
	mutex_unlock(&session_lock);
}

static int await_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		await_deadline();
		msleep(10);
	}
	return 0;
}

static int start_waiters(void)
{
	return lab_start_victims(await_kthread, NULL);
}

/* And who ends that. */
static int finishing_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		msleep(1000);
		complete(&expired);
	}
	return 0;
}

/* A timer of the CPU's own clock that starts itself again for a moment that has passed. */
static noinline void take_sample(void)
{
	spin_lock(&sample_lock);
	WRITE_ONCE(samples, samples + 1);
	spin_unlock(&sample_lock);
}

static enum hrtimer_restart sample_again(struct hrtimer *timer)
{
	take_sample();
	if (!READ_ONCE(storming))
		hrtimer_forward_now(timer, ms_to_ktime(1));
	return HRTIMER_RESTART;
}

static int sampling_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(500);
	hrtimer_start(&sampler, ms_to_ktime(1), HRTIMER_MODE_REL_PINNED);
	for (;;)
		msleep(1000);
	return 0;
}

static int start_sampler(bool storm)
{
	storming = storm;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(&sampler, sample_again, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
#else
	hrtimer_init(&sampler, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
	sampler.function = sample_again;
#endif
	return lab_start_role(sampling_kthread, NULL, 0, cpu);
}

static int start_sample_storm(void)
{
	return start_sampler(true);
}

static int start_sampling(void)
{
	int error = start_sampler(false);

	if (!error)
		error = lab_start_role(finishing_kthread, NULL, 1, -1);
	return error ? error : start_waiters();
}

/* The CPU is lost, to a thread with interrupts off or on, after something was left to it to do. */
static noinline void reset_engine(void)
{
	local_irq_disable();
	while (!READ_ONCE(stopped))
		cpu_relax();
	local_irq_enable();
}

static noinline void reload_engine(void)
{
	preempt_disable();
	while (!READ_ONCE(stopped))
		cpu_relax();
	preempt_enable();
}

static void on_deadline(struct timer_list *timer)
{
	complete(&expired);
	mod_timer(timer, jiffies + HZ);
}

static int reset_kthread(void *unused)
{
	lab_wait_for_go();
	deadline.expires = jiffies + 3 * HZ;
	add_timer_on(&deadline, cpu);
	msleep(1000);
	reset_engine();
	return 0;
}

static int start_lost_timer(void)
{
	int error;

	timer_setup(&deadline, on_deadline, TIMER_PINNED);
	error = lab_start_role(reset_kthread, NULL, 0, cpu);
	return error ? error : start_waiters();
}

/* The twin: the timer runs. */
static int arm_kthread(void *unused)
{
	lab_wait_for_go();
	deadline.expires = jiffies + 3 * HZ;
	add_timer_on(&deadline, cpu);
	for (;;)
		msleep(1000);
	return 0;
}

static int start_timer(void)
{
	int error;

	timer_setup(&deadline, on_deadline, TIMER_PINNED);
	error = lab_start_role(arm_kthread, NULL, 0, cpu);
	return error ? error : start_waiters();
}

static void age_entries(struct work_struct *unused)
{
	complete(&expired);
	schedule_delayed_work_on(cpu, &aging, HZ);
}

static int reload_kthread(void *unused)
{
	lab_wait_for_go();
	schedule_delayed_work_on(cpu, &aging, 3 * HZ);
	msleep(1000);
	reset_engine();
	return 0;
}

static int start_lost_work(void)
{
	int error;

	INIT_DELAYED_WORK(&aging, age_entries);
	error = lab_start_role(reload_kthread, NULL, 0, cpu);
	return error ? error : start_waiters();
}

static int loading_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(1500);
	reload_engine();
	return 0;
}

/* Who would complete it may run on the lost CPU alone. */
static int start_bound(void)
{
	int error = lab_start_role(loading_kthread, NULL, 0, cpu);

	if (!error)
		error = lab_start_role(finishing_kthread, NULL, 1, cpu);
	return error ? error : start_waiters();
}

/* A timer's callback that never ends, on a CPU whose other timer would complete. */
static noinline void poll_phy(void)
{
	while (!READ_ONCE(stopped))
		cpu_relax();
}

static void on_poll(struct timer_list *unused)
{
	poll_phy();
}

static int polling_kthread(void *unused)
{
	lab_wait_for_go();
	deadline.expires = jiffies + 3 * HZ;
	add_timer_on(&deadline, cpu);
	poller.expires = jiffies + HZ;
	add_timer_on(&poller, cpu);
	for (;;)
		msleep(1000);
	return 0;
}

static int start_softirq(void)
{
	int error;

	timer_setup(&deadline, on_deadline, TIMER_PINNED);
	timer_setup(&poller, on_poll, TIMER_PINNED);
	error = lab_start_role(polling_kthread, NULL, 0, -1);
	return error ? error : start_waiters();
}

/* A tasklet that schedules itself again and again: busy, and in nobody's way. */
static void receive(struct tasklet_struct *tasklet)
{
	WRITE_ONCE(samples, samples + 1);
	if (!READ_ONCE(stopped))
		tasklet_schedule(tasklet);
}

static int receive_kthread(void *unused)
{
	lab_wait_for_go();
	tasklet_schedule(&rx);
	for (;;)
		msleep(1000);
	return 0;
}

static int start_tasklet(void)
{
	int error;

	tasklet_setup(&rx, receive);
	error = lab_start_role(receive_kthread, NULL, 0, cpu);
	if (!error)
		error = lab_start_role(finishing_kthread, NULL, 1, -1);
	return error ? error : start_waiters();
}

/* A tasklet is switched off, scheduled, and then to be ended: that waits until it has run. */
static noinline void close_port(void)
{
	mutex_lock(&session_lock);
	tasklet_disable(&rx);
	tasklet_schedule(&rx);
	tasklet_kill(&rx);
	mutex_unlock(&session_lock);
}

static int close_kthread(void *unused)
{
	lab_wait_for_go();
	close_port();
	return 0;
}

static int late_session_kthread(void *unused)
{
	lab_come_late();
	mutex_lock(&session_lock);
	mutex_unlock(&session_lock);
	return 0;
}

static int start_tasklet_off(void)
{
	int error;

	tasklet_setup(&rx, receive);
	error = lab_start_role(close_kthread, NULL, 0, -1);
	return error ? error : lab_start_victims(late_session_kthread, NULL);
}

/* More words for the console than it takes. */
static int talking_kthread(void *unused)
{
	unsigned long line = 0;

	lab_wait_for_go();
	for (;;) {
		pr_info("queue %u: descriptor %lu done\n", cpu, line++);
		if (!(line % 50))
			msleep(20);
	}
	return 0;
}

static int start_talk(void)
{
	int error = lab_start_role(talking_kthread, NULL, 0, -1);

	if (!error)
		error = lab_start_role(talking_kthread, NULL, 1, -1);
	if (!error)
		error = lab_start_role(finishing_kthread, NULL, 2, -1);
	return error ? error : start_waiters();
}

static const struct lab_hang hangs[] = {
	{ "sample-storm", start_sample_storm },
	{ "sampling", start_sampling },
	{ "lost-timer", start_lost_timer },
	{ "timer", start_timer },
	{ "lost-work", start_lost_work },
	{ "bound", start_bound },
	{ "softirq", start_softirq },
	{ "tasklet", start_tasklet },
	{ "tasklet-off", start_tasklet_off },
	{ "talk", start_talk },
};

static int __init storms_init(void)
{
	if (cpu < 0)
		return -EINVAL;
	return lab_start_hangs(hangs, ARRAY_SIZE(hangs));
}

module_init(storms_init);
MODULE_DESCRIPTION("timers and softirqs that keep a CPU");
MODULE_LICENSE("GPL");
