// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tangles of things that are all right by themselves: works and threads that are waited for under the lock that they
 * want, a lock read twice with a writer between, semaphores used as mutexes, a question asked again for ever. Beside them
 * who only asks again, or looks again, and gets on.
 */
#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/semaphore.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "lab_hangs.h"

static DEFINE_MUTEX(config_lock);
static DECLARE_RWSEM(map_sem);
static struct semaphore tx_sem;
static struct semaphore rx_sem;
static DECLARE_WAIT_QUEUE_HEAD(never);
static DECLARE_COMPLETION(reply);
static DECLARE_COMPLETION(applied);
static struct workqueue_struct *updates;
static struct work_struct refresh;
static struct work_struct apply;
static struct kthread_worker *loader;
static struct kthread_work load;
static unsigned long rounds;

static noinline void query_config(void)
{
	mutex_lock(&config_lock);
	rounds++;
	mutex_unlock(&config_lock);
}

static int query_kthread(void *unused)
{
	lab_come_late();
	for (;;) {
		query_config();
		msleep(10);
	}
	return 0;
}

static int start_with_queries(int (*function)(void *))
{
	int error = lab_start_role(function, NULL, 0, -1);

	return error ? error : lab_start_victims(query_kthread, NULL);
}

/* Asks again every five seconds, under a lock, and is never answered; the twin is, the second time. */
static noinline void ask_firmware(void)
{
	while (!wait_for_completion_timeout(&reply, msecs_to_jiffies(5000)))
		rounds++;
}

static int asking_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		mutex_lock(&config_lock);
		ask_firmware();
		mutex_unlock(&config_lock);
		msleep(hold);
	}
	return 0;
}

static int answering_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		msleep(7000);
		complete(&reply);
	}
	return 0;
}

static int start_asked(void)
{
	return start_with_queries(asking_kthread);
}

static int start_answered(void)
{
	int error = lab_start_role(answering_kthread, NULL, 1, -1);

	return error ? error : start_asked();
}

/* Waits under a lock for a work of an ordered queue, whose work before that wants the lock. */
static void refresh_config(struct work_struct *unused)
{
	query_config();
	barrier();
}

static void apply_config(struct work_struct *unused)
{
	complete(&applied);
	barrier();
}

static noinline void change_config(void)
{
	mutex_lock(&config_lock);
	queue_work(updates, &refresh);
	queue_work(updates, &apply);
	wait_for_completion(&applied);
	mutex_unlock(&config_lock);
}

static int changing_kthread(void *unused)
{
	lab_wait_for_go();
	change_config();
	return 0;
}

static int start_ordered(void)
{
	updates = alloc_ordered_workqueue("%s", 0, names[2]);
	if (!updates)
		return -ENOMEM;
	INIT_WORK(&refresh, refresh_config);
	INIT_WORK(&apply, apply_config);
	return start_with_queries(changing_kthread);
}

/* A work that ends itself, and waits until it has. */
static void restart_config(struct work_struct *self)
{
	cancel_work_sync(self);
	barrier();
}

static int flush_kthread(void *unused)
{
	lab_come_late();
	flush_work(&refresh);
	return 0;
}

static int restarting_kthread(void *unused)
{
	lab_wait_for_go();
	queue_work(system_unbound_wq, &refresh);
	for (;;)
		msleep(1000);
	return 0;
}

static int start_own_flush(void)
{
	int error;

	INIT_WORK(&refresh, restart_config);
	error = lab_start_role(restarting_kthread, NULL, 0, -1);
	return error ? error : lab_start_victims(flush_kthread, NULL);
}

/* The same with a thread of its own for the works. */
static void load_config(struct kthread_work *unused)
{
	query_config();
	barrier();
}

static noinline void reload_config(void)
{
	mutex_lock(&config_lock);
	kthread_queue_work(loader, &load);
	kthread_flush_work(&load);
	mutex_unlock(&config_lock);
}

static int reloading_kthread(void *unused)
{
	lab_wait_for_go();
	reload_config();
	return 0;
}

static int start_own_worker(void)
{
	struct task_struct *task;

	loader = kzalloc(sizeof(*loader), GFP_KERNEL);
	if (!loader)
		return -ENOMEM;
	kthread_init_worker(loader);
	kthread_init_work(&load, load_config);
	task = kthread_run(kthread_worker_fn, loader, "%s", names[1]);
	if (IS_ERR(task))
		return PTR_ERR(task);
	loader->task = task;
	return start_with_queries(reloading_kthread);
}

/* Reads what it reads already, and a writer has come between. */
static noinline void look_up_twice(void)
{
	down_read(&map_sem);
	msleep(3000);
	down_read(&map_sem);
	up_read(&map_sem);
	up_read(&map_sem);
}

static int looking_kthread(void *unused)
{
	lab_wait_for_go();
	look_up_twice();
	return 0;
}

static noinline void insert_entry(void)
{
	down_write(&map_sem);
	up_write(&map_sem);
}

static int inserting_kthread(void *unused)
{
	lab_come_late();
	insert_entry();
	return 0;
}

static noinline void look_up(void)
{
	down_read(&map_sem);
	up_read(&map_sem);
}

