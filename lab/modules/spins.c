// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CPUs that wait for each other without sleeping, and threads that starve others
 * of a CPU. Interrupts stay on unless it says otherwise, so that the watchdog speaks.
 */
#include <linux/irqflags.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "lab_hangs.h"
#include "lab_spin.h"

static int other = -1;
module_param(other, int, 0444);
MODULE_PARM_DESC(other, "a second CPU");

/* Who took the CPU, where a thread of the kernel does it that the module did not start. */
static int taker;
module_param(taker, int, 0444);

static DEFINE_SPINLOCK(ring_lock);
static DEFINE_SPINLOCK(stats_lock);
static DEFINE_MUTEX(state_lock);
static struct timer_list timer;
static struct work_struct hogging;
static struct work_struct waiting;
static bool ticked;

static void meet_spinning(int count)
{
	atomic_inc(&lab_arrived);
	while (atomic_read(&lab_arrived) < count)
		cpu_relax();
}

/* AB-BA. */
static noinline void move_entry(spinlock_t *from, spinlock_t *to)
{
	spin_lock(from);
	meet_spinning(2);
	spin_lock(to);
	spin_unlock(to);
	spin_unlock(from);
}

static int ring_kthread(void *unused)
{
	lab_wait_for_go();
	move_entry(&ring_lock, &stats_lock);
	return 0;
}

static int stats_kthread(void *unused)
{
	lab_wait_for_go();
	move_entry(&stats_lock, &ring_lock);
	return 0;
}

static int start_abba(void)
{
	int error = lab_start_role(ring_kthread, NULL, 0, cpu);

	return error ? error : lab_start_role(stats_kthread, NULL, 1, other);
}

/* The same lock twice. */
static noinline void count_entry(void)
{
	spin_lock(&ring_lock);
	spin_unlock(&ring_lock);
}

static int self_kthread(void *unused)
{
	lab_wait_for_go();
	spin_lock(&ring_lock);
	count_entry();
	spin_unlock(&ring_lock);
	return 0;
}

static int start_self(void)
{
	return lab_start_role(self_kthread, NULL, 0, cpu);
}

/* A timer wants the lock on the CPU whose thread it interrupted inside. */
static void on_timer(struct timer_list *unused)
{
	WRITE_ONCE(ticked, true);
	count_entry();
}

static noinline void wait_for_timer(void)
{
	timer.expires = jiffies + 2;
	spin_lock(&ring_lock);
	add_timer_on(&timer, cpu);
	while (!READ_ONCE(ticked))
		cpu_relax();
	spin_unlock(&ring_lock);
}

static int interrupted_kthread(void *unused)
{
	lab_wait_for_go();
	wait_for_timer();
	return 0;
}

static int start_interrupted(void)
{
	timer_setup(&timer, on_timer, TIMER_PINNED);
	return lab_start_role(interrupted_kthread, NULL, 0, cpu);
}

/* The holder loops; another CPU spins for its lock. */
static noinline void hold_and_loop(void)
{
	spin_lock(&ring_lock);
	atomic_inc(&lab_arrived);
	lab_spin_for_ever();
	spin_unlock(&ring_lock);
}

static int looping_kthread(void *unused)
{
	lab_wait_for_go();
	hold_and_loop();
	return 0;
}

static int spinning_kthread(void *unused)
{
	while (!atomic_read(&lab_arrived))
		msleep(10);
	count_entry();
	return 0;
}

static int start_held(void)
{
	int error = lab_start_role(looping_kthread, NULL, 0, cpu);

	return error ? error : lab_start_role(spinning_kthread, NULL, 1, other);
}

/* The same with a lock for readers and writers: one reader loops, a writer spins. */
static DEFINE_RWLOCK(view_lock);

static noinline void read_and_loop(void)
{
	read_lock(&view_lock);
	atomic_inc(&lab_arrived);
	lab_spin_for_ever();
	read_unlock(&view_lock);
}

static int reading_kthread(void *unused)
{
	lab_wait_for_go();
	read_and_loop();
	return 0;
}

static noinline void change_view(void)
{
	write_lock(&view_lock);
	write_unlock(&view_lock);
}

static int changing_kthread(void *unused)
{
	while (!atomic_read(&lab_arrived))
		msleep(10);
	change_view();
	return 0;
}

static int start_read_held(void)
{
	int error = lab_start_role(reading_kthread, NULL, 0, cpu);

	return error ? error : lab_start_role(changing_kthread, NULL, 1, other);
}

/* A reader that wants to write: it waits for itself. */
static noinline void read_and_change(void)
{
	read_lock(&view_lock);
	change_view();
	read_unlock(&view_lock);
}

static int upgrading_kthread(void *unused)
{
	lab_wait_for_go();
	read_and_change();
	return 0;
}

static int start_upgrade(void)
{
	return lab_start_role(upgrading_kthread, NULL, 0, cpu);
}

/* The twin: two CPUs that contend for it all the time, and get it. */
static int contending_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		spin_lock(&ring_lock);
		udelay(100);
		spin_unlock(&ring_lock);
		cond_resched();
	}
	return 0;
}

