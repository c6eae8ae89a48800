// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mapper DEVICE: maps a page of it and touches it; two seconds later another thread changes what is mapped. Their names:
 * toucher, unmapper.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { PAGE = 4096 };

static void *change(void *unused)
{
	prctl(PR_SET_NAME, "unmapper");
	sleep(2);
	for (;;)
		munmap(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), PAGE);
	return unused;
}

int main(int argc, char **argv)
{
	int file = argc > 1 ? open(argv[1], O_RDWR) : -1;
	void *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
	pthread_t thread;

	if (file < 0 || page == MAP_FAILED || pthread_create(&thread, NULL, change, NULL)) {
		perror("mapper");
		return 1;
	}
	prctl(PR_SET_NAME, "toucher");
	return *(volatile char *)page;
}
