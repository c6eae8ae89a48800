// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Queues that look stuck in one moment and move: long ones in turn, locks that change hands while the oldest waiter
 * goes on waiting, work that any of several workers can do, real-time bursts, slots that are lent. Beside them the
 * hangs that look the same: slots that never come back, a counter that nobody counts up, a poller that polls for ever.
 */
#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/sched/clock.h>
#include <linux/semaphore.h>
#include <linux/workqueue.h>

#include "lab_hangs.h"

static unsigned int round_ms = 6000;
module_param(round_ms, uint, 0444);
MODULE_PARM_DESC(round_ms, "milliseconds of one round of work");

static unsigned int slots = 4;
module_param(slots, uint, 0444);
MODULE_PARM_DESC(slots, "how many slots a semaphore has");

static DEFINE_MUTEX(ring_lock);
static DECLARE_RWSEM(map_sem);
static struct semaphore tokens;
static DECLARE_COMPLETION(reply);
static struct workqueue_struct *rounds;
static struct work_struct slow_round;
static struct work_struct locked_round;
static struct work_struct late_round;
static bool ready;

/* A long queue in turn: nobody waits in vain, and the last one long. */
static noinline void program_entry(void)
{
	mutex_lock(&ring_lock);
	msleep(hold);
	mutex_unlock(&ring_lock);
}

static int entry_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;)
		program_entry();
	return 0;
}

static int start_queue(void)
{
	return lab_start_victims(entry_kthread, NULL);
}

/* The same on a semaphore for readers and writers, which its writers hand on. */
static noinline void resize_table(void)
{
	down_write(&map_sem);
	msleep(hold);
	up_write(&map_sem);
}

static int resize_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;)
		resize_table();
	return 0;
}

static int start_writers(void)
{
	return lab_start_victims(resize_kthread, NULL);
}

/* Young tasks, which live for one turn only, spin for it and so overtake the queue. */
static int short_lived_kthread(void *unused)
{
	down_write(&map_sem);
	mdelay(min(hold, 100U));
	up_write(&map_sem);
	return 0;
}

static int spawning_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		struct task_struct *task = kthread_run(short_lived_kthread, NULL, "%s", names[1]);

		if (IS_ERR(task))
			return 0;
		msleep(hold);
	}
	return 0;
}

static int start_handed_on(void)
{
	int error = lab_start_role(spawning_kthread, NULL, 0, -1);

	return error ? error : lab_start_victims(resize_kthread, NULL);
}

/*
 * A flush under a lock, of work that is queued behind a round that takes its time, on a queue with two places, whose
 * other place is taken by a work that wants the lock. Any free worker will do.
 */
static void do_slow_round(struct work_struct *unused)
{
	msleep(round_ms);
	barrier();
}

static void do_locked_round(struct work_struct *unused)
{
	mutex_lock(&ring_lock);
	mutex_unlock(&ring_lock);
	barrier();
}

static void do_late_round(struct work_struct *unused)
{
	msleep(hold);
	barrier();
}

static int flushing_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		mutex_lock(&ring_lock);
		queue_work(rounds, &slow_round);
		queue_work(rounds, &locked_round);
		queue_work(rounds, &late_round);
		flush_work(&late_round);
		mutex_unlock(&ring_lock);
		flush_workqueue(rounds);
		msleep(hold);
	}
	return 0;
}

static int start_either_worker(void)
{
	int error;

	rounds = alloc_workqueue("%s", WQ_UNBOUND, 2, names[2]);
	if (!rounds)
		return -ENOMEM;
	INIT_WORK(&slow_round, do_slow_round);
	INIT_WORK(&locked_round, do_locked_round);
	INIT_WORK(&late_round, do_late_round);
	error = lab_start_role(flushing_kthread, NULL, 0, -1);
	return error ? error : lab_start_victims(entry_kthread, NULL);
}

/* The hang that looks so: the first round wants the lock too, so that no place comes free. */
static int start_no_worker(void)
{
	int error = start_either_worker();

	INIT_WORK(&slow_round, do_locked_round);
	return error;
}

/* Works for 40 ms, sleeps for 30, at real-time priority; a nice task has the rest of the CPU. */
static noinline void poll_samples(void)
{
	u64 end = local_clock() + 40 * NSEC_PER_MSEC;

	while (local_clock() < end)
		cpu_relax();
}

static int burst_kthread(void *unused)
{
	lab_wait_for_go();
	sched_set_fifo(current);
	for (;;) {
		poll_samples();
		msleep(30);
	}
	return 0;
}

static int nice_kthread(void *unused)
{
	lab_wait_for_go();
	set_user_nice(current, 19);
	for (;;) {
		mutex_lock(&ring_lock);
		poll_samples();
		mutex_unlock(&ring_lock);
		cond_resched();
	}
	return 0;
}

static int start_bursts(void)
{
	int error = lab_start_role(burst_kthread, NULL, 0, cpu);

	if (!error)
		error = lab_start_role(nice_kthread, NULL, 1, cpu);
	return error ? error : lab_start_victims(entry_kthread, NULL);
}

