// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ordinary life that looks like a wait for nobody:
 *   lives vfork SECONDS    a parent waits for its vfork child, which does the same, and so on
 *   lives vfork-write FILE the same, and the last child writes to FILE
 *   lives forks COUNT      COUNT processes with much memory fork all the time
 *   lives traced           a tracer whose tracees stop where it asked them to
 *   lives core THREADS     a process of so many threads that dumps core
 *   lives ended            a process whose first thread has ended, and that nobody waits for
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_for_child(unsigned int seconds, const char *path)
{
	static volatile int depth = 3;

	for (; depth > 0; depth--)
		if (vfork())
			_exit(0);
	if (path) {
		int file = open(path, O_WRONLY);

		if (file < 0 || write(file, "1", 1) < 0)
			_exit(1);
	}
	sleep(seconds);
	_exit(0);
}

static int fork_all_the_time(int count)
{
	size_t size = 24 << 20;
	char *memory;

	while (--count > 0 && fork())
		;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	madvise(memory, size, MADV_NOHUGEPAGE);
	memset(memory, 1, size);
	for (;;) {
		pid_t child = fork();

		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
	}
}

static int trace_children(void)
{
	pid_t stopping = fork(), ending;

	if (!stopping) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		pause();
	}
	ending = fork();
	if (!ending) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(stopping, NULL, 0);
	waitpid(ending, NULL, 0);
	ptrace(PTRACE_SETOPTIONS, ending, NULL, PTRACE_O_TRACEEXIT);
	ptrace(PTRACE_CONT, ending, NULL, NULL);
	for (;;)
		pause();
}

static void *rest(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void start_threads(int count)
{
	pthread_t thread;

	while (count-- > 0)
		pthread_create(&thread, NULL, rest, NULL);
}

static int dump_core(int threads)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &all);
	start_threads(threads);
	sleep(1);
	abort();
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int number = argc > 2 ? atoi(argv[2]) : 0;

	if (!strcmp(what, "vfork"))
		wait_for_child((unsigned int)number, NULL);
	if (!strcmp(what, "vfork-write") && argc > 2)
		wait_for_child(0, argv[2]);
	if (!strcmp(what, "forks"))
		return fork_all_the_time(number);
	if (!strcmp(what, "traced"))
		return trace_children();
	if (!strcmp(what, "core"))
		return dump_core(number);
	if (!strcmp(what, "ended")) {
		start_threads(2);
		pthread_exit(NULL);
	}
	return 1;
}
