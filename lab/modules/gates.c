// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Locks that keep no owner: SRCU, semaphores of all CPUs, bits, folios, the hint of an rwsem's last reader, wait queues;
 * and nestings of these. Who is inside is to be seen on stacks alone.
 */
#include <linux/async.h>
#include <linux/completion.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/percpu-rwsem.h>
#include <linux/rwsem.h>
#include <linux/srcu.h>
#include <linux/version.h>
#include <linux/wait.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>

#include "lab_hangs.h"

DEFINE_STATIC_SRCU(filters);
static struct percpu_rw_semaphore writers_sem;
static DEFINE_MUTEX(config_lock);
static DEFINE_MUTEX(index_lock);
static DECLARE_RWSEM(tree_sem);
static DECLARE_COMPLETION(reply);
static DECLARE_WAIT_QUEUE_HEAD(left_event);
static DECLARE_WAIT_QUEUE_HEAD(right_event);
static bool left_ready, right_ready;
static unsigned long entry_state;
static struct page *entry_page;
static struct work_struct refresh;
static struct task_struct *helper;

static noinline void await_reply(void)
{
	wait_for_completion(&reply);
}

static void change_config(void)
{
	mutex_lock(&config_lock);
	msleep(hold);
	mutex_unlock(&config_lock);
}

static int config_kthread(void *unused)
{
	lab_come_late();
	for (;;)
		change_config();
	return 0;
}

/* SRCU: a reader that sleeps for good, who waits for it holds the lock that others want. */
static noinline void run_filters(void)
{
	int token = srcu_read_lock(&filters);

	await_reply();
	srcu_read_unlock(&filters, token);
}

static int filter_kthread(void *unused)
{
	lab_wait_for_go();
	run_filters();
	return 0;
}

static noinline void replace_filter(void)
{
	mutex_lock(&config_lock);
	synchronize_srcu(&filters);
	mutex_unlock(&config_lock);
}

static int replace_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(700);
	for (;;) {
		replace_filter();
		msleep(hold);
	}
	return 0;
}

static int start_srcu_reader(void)
{
	int error = lab_start_role(filter_kthread, NULL, 0, -1);

	if (!error)
		error = lab_start_role(replace_kthread, NULL, 1, -1);
	return error ? error : lab_start_victims(config_kthread, NULL);
}

/* The circle: the reader wants the lock. */
static noinline void filter_and_change(void)
{
	int token = srcu_read_lock(&filters);

	msleep(1500);
	change_config();
	srcu_read_unlock(&filters, token);
}

static int filter_change_kthread(void *unused)
{
	lab_wait_for_go();
	filter_and_change();
	return 0;
}

static int start_srcu_circle(void)
{
	int error = lab_start_role(filter_change_kthread, NULL, 0, -1);

	if (!error)
		error = lab_start_role(replace_kthread, NULL, 1, -1);
	return error ? error : lab_start_victims(config_kthread, NULL);
}

/* The twin: readers stay for a second or two. */
static int short_filter_kthread(void *unused)
{
	lab_wait_for_go();
	for (;;) {
		int token = srcu_read_lock(&filters);

		msleep(hold * 8);
		srcu_read_unlock(&filters, token);
		msleep(1);
	}
	return 0;
}

static int start_srcu_turns(void)
{
	int error = lab_start_role(short_filter_kthread, NULL, 0, -1);

	if (!error)
		error = lab_start_role(replace_kthread, NULL, 1, -1);
	return error ? error : lab_start_victims(config_kthread, NULL);
}

/* A semaphore of all CPUs: as a file system's freezing has it. */
static noinline void begin_write(void)
{
	percpu_down_read(&writers_sem);
	msleep(hold);
	percpu_up_read(&writers_sem);
}

static int write_kthread(void *unused)
{
	lab_come_late();
	for (;;) {
		begin_write();
		msleep(1);
	}
	return 0;
}

static noinline void write_for_ever(void)
{
	percpu_down_read(&writers_sem);
	await_reply();
	percpu_up_read(&writers_sem);
}

static int long_write_kthread(void *unused)
{
	lab_wait_for_go();
	write_for_ever();
	return 0;
}

static noinline void freeze_writers(void)
{
	percpu_down_write(&writers_sem);
	msleep(hold);
	percpu_up_write(&writers_sem);
}

static int freeze_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(700);
	for (;;) {
		freeze_writers();
		msleep(hold * 4);
	}
	return 0;
}

static noinline void freeze_for_ever(void)
{
	percpu_down_write(&writers_sem);
	await_reply();
	percpu_up_write(&writers_sem);
}

static int long_freeze_kthread(void *unused)
{
	lab_wait_for_go();
	freeze_for_ever();
	return 0;
}

