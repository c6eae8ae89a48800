// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nbds DEVICE MILLISECONDS: a network block device of 8 MB whose server is a process of the same machine, which takes so
 * long over each request. Names: nbd-client, nbd-server.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <fcntl.h>
#include <linux/nbd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SIZE = 8 << 20 };

static char disk[SIZE];

static int whole(int from, void *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = read(from, (char *)to + done, size - done);

		if (got <= 0)
			return 0;
		done += (size_t)got;
	}
	return 1;
}

static void serve(int connection, useconds_t delay)
{
	struct nbd_request request;

	prctl(PR_SET_NAME, "nbd-server");
	while (whole(connection, &request, sizeof(request))) {
		struct nbd_reply reply = { .magic = htobe32(NBD_REPLY_MAGIC) };
		unsigned int type = be32toh(request.type) & 0xffff, length = be32toh(request.len);
		unsigned long long from = be64toh(request.from);

		memcpy(&reply.handle, &request.handle, sizeof(reply.handle));
		if (from > SIZE || length > SIZE - from)
			_exit(1);
		if (type == NBD_CMD_WRITE && !whole(connection, disk + from, length))
			_exit(1);
		usleep(delay);
		if (write(connection, &reply, sizeof(reply)) < 0 ||
		    (type == NBD_CMD_READ && write(connection, disk + from, length) < 0))
			_exit(1);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int device = open(argc > 1 ? argv[1] : "", O_RDWR), ends[2];

	if (argc != 3 || device < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) {
		perror("nbds");
		return 1;
	}
	if (!fork()) {
		close(ends[0]);
		serve(ends[1], 1000 * (useconds_t)atoi(argv[2]));
	}
	close(ends[1]);
	prctl(PR_SET_NAME, "nbd-client");
	if (ioctl(device, NBD_SET_BLKSIZE, 4096UL) || ioctl(device, NBD_SET_SIZE_BLOCKS, SIZE / 4096UL) ||
	    ioctl(device, NBD_SET_SOCK, (unsigned long)ends[0])) {
		perror("nbds");
		return 1;
	}
	return ioctl(device, NBD_DO_IT) != 0;
}