/* Slots that are lent and come back, fewer than those who want one. */
static noinline void submit_request(void)
{
	down(&tokens);
	msleep(hold);
	up(&tokens);
}

static int submit_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;)
		submit_request();
	return 0;
}

static int start_lent(void)
{
	sema_init(&tokens, slots);
	return lab_start_victims(submit_kthread, NULL);
}

/* All slots are kept, by threads that wait for a reply; one has borrowed a slot before and gone on living. */
static noinline void await_reply(void)
{
	wait_for_completion(&reply);
}

static int keep_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(1500);
	down(&tokens);
	await_reply();
	up(&tokens);
	return 0;
}

static int borrow_kthread(void *unused)
{
	lab_wait_for_go();
	submit_request();
	for (;;)
		msleep(300);
	return 0;
}

static int late_submit_kthread(void *unused)
{
	lab_come_late();
	msleep(2000);
	submit_request();
	return 0;
}

static int start_kept(void)
{
	int error;

	slots = 2;
	sema_init(&tokens, slots);
	error = lab_start_role(keep_kthread, NULL, 0, -1);
	if (!error)
		error = lab_start_role(keep_kthread, NULL, 1, -1);
	if (!error)
		error = lab_start_role(borrow_kthread, NULL, 2, -1);
	return error ? error : lab_start_victims(late_submit_kthread, NULL);
}

/* A semaphore that counts what has come: whoever counts it up does not take it. */
static int arrival_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		msleep(round_ms);
		up(&tokens);
	}
	return 0;
}

static int consume_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;)
		down(&tokens);
	return 0;
}

static int last_arrival_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(2000);
	up(&tokens);
	return 0;
}

static int start_counted(void)
{
	int error;

	sema_init(&tokens, 1);
	error = lab_start_role(arrival_kthread, NULL, 0, -1);
	return error ? error : lab_start_victims(consume_kthread, NULL);
}

static int start_uncounted(void)
{
	int error;

	sema_init(&tokens, 1);
	error = lab_start_role(last_arrival_kthread, NULL, 0, -1);
	return error ? error : lab_start_victims(consume_kthread, NULL);
}

/* Polls under the lock, 50 ms at a time: the poller never sleeps long, and what it polls for does not come. */
static noinline void poll_ready(void)
{
	while (!READ_ONCE(ready))
		msleep(50);
}

static int poll_kthread(void *unused)
{
	lab_wait_for_go();
	mutex_lock(&ring_lock);
	poll_ready();
	mutex_unlock(&ring_lock);
	return 0;
}

static int start_polled(void)
{
	int error = lab_start_role(poll_kthread, NULL, 0, -1);

	return error ? error : lab_start_victims(entry_kthread, NULL);
}

/* The twin: what it polls for comes every few seconds. */
static int repoll_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		mutex_lock(&ring_lock);
		poll_ready();
		WRITE_ONCE(ready, false);
		mutex_unlock(&ring_lock);
		msleep(hold);
	}
	return 0;
}

static int ready_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		msleep(round_ms);
		WRITE_ONCE(ready, true);
	}
	return 0;
}

static int start_repolled(void)
{
	int error = lab_start_role(repoll_kthread, NULL, 0, -1);

	if (!error)
		error = lab_start_role(ready_kthread, NULL, 1, -1);
	return error ? error : lab_start_victims(entry_kthread, NULL);
}

/* Two threads hold a lock each and try for the other's, without sleeping and without giving back. */
static DEFINE_MUTEX(peer_lock);

static noinline void claim_both(struct mutex *own, struct mutex *next)
{
	mutex_lock(own);
	lab_meet(2);
	while (!mutex_trylock(next))
		cond_resched();
	mutex_unlock(next);
	mutex_unlock(own);
}

static int claim_kthread(void *data)
{
	lab_wait_for_go();
	if (data)
		claim_both(&peer_lock, &ring_lock);
	else
		claim_both(&ring_lock, &peer_lock);
	return 0;
}

static int late_entry_kthread(void *unused)
{
	lab_come_late();
	msleep(1000);
	program_entry();
	return 0;
}

static int start_trylocks(void)
{
	int error = lab_start_role(claim_kthread, NULL, 0, -1);

	if (!error)
		error = lab_start_role(claim_kthread, names, 1, -1);
	return error ? error : lab_start_victims(late_entry_kthread, NULL);
}

static const struct lab_hang hangs[] = {
	{ "queue", start_queue },
	{ "writers", start_writers },
	{ "handed-on", start_handed_on },
	{ "either-worker", start_either_worker },
	{ "no-worker", start_no_worker },
	{ "bursts", start_bursts },
	{ "lent", start_lent },
	{ "kept", start_kept },
	{ "counted", start_counted },
	{ "uncounted", start_uncounted },
	{ "polled", start_polled },
	{ "repolled", start_repolled },
	{ "trylocks", start_trylocks },
};

static int __init turnstiles_init(void)
{
	return lab_start_hangs(hangs, ARRAY_SIZE(hangs));
}

module_init(turnstiles_init);
MODULE_DESCRIPTION("queues that move, and some that do not");
MODULE_LICENSE("GPL");
