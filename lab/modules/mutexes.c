// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hangs on mutexes, and the twins in which the same mutexes move.
 */
#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "lab_hangs.h"

static DEFINE_MUTEX(table_lock);
static DEFINE_MUTEX(cache_lock);
static DEFINE_MUTEX(log_lock);
static struct mutex *const locks[] = { &table_lock, &cache_lock, &log_lock };

static DECLARE_COMPLETION(answer);
static DECLARE_WAIT_QUEUE_HEAD(changes);
static bool changed;

/* In and out again, for ever: a queue that moves, unless somebody stays inside. */
static noinline void use_lock(struct mutex *lock)
{
	mutex_lock(lock);
	msleep(hold);
	mutex_unlock(lock);
}

static int user_kthread(void *lock)
{
	lab_come_late();
	for (;;)
		use_lock(lock);
	return 0;
}

/* A cycle: each holds its own lock and wants the next one's. */
static unsigned int members;

static noinline void update(struct mutex *own, struct mutex *next)
{
	mutex_lock(own);
	lab_meet(members);
	mutex_lock(next);
	mutex_unlock(next);
	mutex_unlock(own);
}

static int update_kthread(void *data)
{
	unsigned long place = (unsigned long)data;

	lab_wait_for_go();
	update(locks[place], locks[(place + 1) % members]);
	return 0;
}

static int start_cycle(unsigned int length)
{
	unsigned long i;
	int error = 0;

	members = length;
	for (i = 0; i < members && !error; i++)
		error = lab_start_role(update_kthread, (void *)i, i, -1);
	for (i = 0; i < members && !error; i++)
		error = lab_start_victims(user_kthread, locks[i]);
	return error;
}

static int start_abba(void)
{
	return start_cycle(2);
}

static int start_cycle3(void)
{
	return start_cycle(3);
}

/* Its twin: both locks together too, but all in the same order. */
static int order_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		mutex_lock(&table_lock);
		use_lock(&cache_lock);
		mutex_unlock(&table_lock);
		msleep(1);
	}
	return 0;
}

static int start_order(void)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < 3 && !error; i++)
		error = lab_start_role(order_kthread, NULL, i, -1);
	if (!error)
		error = lab_start_victims(user_kthread, &table_lock);
	return error ? error : lab_start_victims(user_kthread, &cache_lock);
}

static int start_queue(void)
{
	return lab_start_victims(user_kthread, &table_lock);
}

/* The same lock twice. */
static int self_kthread(void *unused)
{
	lab_wait_for_go();
	mutex_lock(&table_lock);
	use_lock(&table_lock);
	mutex_unlock(&table_lock);
	return 0;
}

static int start_self(void)
{
	int error = lab_start_role(self_kthread, NULL, 0, -1);

	return error ? error : lab_start_victims(user_kthread, &table_lock);
}

/* Holders that sleep: for an answer, for a change, for long, or in another queue. */
static int answer_kthread(void *lock)
{
	lab_wait_for_go();
	mutex_lock(lock);
	wait_for_completion(&answer);
	mutex_unlock(lock);
	return 0;
}

static int change_kthread(void *lock)
{
	lab_wait_for_go();
	mutex_lock(lock);
	wait_event(changes, changed);
	mutex_unlock(lock);
	return 0;
}

static int nap_kthread(void *lock)
{
	lab_wait_for_go();
	mutex_lock(lock);
	while (!READ_ONCE(changed))
		msleep(2000);
	mutex_unlock(lock);
	return 0;
}

/* Holds it and does not sleep, but offers to reschedule all the time. */
static noinline void work_for_ever(void)
{
	while (!READ_ONCE(changed))
		cond_resched();
}

static int busy_kthread(void *lock)
{
	lab_wait_for_go();
	mutex_lock(lock);
	work_for_ever();
	mutex_unlock(lock);
	return 0;
}

/* The same by whoever writes to this parameter: a process of user space, in a control group of its own. */
static int burn(const char *value, const struct kernel_param *unused)
{
	mutex_lock(&table_lock);
	work_for_ever();
	mutex_unlock(&table_lock);
	return 0;
}

static const struct kernel_param_ops burn_ops = { .set = burn };
module_param_cb(burn, &burn_ops, NULL, 0200);

static int chain_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(500);
	mutex_lock(&table_lock);
	use_lock(&cache_lock);
	mutex_unlock(&table_lock);
	return 0;
}

static int start_holder(int (*function)(void *))
{
	int error = lab_start_role(function, &table_lock, 0, -1);

	return error ? error : lab_start_victims(user_kthread, &table_lock);
}

static int start_answer(void)
{
	return start_holder(answer_kthread);
}

static int start_change(void)
{
	return start_holder(change_kthread);
}

static int start_nap(void)
{
	return start_holder(nap_kthread);
}

static int start_busy(void)
{
	int error = lab_start_role(busy_kthread, &table_lock, 0, cpu);

	return error ? error : lab_start_victims(user_kthread, &table_lock);
}

static int start_chain(void)
{
	int error = lab_start_role(answer_kthread, &cache_lock, 0, -1);

	if (!error)
		error = lab_start_role(chain_kthread, NULL, 1, -1);
	return error ? error : lab_start_victims(user_kthread, &table_lock);
}

/* Takes the lock and is gone; the twin gives it back first. */
static struct task_struct *left;

static int leave_kthread(void *lock)
{
	lab_wait_for_go();
	mutex_lock(lock);
	WRITE_ONCE(left, current);
	return 0;
}

/* The task that lies where it lay, or 0. */
static int heir_pid(char *buffer, const struct kernel_param *unused)
{
	struct task_struct *task;
	pid_t pid = 0;

	rcu_read_lock();
	for_each_process(task)
		if (task == READ_ONCE(left))
			pid = task->pid;
	rcu_read_unlock();
	return sprintf(buffer, "%d\n", pid);
}

static const struct kernel_param_ops heir_ops = { .get = heir_pid };
module_param_cb(heir, &heir_ops, NULL, 0444);

static int leave_tidily_kthread(void *lock)
{
	lab_wait_for_go();
	use_lock(lock);
	return 0;
}

static int start_exited(void)
{
	return start_holder(leave_kthread);
}

static int start_exited_tidily(void)
{
	return start_holder(leave_tidily_kthread);
}

/* The owner's word lost: the lock is free and its queue sleeps on. */
static int forget_kthread(void *unused)
{
	lab_wait_for_go();
	mutex_lock(&table_lock);
	msleep(3000);
#ifdef CONFIG_PREEMPT_RT
	WRITE_ONCE(table_lock.rtmutex.owner, NULL);
#else
	atomic_long_set(&table_lock.owner, 0);
#endif
	return 0;
}

static int start_forgotten(void)
{
	return start_holder(forget_kthread);
}

static const struct lab_hang hangs[] = {
	{ "abba", start_abba },
	{ "cycle3", start_cycle3 },
	{ "order", start_order },
	{ "queue", start_queue },
	{ "self", start_self },
	{ "answer", start_answer },
	{ "change", start_change },
	{ "nap", start_nap },
	{ "busy", start_busy },
	{ "chain", start_chain },
	{ "exited", start_exited },
	{ "exited-tidily", start_exited_tidily },
	{ "forgotten", start_forgotten },
};

static int __init mutexes_init(void)
{
	return lab_start_hangs(hangs, ARRAY_SIZE(hangs));
}

module_init(mutexes_init);
MODULE_DESCRIPTION("hangs on mutexes");
MODULE_LICENSE("GPL");