static int start_percpu_reader(void)
{
	int error = lab_start_role(long_write_kthread, NULL, 0, -1);

	if (!error)
		error = lab_start_role(freeze_kthread, NULL, 1, -1);
	return error ? error : lab_start_victims(write_kthread, NULL);
}

static int start_percpu_writer(void)
{
	int error = lab_start_role(long_freeze_kthread, NULL, 0, -1);

	return error ? error : lab_start_victims(write_kthread, NULL);
}

static int start_percpu_turns(void)
{
	int error = lab_start_role(freeze_kthread, NULL, 0, -1);

	return error ? error : lab_start_victims(write_kthread, NULL);
}

/* A bit that locks an entry. */
static noinline void lock_entry(unsigned long *state)
{
	wait_on_bit_lock(state, 3, TASK_UNINTERRUPTIBLE);
}

static noinline void unlock_entry(unsigned long *state)
{
	clear_bit_unlock(3, state);
	smp_mb__after_atomic();
	wake_up_bit(state, 3);
}

static noinline void load_entry(unsigned long *state)
{
	lock_entry(state);
	await_reply();
	unlock_entry(state);
}

static int load_kthread(void *unused)
{
	lab_wait_for_go();
	load_entry(&entry_state);
	return 0;
}

static int entry_kthread(void *unused)
{
	lab_come_late();
	for (;;) {
		lock_entry(&entry_state);
		msleep(hold);
		unlock_entry(&entry_state);
	}
	return 0;
}

static int start_bit(void)
{
	int error = lab_start_role(load_kthread, NULL, 0, -1);

	return error ? error : lab_start_victims(entry_kthread, NULL);
}

static int start_bit_turns(void)
{
	return lab_start_victims(entry_kthread, NULL);
}

/* A bit and a mutex, in either order. */
static noinline void load_and_index(unsigned long *state)
{
	lock_entry(state);
	lab_meet(2);
	mutex_lock(&index_lock);
	mutex_unlock(&index_lock);
	unlock_entry(state);
}

static int load_index_kthread(void *unused)
{
	lab_wait_for_go();
	load_and_index(&entry_state);
	return 0;
}

static noinline void index_and_load(unsigned long *state)
{
	mutex_lock(&index_lock);
	lab_meet(2);
	lock_entry(state);
	unlock_entry(state);
	mutex_unlock(&index_lock);
}

static int index_kthread(void *unused)
{
	lab_wait_for_go();
	index_and_load(&entry_state);
	return 0;
}

static int start_bit_circle(void)
{
	int error = lab_start_role(load_index_kthread, NULL, 0, -1);

	if (!error)
		error = lab_start_role(index_kthread, NULL, 1, -1);
	return error ? error : lab_start_victims(entry_kthread, NULL);
}

/* A page that stays locked. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
#define page_folio(page) (page)
#define folio_lock lock_page
#define folio_unlock unlock_page
#endif

static noinline void fill_page(struct page *page)
{
	folio_lock(page_folio(page));
	await_reply();
	folio_unlock(page_folio(page));
}

static int fill_kthread(void *unused)
{
	lab_wait_for_go();
	fill_page(entry_page);
	return 0;
}

static int page_kthread(void *unused)
{
	lab_come_late();
	for (;;) {
		folio_lock(page_folio(entry_page));
		msleep(hold);
		folio_unlock(page_folio(entry_page));
	}
	return 0;
}

static int start_page(void)
{
	int error;

	entry_page = alloc_page(GFP_KERNEL);
	if (!entry_page)
		return -ENOMEM;
	error = lab_start_role(fill_kthread, NULL, 0, -1);
	return error ? error : lab_start_victims(page_kthread, NULL);
}

static int start_page_turns(void)
{
	entry_page = alloc_page(GFP_KERNEL);
	return entry_page ? lab_start_victims(page_kthread, NULL) : -ENOMEM;
}

/* A reader stays for good; one that came later has left, and its name is what the semaphore remembers. */
static noinline void scan_tree(void)
{
	down_read(&tree_sem);
	await_reply();
	up_read(&tree_sem);
}

static int scan_kthread(void *unused)
{
	lab_wait_for_go();
	scan_tree();
	return 0;
}

static int passer_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(500);
	down_read(&tree_sem);
	msleep(100);
	up_read(&tree_sem);
	for (;;)
		msleep(400);
	return 0;
}

static int grow_kthread(void *unused)
{
	lab_come_late();
	down_write(&tree_sem);
	up_write(&tree_sem);
	return 0;
}

static int start_old_reader(void)
{
	int error = lab_start_role(scan_kthread, NULL, 0, -1);

	if (!error)
		error = lab_start_role(passer_kthread, NULL, 1, -1);
	return error ? error : lab_start_victims(grow_kthread, NULL);
}

