// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pager MILLISECONDS: a process whose memory is brought by another one (userfaultfd), which takes so long over each page.
 * The first writes its memory into a pipe, page by page, and a third one reads that. Their names: guest, pager, reader.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 64 };

static void bring_pages(int faults, useconds_t delay)
{
	static char contents[PAGE] __attribute__((aligned(PAGE)));
	struct uffd_msg message;

	prctl(PR_SET_NAME, "pager");
	while (read(faults, &message, sizeof(message)) == sizeof(message)) {
		struct uffdio_copy copy = { .len = PAGE, .src = (unsigned long)contents };

		copy.dst = message.arg.pagefault.address & ~(PAGE - 1ULL);
		usleep(delay);
		ioctl(faults, UFFDIO_COPY, &copy);
	}
	_exit(1);
}

static void read_pages(int from)
{
	static char page[PAGE];

	prctl(PR_SET_NAME, "reader");
	while (read(from, page, sizeof(page)) > 0)
		;
	_exit(1);
}

int main(int argc, char **argv)
{
	useconds_t delay = 1000 * (useconds_t)(argc > 1 ? atoi(argv[1]) : 0);
	int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *memory;
	int pipes[2];
	unsigned int n;

	memory = mmap(NULL, PAGE * PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	area.range.start = (unsigned long)memory;
	area.range.len = PAGE * PAGES;
	if (faults < 0 || memory == MAP_FAILED || ioctl(faults, UFFDIO_API, &api) ||
	    ioctl(faults, UFFDIO_REGISTER, &area) || pipe(pipes)) {
		perror("pager");
		return 1;
	}
	if (!fork())
		bring_pages(faults, delay);
	if (!fork())
		read_pages(pipes[0]);
	prctl(PR_SET_NAME, "guest");
	for (n = 0;; n++) {
		char *page = memory + (n % PAGES) * PAGE;

		if (write(pipes[1], page, PAGE) < 0)
			return 1;
		madvise(page, PAGE, MADV_DONTNEED);
	}
}
