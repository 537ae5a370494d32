/* SPDX-License-Identifier: Apache-2.0 */
/* See root_file.h. */
#include "attach/root_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <seep/join.h>

#include "tracing/remote.h"

bool root_has_proc(pid_t pid)
{
	char path[64];
	struct statfs status;

	snprintf(path, sizeof path, "/proc/%d/root/proc", (int)pid);
	return statfs(path, &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
}

/* Opens a path as the process would: a link leads where it leads in that root. */
static int open_in(int root, const char *path, uint64_t flags, uint64_t mode)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = RESOLVE_IN_ROOT};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/* The process may be another user's, so everybody may read the file. */
static bool file_fill(int descriptor, const unsigned char *bytes, size_t count)
{
	return remote_write(&(struct remote){.memory = descriptor}, 0, bytes, count) &&
	       fchmod(descriptor, S_IRUSR | S_IRGRP | S_IROTH) == 0;
}

bool root_file_make(struct root_file *file, pid_t pid, unsigned try, const unsigned char *bytes, size_t count,
		    bool *more, struct error *error)
{
	static const char *const directories[] = {"/tmp", "/var/tmp", "/dev/shm", "/run", "/var/lib", "/lib", ""};
	char root[32];
	uint64_t random = 0;

	*more = try + 1 < sizeof directories / sizeof *directories;
	snprintf(root, sizeof root, "/proc/%d/root", (int)pid);
	*file = (struct root_file){.root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC)};
	if (getrandom(&random, sizeof random, 0) != sizeof random || file->root < 0)
		return error_set(error, "%s: %s", root, strerror(errno));
	snprintf(file->path, sizeof file->path, "%s/" SEEP_JOIN_FILE "%016llx", directories[try],
		 (unsigned long long)random);
	int made = open_in(file->root, file->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, S_IRUSR | S_IWUSR);
	bool filled = made >= 0 && file_fill(made, bytes, count);
	if (!filled)
		error_set(error, "%d can't be joined: its root has no /proc, and no file can be made there: %s",
			  (int)pid, strerror(errno));
	if (made >= 0)
		close(made);
	if (!filled)
		root_file_remove(file);
	return filled;
}

void root_file_remove(struct root_file *file)
{
	char *slash = strrchr(file->path, '/');

	if (file->root < 0)
		return;
	if (slash) {
		*slash = 0;
		int directory = open_in(file->root, *file->path ? file->path : "/", O_PATH | O_DIRECTORY, 0);
		*slash = '/';
		if (directory >= 0) {
			unlinkat(directory, slash + 1, 0);
			close(directory);
		}
	}
	close(file->root);
	file->root = -1;
}