static int late_looking_kthread(void *unused)
{
	lab_come_late();
	msleep(4000);
	look_up();
	return 0;
}

static int start_read_twice(void)
{
	int error = lab_start_role(looking_kthread, NULL, 0, -1);

	if (!error)
		error = lab_start_role(inserting_kthread, NULL, 1, -1);
	return error ? error : lab_start_victims(late_looking_kthread, NULL);
}

/* A reader stays; a later one, which the lock remembers, has left it and waits for work. */
static noinline void scan_entries(void)
{
	down_read(&map_sem);
	wait_event(never, READ_ONCE(rounds) == ~0UL);
	up_read(&map_sem);
}

static int scanning_kthread(void *unused)
{
	lab_wait_for_go();
	scan_entries();
	return 0;
}

static int passing_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(500);
	look_up();
	wait_event_interruptible(never, READ_ONCE(rounds) == ~0UL);
	return 0;
}

static int start_passed(void)
{
	int error = lab_start_role(scanning_kthread, NULL, 0, -1);

	if (!error)
		error = lab_start_role(passing_kthread, NULL, 1, -1);
	return error ? error : lab_start_victims(inserting_kthread, NULL);
}

/* Semaphores used as mutexes, by sleepers whom a signal would wake; others cannot be woken. */
static noinline int link_both(struct semaphore *own, struct semaphore *next)
{
	int error = down_interruptible(own);

	if (error)
		return error;
	lab_meet(2);
	error = down_interruptible(next);
	if (!error)
		up(next);
	up(own);
	return error;
}

static int link_kthread(void *data)
{
	lab_wait_for_go();
	return data ? link_both(&rx_sem, &tx_sem) : link_both(&tx_sem, &rx_sem);
}

static noinline void send_packet(void)
{
	down(&tx_sem);
	up(&tx_sem);
}

static int send_kthread(void *unused)
{
	lab_come_late();
	send_packet();
	return 0;
}

static int start_semaphores(void)
{
	int error;

	sema_init(&tx_sem, 1);
	sema_init(&rx_sem, 1);
	error = lab_start_role(link_kthread, NULL, 0, -1);
	if (!error)
		error = lab_start_role(link_kthread, names, 1, -1);
	return error ? error : lab_start_victims(send_kthread, NULL);
}

/* A word in /sys whose writer is kept, under the lock of the module's words. */
static int set_rate(const char *value, const struct kernel_param *unused)
{
	wait_for_completion(&reply);
	return 0;
}

static int get_rate(char *buffer, const struct kernel_param *unused)
{
	return sysfs_emit(buffer, "%lu\n", rounds);
}

static const struct kernel_param_ops rate_ops = { .set = set_rate, .get = get_rate };
module_param_cb(rate, &rate_ops, NULL, 0644);
MODULE_PARM_DESC(rate, "write to it, and wait for good");

static int start_nothing(void)
{
	return 0;
}

/* Twin: looks again and again, without sleeping, three seconds under the lock; and lets all others run. */
static int looking_again_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		unsigned long end = jiffies + 3 * HZ;

		mutex_lock(&config_lock);
		while (time_before(jiffies, end))
			cond_resched();
		mutex_unlock(&config_lock);
		msleep(hold);
	}
	return 0;
}

static int start_looked_again(void)
{
	return start_with_queries(looking_again_kthread);
}

/* Twin: all come at once, each takes the lock once, and the last has waited for long. */
static noinline void program_entry(void)
{
	mutex_lock(&config_lock);
	msleep(hold);
	mutex_unlock(&config_lock);
}

static int once_kthread(void *unused)
{
	lab_wait_for_go();
	program_entry();
	return 0;
}

static int start_rush(void)
{
	return lab_start_victims(once_kthread, NULL);
}

/* Twin: threads come and go, works are flushed, grace periods pass, without a pause. */
static int short_kthread(void *unused)
{
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static int churning_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		struct task_struct *task = kthread_run(short_kthread, NULL, "%s", names[1]);

		synchronize_rcu();
		if (!IS_ERR(task))
			kthread_stop(task);
		mutex_lock(&config_lock);
		queue_work(system_unbound_wq, &apply);
		flush_work(&apply);
		mutex_unlock(&config_lock);
		rcu_barrier();
		synchronize_rcu_expedited();
	}
	return 0;
}

static int start_churning(void)
{
	INIT_WORK(&apply, apply_config);
	return lab_start_victims(churning_kthread, NULL);
}

static const struct lab_hang hangs[] = {
	{ "asked", start_asked },
	{ "answered", start_answered },
	{ "ordered", start_ordered },
	{ "own-flush", start_own_flush },
	{ "own-worker", start_own_worker },
	{ "read-twice", start_read_twice },
	{ "passed", start_passed },
	{ "semaphores", start_semaphores },
	{ "words", start_nothing },
	{ "looked-again", start_looked_again },
	{ "rush", start_rush },
	{ "churning", start_churning },
};

static int __init tangles_init(void)
{
	return lab_start_hangs(hangs, ARRAY_SIZE(hangs));
}

module_init(tangles_init);
MODULE_DESCRIPTION("tangles of works, timers, callbacks and locks");
MODULE_LICENSE("GPL");
