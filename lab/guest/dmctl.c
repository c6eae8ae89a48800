// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dmctl create NAME SECTORS TARGET PARAMETERS: a device-mapper device of one target.
 * dmctl suspend NAME [freeze]: requests wait from now on; `freeze` freezes the file
 * system on it first, as dmsetup does unless told otherwise.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct request {
	struct dm_ioctl head;
	struct dm_target_spec target;
	char parameters[512];
};

static int control;

static int ask(unsigned long command, const char *name, struct request *request, unsigned int flags)
{
	request->head.version[0] = DM_VERSION_MAJOR;
	request->head.data_size = sizeof(*request);
	request->head.data_start = sizeof(request->head);
	request->head.flags = flags;
	snprintf(request->head.name, sizeof(request->head.name), "%s", name);
	if (ioctl(control, command, request) == 0)
		return 0;
	fprintf(stderr, "dmctl: %s: %s\n", name, strerror(errno));
	return 1;
}

static int create(const char *name, const char *sectors, const char *target, const char *parameters)
{
	struct request made = { 0 }, table = { 0 }, resumed = { 0 };

	table.head.target_count = 1;
	table.target.length = strtoull(sectors, NULL, 10);
	snprintf(table.target.target_type, sizeof(table.target.target_type), "%s", target);
	snprintf(table.parameters, sizeof(table.parameters), "%s", parameters);
	return ask(DM_DEV_CREATE, name, &made, 0) || ask(DM_TABLE_LOAD, name, &table, 0) ||
	       ask(DM_DEV_SUSPEND, name, &resumed, 0);
}

static int suspend(const char *name, int freeze)
{
	struct request request = { 0 };

	return ask(DM_DEV_SUSPEND, name, &request,
		   DM_SUSPEND_FLAG | (freeze ? 0 : DM_SKIP_LOCKFS_FLAG));
}

int main(int argc, char **argv)
{
	control = open("/dev/mapper/control", O_RDWR);
	if (control < 0) {
		perror("/dev/mapper/control");
		return 1;
	}
	if (argc == 6 && !strcmp(argv[1], "create"))
		return create(argv[2], argv[3], argv[4], argv[5]);
	if (argc >= 3 && !strcmp(argv[1], "suspend"))
		return suspend(argv[2], argc > 3 && !strcmp(argv[3], "freeze"));
	fputs("usage: dmctl create NAME SECTORS TARGET PARAMETERS | suspend NAME [freeze]\n", stderr);
	return 1;
}
