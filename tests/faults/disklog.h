/* The record of what a process did to the files of one folder: written by recorder.c, read by powercut.c. */
#ifndef TESTS_FAULTS_DISKLOG_H
#define TESTS_FAULTS_DISKLOG_H

#include <stdint.h>

enum disk_op {
	DISK_OPEN = 1, /* made or emptied it */
	DISK_WRITE,
	DISK_TRUNCATE, /* offset: the new size */
	DISK_SYNC,     /* the file; or the folder, whose name is "." */
	DISK_UNLINK,
	DISK_RENAME, /* data: the new name */
};

struct disk_entry {    /* then `len` bytes */
	int64_t at_ns; /* CLOCK_MONOTONIC: a sync when it was over, all others when they began */
	uint64_t offset;
	uint32_t len;
	uint32_t op;
	char name[24]; /* in the folder */
};

#endif
