// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fused FOLDER MILLISECONDS: a FUSE file system with one file, `file`, served by
 * this process, which takes its time over each request but the first.
 */
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ROOT = 1, FILE_NODE = 2, SIZE = 4096, BUFFER = 256 * 1024 };

static int device;

static void answer(const struct fuse_in_header *to, int error, const void *data, size_t size)
{
	struct fuse_out_header head = {
		.len = sizeof(head) + size, .error = error, .unique = to->unique
	};
	struct iovec parts[] = { { &head, sizeof(head) }, { (void *)data, size } };

	if (writev(device, parts, 2) < 0)
		perror("fused: answer");
}

static struct fuse_attr attributes(unsigned long long node)
{
	struct fuse_attr attr = { .ino = node, .nlink = 1, .blksize = 4096 };

	attr.mode = node == ROOT ? S_IFDIR | 0755 : S_IFREG | 0644;
	attr.size = node == ROOT ? 0 : SIZE;
	return attr;
}

static void serve(const struct fuse_in_header *request)
{
	static const char contents[SIZE];
	const char *name = (const char *)(request + 1);

	switch (request->opcode) {
	case FUSE_INIT: {
		struct fuse_init_out out = {
			.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION,
			.max_write = 65536
		};

		answer(request, 0, &out, sizeof(out));
		break;
	}
	case FUSE_LOOKUP: {
		struct fuse_entry_out out = { .nodeid = FILE_NODE, .attr = attributes(FILE_NODE) };

		answer(request, strcmp(name, "file") ? -2 : 0, &out,
		       strcmp(name, "file") ? 0 : sizeof(out));
		break;
	}
	case FUSE_GETATTR: {
		struct fuse_attr_out out = { .attr = attributes(request->nodeid) };

		answer(request, 0, &out, sizeof(out));
		break;
	}
	case FUSE_OPEN:
	case FUSE_OPENDIR: {
		struct fuse_open_out out = { .open_flags = FOPEN_DIRECT_IO };

		answer(request, 0, &out, sizeof(out));
		break;
	}
	case FUSE_READ: {
		const struct fuse_read_in *in = (const void *)(request + 1);
		size_t left = in->offset < SIZE ? SIZE - in->offset : 0;

		answer(request, 0, contents, left < in->size ? left : in->size);
		break;
	}
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		break;
	default:
		answer(request, request->opcode == FUSE_RELEASE || request->opcode == FUSE_FLUSH ||
				request->opcode == FUSE_RELEASEDIR ? 0 : -38, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	static char buffer[BUFFER] __attribute__((aligned(8)));
	char options[128];
	useconds_t delay;

	if (argc != 3)
		return 1;
	delay = 1000 * (useconds_t)atoi(argv[2]);
	device = open("/dev/fuse", O_RDWR);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
		 device);
	if (device < 0 || mount("fused", argv[1], "fuse", 0, options)) {
		perror("fused");
		return 1;
	}
	while (read(device, buffer, sizeof(buffer)) > 0) {
		const struct fuse_in_header *request = (const void *)buffer;

		if (request->opcode != FUSE_INIT)
			usleep(delay);
		serve(request);
	}
	perror("fused");
	return 1;
}
