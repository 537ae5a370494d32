/* SPDX-License-Identifier: Apache-2.0 */
/* See remote.h. */
#include "tracing/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool remote_open(struct remote *remote, pid_t pid, struct error *error)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	*remote = (struct remote){.pid = pid, .memory = open(path, O_RDWR | O_CLOEXEC)};
	if (remote->memory >= 0)
		return true;
	if (errno == EACCES || errno == EPERM)
		return error_set(error, "%d can't be joined: that needs the same user or CAP_SYS_PTRACE", (int)pid);
	if (errno == ENOENT || errno == ESRCH)
		return error_set(error, "%d: there is no such process", (int)pid);
	return error_set(error, "%s: %s", path, strerror(errno));
}

void remote_close(struct remote *remote)
{
	if (remote->memory >= 0)
		close(remote->memory);
	remote->memory = -1;
}

bool remote_read(const struct remote *remote, uint64_t address, void *to, size_t bytes)
{
	for (size_t done = 0; done < bytes;) {
		ssize_t got = pread(remote->memory, (char *)to + done, bytes - done, (off_t)(address + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

bool remote_write(const struct remote *remote, uint64_t address, const void *from, size_t bytes)
{
	for (size_t done = 0; done < bytes;) {
		ssize_t put = pwrite(remote->memory, (const char *)from + done, bytes - done, (off_t)(address + done));
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		done += (size_t)put;
	}
	return true;
}

bool remote_text(const struct remote *remote, uint64_t address, char *text, size_t size)
{
	for (size_t used = 0; used < size;) {
		size_t bytes = 256 - (address + used) % 256;
		if (bytes > size - used)
			bytes = size - used;
		if (!remote_read(remote, address + used, text + used, bytes))
			return false;
		if (memchr(text + used, 0, bytes))
			return true;
		used += bytes;
	}
	return false;
}
