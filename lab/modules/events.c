// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waits for what others have to do: completions, the end of a thread, work that
 * is to be done. `stop` hangs when the module is unloaded.
 */
#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/semaphore.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "lab_hangs.h"

static DECLARE_COMPLETION(answer);
static DECLARE_WAIT_QUEUE_HEAD(changes);
static bool changed;
static DEFINE_MUTEX(state_lock);
static struct semaphore slots;
static struct workqueue_struct *queue;
static struct work_struct job;
static struct work_struct jobs[16];
static struct task_struct *helper;

static int asking_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;)
		wait_for_completion(&answer);
	return 0;
}

static int start_never(void)
{
	int error = lab_start_role(asking_kthread, NULL, 0, -1);

	return error ? error : lab_start_victims(asking_kthread, NULL);
}

/* The twin: the answers come, if slowly. */
static int answering_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		msleep(hold);
		complete(&answer);
	}
	return 0;
}

static int start_answered(void)
{
	int error = lab_start_role(answering_kthread, NULL, 1, -1);

	return error ? error : start_never();
}

/* Wake-ups that are lost: what is waited for has come, and nobody was told. */
static int silent_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(3000);
	WRITE_ONCE(answer.done, 1);
	return 0;
}

static int start_silent(void)
{
	int error = lab_start_role(asking_kthread, NULL, 0, -1);

	return error ? error : lab_start_role(silent_kthread, NULL, 1, -1);
}

static int changes_kthread(void *unused)
{
	lab_wait_for_go();
	wait_event(changes, READ_ONCE(changed));
	return 0;
}

static int setting_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(3000);
	WRITE_ONCE(changed, true);
	return 0;
}

static int start_unheard(void)
{
	int error = lab_start_role(changes_kthread, NULL, 0, -1);

	return error ? error : lab_start_role(setting_kthread, NULL, 1, -1);
}

static int slot_kthread(void *unused)
{
	lab_come_late();
	down(&slots);
	up(&slots);
	return 0;
}

static int full_kthread(void *unused)
{
	lab_wait_for_go();
	down(&slots);
	msleep(4000);
	slots.count = 1;
	return 0;
}

static int start_slots(void)
{
	int error;

	sema_init(&slots, 1);
	error = lab_start_role(full_kthread, NULL, 1, -1);
	return error ? error : lab_start_victims(slot_kthread, NULL);
}

/* Holds the only slot and sleeps; a semaphore knows no owner. */
static int keeping_kthread(void *unused)
{
	lab_wait_for_go();
	down(&slots);
	wait_for_completion(&answer);
	up(&slots);
	return 0;
}

static int start_kept(void)
{
	int error;

	sema_init(&slots, 1);
	error = lab_start_role(keeping_kthread, NULL, 0, -1);
	return error ? error : lab_start_victims(slot_kthread, NULL);
}

/* A mutex held over a wait for somebody who wants it. */
static int wanting_kthread(void *unused)
{
	lab_come_late();
	mutex_lock(&state_lock);
	mutex_unlock(&state_lock);
	complete(&answer);
	return 0;
}

static int holding_kthread(void *unused)
{
	lab_wait_for_go();
	mutex_lock(&state_lock);
	wait_for_completion(&answer);
	mutex_unlock(&state_lock);
	return 0;
}

static int start_held_answer(void)
{
	int error = lab_start_role(holding_kthread, NULL, 0, -1);

	return error ? error : lab_start_role(wanting_kthread, NULL, 1, -1);
}

static noinline void poll_state(void)
{
	mutex_lock(&state_lock);
	msleep(5);
	mutex_unlock(&state_lock);
}

/* Polls under the lock; asked to stop by rmmod, which holds it then. */
static int polling_kthread(void *unused)
{
	while (!kthread_should_stop()) {
		poll_state();
		msleep(20);
	}
	return 0;
}

static int start_stop(void)
{
	helper = kthread_run(polling_kthread, NULL, "%s", names[0]);
	return PTR_ERR_OR_ZERO(helper);
}

/* The twin: it notices late that it is to stop. */
static int tardy_kthread(void *unused)
{
	while (!kthread_should_stop())
		msleep(60000);
	return 0;
}

static int start_tardy(void)
{
	helper = kthread_run(tardy_kthread, NULL, "%s", names[0]);
	return PTR_ERR_OR_ZERO(helper);
}

