// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Locks of user space. FILE is one more file, or the memory that processes share.
 *   locker hold FILE          flock() FILE and keep it
 *   locker use FILE MS        flock() it again and again, MS milliseconds each
 *   locker threads            two threads with two pthread mutexes, AB-BA
 *   locker first|second FILE  the same as two processes, mutexes in shared memory
 *   locker pi-hold FILE       take a mutex with priority inheritance and keep it
 *   locker pi-want FILE       want it
 *   locker turns FILE MS      take and release the first mutex of shared memory
 *   locker trace PID          stop PID by ptrace, and keep it
 *   locker fifo CPU           a SCHED_FIFO loop on CPU
 *   locker greedy CPU         a loop on CPU with nice -20
 *   locker idle PID           let PID run under SCHED_IDLE from now on
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
	pthread_mutex_t first, second, pi;
	int arrived;
};

static struct shared own;

static void prepare(struct shared *shared, int between)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, between);
	pthread_mutex_init(&shared->first, &attr);
	pthread_mutex_init(&shared->second, &attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&shared->pi, &attr);
}

/* The process that makes the file prepares it; the others come later. */
static struct shared *shared_in(const char *path)
{
	int made = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	int file = made >= 0 ? made : open(path, O_RDWR);
	struct shared *shared;

	if (file < 0 || (made >= 0 && ftruncate(file, sizeof(*shared))))
		return NULL;
	if (made < 0)
		usleep(300000);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (shared == MAP_FAILED)
		return NULL;
	if (made >= 0)
		prepare(shared, PTHREAD_PROCESS_SHARED);
	return shared;
}

static void take_both(struct shared *shared, pthread_mutex_t *mine, pthread_mutex_t *next)
{
	pthread_mutex_lock(mine);
	__atomic_fetch_add(&shared->arrived, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&shared->arrived, __ATOMIC_SEQ_CST) < 2)
		usleep(10000);
	pthread_mutex_lock(next);
	pthread_mutex_unlock(next);
	pthread_mutex_unlock(mine);
}

static void *second_thread(void *unused)
{
	(void)unused;
	prctl(PR_SET_NAME, "locker/2");
	take_both(&own, &own.second, &own.first);
	return NULL;
}

static int two_threads(void)
{
	pthread_t thread;

	prepare(&own, PTHREAD_PROCESS_PRIVATE);
	if (pthread_create(&thread, NULL, second_thread, NULL))
		return 1;
	take_both(&own, &own.first, &own.second);
	return 0;
}

static int use_file(const char *path, int milliseconds)
{
	int file = open(path, O_RDWR | O_CREAT, 0600);

	if (file < 0)
		return 1;
	while (flock(file, LOCK_EX) == 0) {
		if (milliseconds < 0)
			for (;;)
				pause();
		usleep(1000 * (useconds_t)milliseconds);
		flock(file, LOCK_UN);
	}
	return 1;
}

static void turns(struct shared *shared, int milliseconds)
{
	for (;;) {
		pthread_mutex_lock(&shared->first);
		usleep(1000 * (useconds_t)milliseconds);
		pthread_mutex_unlock(&shared->first);
		usleep(1000);
	}
}

static int trace(int pid)
{
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL))
		return 1;
	waitpid(pid, NULL, 0);
	for (;;)
		pause();
}

static int loop_on(int cpu, int policy)
{
	struct sched_param priority = { .sched_priority = policy == SCHED_FIFO ? 50 : 0 };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) || sched_setscheduler(0, policy, &priority))
		return 1;
	if (policy == SCHED_OTHER && setpriority(PRIO_PROCESS, 0, -20))
		return 1;
	for (;;)
		;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "", *which = argc > 2 ? argv[2] : "";
	int number = argc > 3 ? atoi(argv[3]) : 0;
	struct shared *shared;

	if (!strcmp(what, "hold"))
		return use_file(which, -1);
	if (!strcmp(what, "use"))
		return use_file(which, number);
	if (!strcmp(what, "threads"))
		return two_threads();
	if (!strcmp(what, "trace"))
		return trace(atoi(which));
	if (!strcmp(what, "fifo"))
		return loop_on(atoi(which), SCHED_FIFO);
	if (!strcmp(what, "greedy"))
		return loop_on(atoi(which), SCHED_OTHER);
	if (!strcmp(what, "idle"))
		return sched_setscheduler(atoi(which), SCHED_IDLE, &(struct sched_param){ 0 }) != 0;
	shared = shared_in(which);
	if (!shared)
		return 1;
	if (!strcmp(what, "first"))
		take_both(shared, &shared->first, &shared->second);
	if (!strcmp(what, "second"))
		take_both(shared, &shared->second, &shared->first);
	if (!strcmp(what, "turns"))
		turns(shared, number);
	if (!strncmp(what, "pi-", 3)) {
		pthread_mutex_lock(&shared->pi);
		for (;;)
			pause();
	}
	return 1;
}
