// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Locks whose holder is gone or asleep although it must not be: spinlocks, sequence counters, a mutex over an Oops, an
 * owner that was overwritten; CPUs that spin for what a sleeper should bring about. With them crashes that happen while
 * others wait for good reasons.
 */
#include <linux/completion.h>
#include <linux/irqflags.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#include "lab_hangs.h"

static int other = -1;
module_param(other, int, 0444);
MODULE_PARM_DESC(other, "a second CPU");

static DEFINE_SPINLOCK(queue_lock);
static DEFINE_SPINLOCK(stats_lock);
static DEFINE_RWLOCK(route_lock);
static seqcount_t clock_seq;
static DEFINE_MUTEX(flash_lock);
static DEFINE_MUTEX(policy_lock);
static DECLARE_COMPLETION(reply);
static bool link_up;
static unsigned long seen;

static noinline void await_reply(void)
{
	wait_for_completion(&reply);
}

static noinline void flash_user(void)
{
	mutex_lock(&flash_lock);
	msleep(hold);
	mutex_unlock(&flash_lock);
}

static int flash_kthread(void *unused)
{
	lab_come_late();
	for (;;)
		flash_user();
	return 0;
}

/* A spinlock is taken and never given back: by a thread that leaves, or by one that goes to sleep. */
static noinline void take_and_leave(void)
{
	spin_lock(&queue_lock);
	WRITE_ONCE(seen, seen + 1);
	preempt_enable();
}

static int leaving_kthread(void *unused)
{
	lab_wait_for_go();
	take_and_leave();
	atomic_inc(&lab_arrived);
	return 0;
}

static noinline void take_and_sleep(spinlock_t *lock)
{
	spin_lock(lock);
	atomic_inc(&lab_arrived);
	await_reply();
	spin_unlock(lock);
}

static int sleeping_kthread(void *unused)
{
	lab_wait_for_go();
	take_and_sleep(&queue_lock);
	return 0;
}

/* Spins for it with a second lock held, and another CPU for that one. */
static noinline void account_packet(void)
{
	spin_lock(&stats_lock);
	spin_lock(&queue_lock);
	spin_unlock(&queue_lock);
	spin_unlock(&stats_lock);
}

static int account_kthread(void *unused)
{
	while (!atomic_read(&lab_arrived))
		msleep(10);
	msleep(200);
	account_packet();
	return 0;
}

static noinline void read_stats(void)
{
	spin_lock(&stats_lock);
	spin_unlock(&stats_lock);
}

static int stats_kthread(void *unused)
{
	while (!atomic_read(&lab_arrived))
		msleep(10);
	msleep(1500);
	read_stats();
	return 0;
}

static int start_spinners(void)
{
	int error = lab_start_role(account_kthread, NULL, 1, cpu);

	return error ? error : lab_start_role(stats_kthread, NULL, 2, other);
}

static int start_left(void)
{
	int error = lab_start_role(leaving_kthread, NULL, 0, -1);

	return error ? error : start_spinners();
}

static int start_slept(void)
{
	int error = lab_start_role(sleeping_kthread, NULL, 0, -1);

	return error ? error : start_spinners();
}

/* A lock for readers and writers, kept by a reader that left. */
static int leaving_reader_kthread(void *unused)
{
	lab_wait_for_go();
	read_lock(&route_lock);
	preempt_enable();
	atomic_inc(&lab_arrived);
	return 0;
}

static noinline void add_route(void)
{
	write_lock(&route_lock);
	write_unlock(&route_lock);
}

static int route_kthread(void *unused)
{
	while (!atomic_read(&lab_arrived))
		msleep(10);
	msleep(200);
	add_route();
	return 0;
}

static int start_reader_left(void)
{
	int error = lab_start_role(leaving_reader_kthread, NULL, 0, -1);

	return error ? error : lab_start_role(route_kthread, NULL, 1, cpu);
}

/* A sequence counter whose writer sleeps: a reader spins. */
static noinline void adjust_clock(void)
{
	raw_write_seqcount_begin(&clock_seq);
	atomic_inc(&lab_arrived);
	await_reply();
	raw_write_seqcount_end(&clock_seq);
}

static int adjust_kthread(void *unused)
{
	lab_wait_for_go();
	adjust_clock();
	return 0;
}

static noinline unsigned long read_clock(void)
{
	unsigned int start;
	unsigned long value;

	do {
		start = raw_read_seqcount_begin(&clock_seq);
		value = READ_ONCE(seen);
	} while (read_seqcount_retry(&clock_seq, start));
	return value;
}

static int clock_kthread(void *unused)
{
	while (!atomic_read(&lab_arrived))
		msleep(10);
	msleep(200);
	preempt_disable();
	read_clock();
	preempt_enable();
	return 0;
}

