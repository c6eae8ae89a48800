// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hangs on read-write semaphores, also together with a mutex, and the twins in
 * which readers and writers take turns.
 */
#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>

#include "lab_hangs.h"

static DECLARE_RWSEM(map_sem);
static DEFINE_MUTEX(map_lock);
static DECLARE_COMPLETION(answer);

static noinline void read_map(void)
{
	down_read(&map_sem);
	msleep(hold);
	up_read(&map_sem);
}

static noinline void write_map(void)
{
	down_write(&map_sem);
	msleep(hold);
	up_write(&map_sem);
}

static int reader_kthread(void *unused)
{
	lab_come_late();
	msleep(500);
	for (;;)
		read_map();
	return 0;
}

static int writer_kthread(void *unused)
{
	lab_come_late();
	for (;;) {
		write_map();
		msleep(1);
	}
	return 0;
}

static int start_users(void)
{
	int error = lab_start_role(writer_kthread, NULL, 1, -1);

	return error ? error : lab_start_victims(reader_kthread, NULL);
}

/* Reads what it has locked for writing itself. */
static int self_kthread(void *unused)
{
	lab_wait_for_go();
	down_write(&map_sem);
	read_map();
	up_write(&map_sem);
	return 0;
}

static int start_self(void)
{
	int error = lab_start_role(self_kthread, NULL, 0, -1);

	return error ? error : start_users();
}

/* One reader sleeps, a writer queues behind it, and all other readers behind the writer. */
static int sleeping_reader_kthread(void *unused)
{
	lab_wait_for_go();
	down_read(&map_sem);
	wait_for_completion(&answer);
	up_read(&map_sem);
	return 0;
}

static int start_reader(void)
{
	int error = lab_start_role(sleeping_reader_kthread, NULL, 0, -1);

	return error ? error : start_users();
}

static int sleeping_writer_kthread(void *unused)
{
	lab_wait_for_go();
	down_write(&map_sem);
	wait_for_completion(&answer);
	up_write(&map_sem);
	return 0;
}

static int start_writer(void)
{
	int error = lab_start_role(sleeping_writer_kthread, NULL, 0, -1);

	return error ? error : start_users();
}

/* A mutex and the semaphore, in either order. */
static int sem_first_kthread(void *unused)
{
	lab_wait_for_go();
	down_write(&map_sem);
	lab_meet(2);
	mutex_lock(&map_lock);
	mutex_unlock(&map_lock);
	up_write(&map_sem);
	return 0;
}

static int mutex_first_kthread(void *unused)
{
	lab_wait_for_go();
	mutex_lock(&map_lock);
	lab_meet(2);
	read_map();
	mutex_unlock(&map_lock);
	return 0;
}

static int start_mixed(void)
{
	int error = lab_start_role(sem_first_kthread, NULL, 0, -1);

	if (!error)
		error = lab_start_role(mutex_first_kthread, NULL, 1, -1);
	return error ? error : lab_start_victims(reader_kthread, NULL);
}

static const struct lab_hang hangs[] = {
	{ "turns", start_users },
	{ "self", start_self },
	{ "reader", start_reader },
	{ "writer", start_writer },
	{ "mixed", start_mixed },
};

static int __init rwsems_init(void)
{
	return lab_start_hangs(hangs, ARRAY_SIZE(hangs));
}

module_init(rwsems_init);
MODULE_DESCRIPTION("hangs on read-write semaphores");
MODULE_LICENSE("GPL");
