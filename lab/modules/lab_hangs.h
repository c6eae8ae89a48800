/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the modules of many hangs share: the parameter `hang`, which chooses one,
 * and threads in roles, each under a name of its own. None of these modules can
 * be unloaded unless it says so: its threads do not come back.
 */
#ifndef LAB_HANGS_H
#define LAB_HANGS_H

#include <linux/atomic.h>
#include <linux/string.h>

#include "lab_thread.h"

static char *hang = "";
module_param(hang, charp, 0444);
MODULE_PARM_DESC(hang, "which hang, or which innocent twin; several with commas between");

static char *names[] = { LAB_THREAD_NAME, "pmount_flush", "pmount_sync" };
module_param_array(names, charp, NULL, 0444);
MODULE_PARM_DESC(names, "names of the threads that make the hang");

static char *victim = "pmount_user";
module_param(victim, charp, 0444);
MODULE_PARM_DESC(victim, "name of the threads that only suffer");

static unsigned int victims = 3;
module_param(victims, uint, 0444);
MODULE_PARM_DESC(victims, "how many threads suffer, at most 50000");

static unsigned int hold = 150;
module_param(hold, uint, 0444);
MODULE_PARM_DESC(hold, "milliseconds that a lock is held where it is given back");

struct lab_hang {
	const char *name;
	int (*start)(void);
};

/* A thread of the hang: by its place among the names, and on CPU `on` if that is not negative. */
static __maybe_unused int lab_start_role(int (*function)(void *), void *data, unsigned int role,
					 int on)
{
	struct task_struct *task = kthread_create(function, data, "%s", names[role]);

	if (IS_ERR(task))
		return PTR_ERR(task);
	if (on >= 0)
		kthread_bind(task, on);
	wake_up_process(task);
	return 0;
}

static __maybe_unused int lab_start_victims(int (*function)(void *), void *data)
{
	unsigned int i;

	for (i = 0; i < min(victims, 50000U); i++) {
		struct task_struct *task = kthread_run(function, data, "%s", victim);

		if (IS_ERR(task))
			return PTR_ERR(task);
	}
	return 0;
}

/* Victims come when the culprits have what they hold. */
static inline void lab_come_late(void)
{
	lab_wait_for_go();
	msleep(1000);
}

/* Returns when `count` threads have called it. */
static atomic_t lab_arrived;

static inline __maybe_unused void lab_meet(int count)
{
	atomic_inc(&lab_arrived);
	while (atomic_read(&lab_arrived) < count)
		msleep(10);
}

static bool lab_asked_for(const char *name)
{
	const char *place = hang;
	size_t length = strlen(name);

	while (place) {
		if (!strncmp(place, name, length) && (place[length] == ',' || !place[length]))
			return true;
		place = strchr(place, ',');
		place = place ? place + 1 : NULL;
	}
	return false;
}

static int lab_start_hangs(const struct lab_hang *hangs, size_t count)
{
	int error = -EINVAL;
	size_t i;

	for (i = 0; i < count; i++) {
		if (!lab_asked_for(hangs[i].name))
			continue;
		error = hangs[i].start();
		if (error)
			return error;
	}
	return error;
}

#endif