static int start_seqcount(void)
{
	int error;

	seqcount_init(&clock_seq);
	error = lab_start_role(adjust_kthread, NULL, 0, -1);
	return error ? error : lab_start_role(clock_kthread, NULL, 1, cpu);
}

/* A flag is polled without sleeping; who would set it wants a mutex, whose holder waits for a reply. */
static int keep_policy_kthread(void *unused)
{
	lab_wait_for_go();
	mutex_lock(&policy_lock);
	await_reply();
	mutex_unlock(&policy_lock);
	return 0;
}

static noinline void raise_link(void)
{
	mutex_lock(&policy_lock);
	WRITE_ONCE(link_up, true);
	mutex_unlock(&policy_lock);
}

static int link_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(500);
	raise_link();
	return 0;
}

static noinline void poll_link(void)
{
	while (!READ_ONCE(link_up))
		cpu_relax();
}

static int poll_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(1500);
	preempt_disable();
	poll_link();
	preempt_enable();
	return 0;
}

static int start_flag(void)
{
	int error = lab_start_role(keep_policy_kthread, NULL, 0, -1);

	if (!error)
		error = lab_start_role(link_kthread, NULL, 1, -1);
	return error ? error : lab_start_role(poll_kthread, NULL, 2, cpu);
}

/* One CPU holds a lock and waits for another to run a function; that one spins for the lock with interrupts off. */
static void nothing(void *unused)
{
}

static noinline void flush_peers(void)
{
	spin_lock(&queue_lock);
	atomic_inc(&lab_arrived);
	mdelay(300);
	smp_call_function_single(other, nothing, NULL, 1);
	spin_unlock(&queue_lock);
}

static int flush_kthread(void *unused)
{
	lab_wait_for_go();
	flush_peers();
	return 0;
}

static noinline void drain_ring(void)
{
	unsigned long flags;

	spin_lock_irqsave(&queue_lock, flags);
	spin_unlock_irqrestore(&queue_lock, flags);
}

static int drain_kthread(void *unused)
{
	lab_wait_for_go();
	while (!atomic_read(&lab_arrived))
		cpu_relax();
	drain_ring();
	return 0;
}

static int start_call_circle(void)
{
	int error = lab_start_role(flush_kthread, NULL, 0, cpu);

	return error ? error : lab_start_role(drain_kthread, NULL, 1, other);
}

/* Every CPU spins with its interrupts off. */
static noinline void wait_for_hardware(void)
{
	local_irq_disable();
	while (!READ_ONCE(link_up))
		cpu_relax();
	local_irq_enable();
}

static int hardware_kthread(void *unused)
{
	lab_wait_for_go();
	atomic_inc(&lab_arrived);
	while (atomic_read(&lab_arrived) < num_online_cpus())
		cond_resched();
	wait_for_hardware();
	return 0;
}

static int start_all_deaf(void)
{
	int error = 0;
	int on;

	for_each_online_cpu(on)
		error = error ? error : lab_start_role(hardware_kthread, NULL, 0, on);
	return error;
}

/* The owner's word of a mutex overwritten, as by a stray write, while it is held and wanted. */
static int stray_kthread(void *unused)
{
	lab_wait_for_go();
	mutex_lock(&flash_lock);
	msleep(3000);
#ifdef CONFIG_PREEMPT_RT
	WRITE_ONCE(flash_lock.rtmutex.owner, (struct task_struct *)0x6b6b6b6b6b6b6b01UL);
#else
	atomic_long_set(&flash_lock.owner, 0x6b6b6b6b6b6b6b01UL);
#endif
	for (;;)
		msleep(500);
	return 0;
}

static int start_overwritten(void)
{
	int error = lab_start_role(stray_kthread, NULL, 0, -1);

	return error ? error : lab_start_victims(flash_kthread, NULL);
}

/* A faulty access with a mutex held: the thread is ended, and the mutex stays. */
struct channel {
	unsigned long first[6];
	unsigned long credit;
};

static struct channel *channel;

static noinline void charge_channel(struct channel *of)
{
	of->credit += seen + 1;
}

static noinline void charge_locked(struct mutex *lock)
{
	mutex_lock(lock);
	charge_channel(READ_ONCE(channel));
	mutex_unlock(lock);
}

static int charge_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(300);
	charge_locked(&flash_lock);
	return 0;
}

static struct task_struct *charger;

/* The task that lies where the ended one lay, or 0. */
static int heir_pid(char *buffer, const struct kernel_param *unused)
{
	struct task_struct *task;
	pid_t pid = 0;

	rcu_read_lock();
	for_each_process(task)
		if (task == READ_ONCE(charger))
			pid = task->pid;
	rcu_read_unlock();
	return sprintf(buffer, "%d\n", pid);
}

static const struct kernel_param_ops heir_ops = { .get = heir_pid };
module_param_cb(heir, &heir_ops, NULL, 0444);

