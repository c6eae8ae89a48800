// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sleepers PROCESSES THREADS: leaves that many processes with that many threads
 * each asleep, and returns. A task costs little more than what the kernel needs
 * for it, so that a small guest holds tens of thousands.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { STACK = 4096 };

static int sleep_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

static int start_threads(int count)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM;
	char *stacks = mmap(NULL, (size_t)count * STACK, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stacks == MAP_FAILED)
		return -1;
	for (int i = 0; i < count; i++)
		if (clone(sleep_for_ever, stacks + (size_t)(i + 1) * STACK, flags, NULL) < 0)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	int processes = argc > 1 ? atoi(argv[1]) : 1;
	int threads = argc > 2 ? atoi(argv[2]) : 1;

	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < processes; i++) {
		pid_t child = fork();

		if (child < 0) {
			perror("fork");
			return 1;
		}
		if (child == 0) {
			if (threads > 1 && start_threads(threads - 1))
				_exit(1);
			sleep_for_ever(NULL);
		}
	}
	return 0;
}