/* Each waits for an event that the other would bring about. */
static int left_kthread(void *unused)
{
	lab_wait_for_go();
	wait_event(left_event, READ_ONCE(left_ready));
	WRITE_ONCE(right_ready, true);
	wake_up(&right_event);
	return 0;
}

static int right_kthread(void *unused)
{
	lab_wait_for_go();
	wait_event(right_event, READ_ONCE(right_ready));
	WRITE_ONCE(left_ready, true);
	wake_up(&left_event);
	return 0;
}

static int start_events(void)
{
	int error = lab_start_role(left_kthread, NULL, 0, -1);

	return error ? error : lab_start_role(right_kthread, NULL, 1, -1);
}

/* A nesting: mutex, freezing of writers, a writer's flush of a work, a bit, and at its end a reader of SRCU or nobody. */
static void refresh_entry(struct work_struct *unused)
{
	lock_entry(&entry_state);
	unlock_entry(&entry_state);
	barrier();
}

static int flushing_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(600);
	percpu_down_read(&writers_sem);
	schedule_work(&refresh);
	flush_work(&refresh);
	percpu_up_read(&writers_sem);
	return 0;
}

static int outer_kthread(void *unused)
{
	lab_wait_for_go();
	msleep(1200);
	mutex_lock(&config_lock);
	freeze_writers();
	mutex_unlock(&config_lock);
	return 0;
}

static int start_nested(void)
{
	int error = lab_start_role(load_kthread, NULL, 0, -1);

	INIT_WORK(&refresh, refresh_entry);
	if (!error)
		error = lab_start_role(flushing_kthread, NULL, 1, -1);
	if (!error)
		error = lab_start_role(outer_kthread, NULL, 2, -1);
	return error ? error : lab_start_victims(config_kthread, NULL);
}

/* Stops a thread that waits for a work, which wants the lock that is held over the stop. */
static int flush_and_end_kthread(void *unused)
{
	while (!kthread_should_stop()) {
		schedule_work(&refresh);
		flush_work(&refresh);
		msleep(20);
	}
	return 0;
}

static void refresh_config(struct work_struct *unused)
{
	mutex_lock(&config_lock);
	msleep(5);
	mutex_unlock(&config_lock);
	barrier();
}

static int shutdown_kthread(void *unused)
{
	lab_wait_for_go();
	mutex_lock(&config_lock);
	msleep(500);
	kthread_stop(helper);
	mutex_unlock(&config_lock);
	return 0;
}

static int start_shutdown(void)
{
	INIT_WORK(&refresh, refresh_config);
	helper = kthread_run(flush_and_end_kthread, NULL, "%s", names[1]);
	if (IS_ERR(helper))
		return PTR_ERR(helper);
	return lab_start_role(shutdown_kthread, NULL, 0, -1);
}

/* Threads that are parked by their owner, for as long as it likes. */
static int parked_kthread(void *unused)
{
	while (!kthread_should_stop()) {
		if (kthread_should_park())
			kthread_parkme();
		msleep(100);
	}
	return 0;
}

static int start_parked(void)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct task_struct *task = kthread_run(parked_kthread, NULL, "%s", names[i]);

		if (IS_ERR(task))
			return PTR_ERR(task);
		kthread_park(task);
	}
	return 0;
}

/* The module's own start: a piece of it waits for all pieces, so that the start does not end. */
static void probe_device(void *unused, async_cookie_t cookie)
{
	async_synchronize_full();
	barrier();
}

static int start_probe(void)
{
	async_schedule(probe_device, NULL);
	async_synchronize_full();
	return 0;
}

static const struct lab_hang hangs[] = {
	{ "srcu-reader", start_srcu_reader },
	{ "srcu-circle", start_srcu_circle },
	{ "srcu-turns", start_srcu_turns },
	{ "percpu-reader", start_percpu_reader },
	{ "percpu-writer", start_percpu_writer },
	{ "percpu-turns", start_percpu_turns },
	{ "bit", start_bit },
	{ "bit-turns", start_bit_turns },
	{ "bit-circle", start_bit_circle },
	{ "page", start_page },
	{ "page-turns", start_page_turns },
	{ "old-reader", start_old_reader },
	{ "events", start_events },
	{ "nested", start_nested },
	{ "shutdown", start_shutdown },
	{ "parked", start_parked },
	{ "probe", start_probe },
};

static int __init gates_init(void)
{
	int error = percpu_init_rwsem(&writers_sem);

	return error ? error : lab_start_hangs(hangs, ARRAY_SIZE(hangs));
}

module_init(gates_init);
MODULE_DESCRIPTION("locks without an owner");
MODULE_LICENSE("GPL");
