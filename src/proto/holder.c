/* Who holds a TCP port: the inode of the listening socket from /proc/net/tcp, then the process that has it open. */
#include "proto/holder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define TCP_LISTEN 0x0A

static unsigned long inode_in(const char *table, int port)
{
	FILE *f = fopen(table, "re");
	char line[512], local[80];
	unsigned long inode = 0, found;
	unsigned state;

	while (f && !inode && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*d: %79s %*s %x %*s %*s %*s %*s %*s %lu", local, &state,
			    &found) != 3)
			continue;
		const char *colon = strrchr(local, ':');
		if (state == TCP_LISTEN && colon && strtol(colon + 1, NULL, 16) == port)
			inode = found;
	}
	if (f)
		fclose(f);
	return inode;
}

static bool has_inode(const char *pid, unsigned long inode)
{
	char path[600], link[64], want[64];
	DIR *d;
	struct dirent *entry;
	bool found = false;

	snprintf(want, sizeof(want), "socket:[%lu]", inode);
	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	d = opendir(path);
	while (d && !found && (entry = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, entry->d_name);
		ssize_t n = readlink(path, link, sizeof(link) - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		found = strcmp(link, want) == 0;
	}
	if (d)
		closedir(d);
	return found;
}

static void describe(const char *pid, char *dst, size_t size)
{
	char path[300], name[64] = "a process";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (f && fgets(name, sizeof(name), f))
		name[strcspn(name, "\n")] = '\0';
	if (f)
		fclose(f);
	snprintf(dst, size, "%s (pid %s)", str_show(name), pid);
}

bool port_holder(int port, char *dst, size_t size)
{
	unsigned long inode = inode_in("/proc/net/tcp", port);
	DIR *d;
	struct dirent *entry;
	bool found = false;

	if (!inode)
		inode = inode_in("/proc/net/tcp6", port);
	if (!inode)
		return false;
	d = opendir("/proc");
	while (d && !found && (entry = readdir(d))) {
		if (strspn(entry->d_name, "0123456789") != strlen(entry->d_name))
			continue;
		found = has_inode(entry->d_name, inode);
		if (found)
			describe(entry->d_name, dst, size);
	}
	if (d)
		closedir(d);
	return found;
}