/* Works that are seen on their stacks: what comes last in them is no jump. */
static void wanting_work(struct work_struct *unused)
{
	msleep(500);
	poll_state();
	barrier();
}

static void slow_work(struct work_struct *unused)
{
	msleep(hold);
}

static void stuck_work(struct work_struct *unused)
{
	wait_for_completion(&answer);
	barrier();
}

static int flushing_kthread(void *unused)
{
	lab_wait_for_go();
	queue_work(queue, &job);
	mutex_lock(&state_lock);
	flush_work(&job);
	mutex_unlock(&state_lock);
	return 0;
}

static int state_kthread(void *unused)
{
	lab_come_late();
	for (;;)
		poll_state();
	return 0;
}

static int draining_kthread(void *unused)
{
	lab_come_late();
	for (;;) {
		flush_workqueue(queue);
		msleep(1);
	}
	return 0;
}

/* Always as much to do as fits. */
static int feeding_kthread(void *unused)
{
	unsigned int i;

	lab_wait_for_go();
	for (;;) {
		for (i = 0; i < ARRAY_SIZE(jobs); i++)
			queue_work(queue, &jobs[i]);
		msleep(20);
	}
	return 0;
}

static int make_queue(void (*first)(struct work_struct *), void (*others)(struct work_struct *))
{
	unsigned int i;

	queue = alloc_ordered_workqueue("%s", 0, names[2]);
	if (!queue)
		return -ENOMEM;
	INIT_WORK(&job, first);
	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		INIT_WORK(&jobs[i], others);
	return 0;
}

static int start_flush(void)
{
	int error = make_queue(wanting_work, slow_work);

	if (!error)
		error = lab_start_role(flushing_kthread, NULL, 0, -1);
	return error ? error : lab_start_victims(state_kthread, NULL);
}

/* An ordered queue whose first work never ends, or, the twin, whose works take their time. */
static int start_fed_queue(void)
{
	int error = lab_start_role(feeding_kthread, NULL, 1, -1);

	return error ? error : lab_start_victims(draining_kthread, NULL);
}

static int start_stuck_queue(void)
{
	int error = make_queue(stuck_work, slow_work);

	if (error)
		return error;
	queue_work(queue, &job);
	return start_fed_queue();
}

static int start_slow_queue(void)
{
	int error = make_queue(slow_work, slow_work);

	return error ? error : start_fed_queue();
}

/* A reader that sleeps inside, preempted for good, and those who wait for it. */
static noinline void read_and_sleep(void)
{
	rcu_read_lock();
	wait_for_completion(&answer);
	rcu_read_unlock();
}

static int sleeping_reader_kthread(void *unused)
{
	lab_wait_for_go();
	read_and_sleep();
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

static int start_rcu_sleeper(void)
{
	int error = lab_start_role(sleeping_reader_kthread, NULL, 0, -1);

	return error ? error : lab_start_victims(grace_kthread, NULL);
}

/* The twin: readers come and go. */
static int reader_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		rcu_read_lock();
		mdelay(2);
		rcu_read_unlock();
		msleep(1);
	}
	return 0;
}

static int start_rcu_readers(void)
{
	int error = lab_start_role(reader_kthread, NULL, 0, -1);

	return error ? error : lab_start_victims(grace_kthread, NULL);
}

static const struct lab_hang hangs[] = {
	{ "never", start_never },
	{ "answered", start_answered },
	{ "silent", start_silent },
	{ "unheard", start_unheard },
	{ "slots", start_slots },
	{ "kept", start_kept },
	{ "held-answer", start_held_answer },
	{ "stop", start_stop },
	{ "tardy", start_tardy },
	{ "flush", start_flush },
	{ "stuck-queue", start_stuck_queue },
	{ "slow-queue", start_slow_queue },
	{ "rcu-sleeper", start_rcu_sleeper },
	{ "rcu-readers", start_rcu_readers },
};

static int __init events_init(void)
{
	return lab_start_hangs(hangs, ARRAY_SIZE(hangs));
}

/* Asked for with `stop` and `tardy` alone: nothing else ends. */
static void __exit events_exit(void)
{
	if (!helper)
		return;
	mutex_lock(&state_lock);
	msleep(500);
	kthread_stop(helper);
	mutex_unlock(&state_lock);
}

module_init(events_init);
module_exit(events_exit);
MODULE_DESCRIPTION("waits for what others have to do");
MODULE_LICENSE("GPL");