static int start_contended(void)
{
	int error = lab_start_role(contending_kthread, NULL, 0, cpu);

	return error ? error : lab_start_role(contending_kthread, NULL, 1, other);
}

/* A reader that never leaves its CPU, and those who wait for it. */
static noinline void read_for_ever(void)
{
	rcu_read_lock();
	preempt_disable();
	lab_spin_for_ever();
}

static int rcu_kthread(void *unused)
{
	lab_wait_for_go();
	read_for_ever();
	return 0;
}

static int grace_kthread(void *unused)
{
	lab_come_late();
	for (;;) {
		synchronize_rcu();
		msleep(1);
	}
	return 0;
}

static int start_rcu(void)
{
	int error = lab_start_role(rcu_kthread, NULL, 0, cpu);

	return error ? error : lab_start_victims(grace_kthread, NULL);
}

/* A CPU with interrupts off, asked by another to run a function. */
static noinline void loop_without_interrupts(void)
{
	unsigned long flags;

	local_irq_save(flags);
	atomic_inc(&lab_arrived);
	lab_spin_for_ever();
	local_irq_restore(flags);
}

static int deaf_kthread(void *unused)
{
	lab_wait_for_go();
	loop_without_interrupts();
	return 0;
}

static void nothing(void *unused)
{
}

static int calling_kthread(void *unused)
{
	while (!atomic_read(&lab_arrived))
		msleep(10);
	msleep(100);
	smp_call_function_single(cpu, nothing, NULL, 1);
	return 0;
}

static int start_deaf(void)
{
	int error = lab_start_role(deaf_kthread, NULL, 0, cpu);

	return error ? error : lab_start_role(calling_kthread, NULL, 1, other);
}

/* A CPU with much to do, and another that asks it for an answer again and again. */
static int counting_kthread(void *unused)
{
	unsigned long count = 0;

	lab_wait_for_go();
	for (;;) {
		WRITE_ONCE(count, count + 1);
		cond_resched();
	}
	return 0;
}

static int asking_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		smp_call_function_single(cpu, nothing, NULL, 1);
		msleep(50);
	}
	return 0;
}

static int start_asked(void)
{
	int error = lab_start_role(counting_kthread, NULL, 0, cpu);

	return error ? error : lab_start_role(asking_kthread, NULL, 1, other);
}

/* A work that keeps its CPU, and those who wait for the next one there. */
static void hogging_work(struct work_struct *unused)
{
	lab_wait_for_go();
	taker = current->pid;
	preempt_disable();
	lab_spin_for_ever();
}

static void waiting_work(struct work_struct *unused)
{
}

static int flushing_kthread(void *unused)
{
	lab_come_late();
	for (;;) {
		schedule_work_on(cpu, &waiting);
		flush_work(&waiting);
		msleep(hold);
	}
	return 0;
}

static int start_work(void)
{
	INIT_WORK(&hogging, hogging_work);
	INIT_WORK(&waiting, waiting_work);
	schedule_work_on(cpu, &hogging);
	return lab_start_victims(flushing_kthread, NULL);
}

/* Those who wait, alone: something else takes the CPU. */
static int start_works(void)
{
	INIT_WORK(&waiting, waiting_work);
	return lab_start_victims(flushing_kthread, NULL);
}

/* A real-time thread that offers to reschedule and never has to. */
static noinline void serve_for_ever(void)
{
	for (;;) {
		WRITE_ONCE(lab_flag, 0);
		cond_resched();
	}
}

static int real_time_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(500);
	sched_set_fifo(current);
	serve_for_ever();
	return 0;
}

static int start_real_time(void)
{
	int error = lab_start_role(real_time_kthread, NULL, 0, cpu);

	return error ? error : start_works();
}

/* The same on the CPU of a thread that holds a mutex. */
static int preempted_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		mutex_lock(&state_lock);
		while (!READ_ONCE(ticked))
			cond_resched();
		mutex_unlock(&state_lock);
	}
	return 0;
}

static int state_kthread(void *unused)
{
	lab_come_late();
	mutex_lock(&state_lock);
	mutex_unlock(&state_lock);
	return 0;
}

static int start_inversion(void)
{
	int error = lab_start_role(real_time_kthread, NULL, 0, cpu);

	if (!error)
		error = lab_start_role(preempted_kthread, NULL, 1, cpu);
	return error ? error : lab_start_victims(state_kthread, NULL);
}

static const struct lab_hang hangs[] = {
	{ "abba", start_abba },
	{ "self", start_self },
	{ "interrupted", start_interrupted },
	{ "read-held", start_read_held },
	{ "upgrade", start_upgrade },
	{ "held", start_held },
	{ "contended", start_contended },
	{ "rcu", start_rcu },
	{ "deaf", start_deaf },
	{ "asked", start_asked },
	{ "work", start_work },
	{ "works", start_works },
	{ "real-time", start_real_time },
	{ "inversion", start_inversion },
};

static int __init spins_init(void)
{
	if (!lab_loop_is_known() || cpu < 0)
		return -EINVAL;
	return lab_start_hangs(hangs, ARRAY_SIZE(hangs));
}

module_init(spins_init);
MODULE_DESCRIPTION("CPUs that wait without sleeping");
MODULE_LICENSE("GPL");