/* Brings one after another who wants the mutex, until one lies where the ended thread lay. */
static int recruiting_kthread(void *unused)
{
	unsigned int i;

	lab_wait_for_go();
	msleep(2500);
	for (i = 0; i < 400; i++) {
		struct task_struct *task = kthread_run(flash_kthread, NULL, "%s", names[2]);

		if (IS_ERR(task) || task == READ_ONCE(charger))
			return 0;
		msleep(20);
	}
	return 0;
}

static int start_oops_holder(void)
{
	charger = kthread_create(charge_kthread, NULL, "%s", names[0]);
	if (IS_ERR(charger))
		return PTR_ERR(charger);
	wake_up_process(charger);
	if (lab_start_role(recruiting_kthread, NULL, 1, -1))
		return -ENOMEM;
	return lab_start_victims(flash_kthread, NULL);
}

/* The same with nothing held, and nobody hurt. */
static int charge_only_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(300);
	charge_channel(READ_ONCE(channel));
	return 0;
}

static int start_oops_alone(void)
{
	return lab_start_role(charge_only_kthread, NULL, 0, -1);
}

/* Warns, and then does what hangs. */
static noinline void warn_and_keep(void)
{
	WARN(1, "tx timeout, queue %d", cpu);
	mutex_lock(&flash_lock);
	await_reply();
	mutex_unlock(&flash_lock);
}

static int warn_kthread(void *unused)
{
	lab_wait_for_go();
	warn_and_keep();
	return 0;
}

static int start_warned(void)
{
	int error = lab_start_role(warn_kthread, NULL, 0, -1);

	return error ? error : lab_start_victims(flash_kthread, NULL);
}

/* A long erase under a mutex, lawful, and a crash that has nothing to do with it. */
static int erase_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		mutex_lock(&flash_lock);
		msleep(20000);
		mutex_unlock(&flash_lock);
		msleep(100);
	}
	return 0;
}

static char *fault = "null";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "null, bug, divide, wild or stack");

static unsigned int fault_after = 12000;
module_param(fault_after, uint, 0444);
MODULE_PARM_DESC(fault_after, "milliseconds until the crash");

static noinline unsigned long descend(unsigned long depth)
{
	volatile unsigned long room[64];

	if (depth > 1UL << 40)
		return 0;
	room[depth % 64] = depth;
	return descend(depth + 1) + room[(depth + 1) % 64];
}

static noinline void parse_frame(void)
{
	unsigned long (*wild)[8] = (void *)0xdead000000000100UL;

	if (!strcmp(fault, "null"))
		charge_channel(READ_ONCE(channel));
	else if (!strcmp(fault, "bug"))
		BUG_ON(READ_ONCE(channel) == NULL);
	else if (!strcmp(fault, "divide"))
		WRITE_ONCE(seen, 100U / READ_ONCE(*(unsigned int *)&lab_arrived));
	else if (!strcmp(fault, "wild"))
		WRITE_ONCE(seen, READ_ONCE((*wild)[3]));
	else
		WRITE_ONCE(seen, descend(0));
	barrier();
}

static int parse_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(fault_after);
	parse_frame();
	return 0;
}

static int start_crash(void)
{
	int error = lab_start_role(parse_kthread, NULL, 0, -1);

	if (!error)
		error = lab_start_role(erase_kthread, NULL, 1, -1);
	return error ? error : lab_start_victims(flash_kthread, NULL);
}

/* Two CPUs are lost in the same moment: their watchdogs speak together. */
static noinline void drain_fifo(void)
{
	for (;;)
		cpu_relax();
}

static int fifo_kthread(void *unused)
{
	lab_wait_for_go();
	preempt_disable();
	atomic_inc(&lab_arrived);
	while (atomic_read(&lab_arrived) < 2)
		cpu_relax();
	drain_fifo();
	return 0;
}

static int start_two_lost(void)
{
	int error = lab_start_role(fifo_kthread, NULL, 0, cpu);

	return error ? error : lab_start_role(fifo_kthread, NULL, 1, other);
}

static const struct lab_hang hangs[] = {
	{ "left", start_left },
	{ "slept", start_slept },
	{ "reader-left", start_reader_left },
	{ "seqcount", start_seqcount },
	{ "flag", start_flag },
	{ "call-circle", start_call_circle },
	{ "all-deaf", start_all_deaf },
	{ "overwritten", start_overwritten },
	{ "oops-holder", start_oops_holder },
	{ "oops-alone", start_oops_alone },
	{ "warned", start_warned },
	{ "crash", start_crash },
	{ "two-lost", start_two_lost },
};

static int __init leaks_init(void)
{
	return lab_start_hangs(hangs, ARRAY_SIZE(hangs));
}

module_init(leaks_init);
MODULE_DESCRIPTION("locks that nobody gives back");
MODULE_LICENSE("GPL");
