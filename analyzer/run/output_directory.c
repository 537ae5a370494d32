/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody should learn after hours that the recording had no place, so seep checks beforehand as much as it can. Each
 * process fills in the later parts of the pattern and makes those directories itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <seep/keeper.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/message.h"
#include "run/output_directory.h"

enum { NAMES_MOST = 10000 };

/* The part of the name that is the same for all processes; *whole: it is the whole name. */
static char *constant_part(const char *pattern, bool *whole)
{
	char *name = memory_allocate(strlen(pattern) + 1, 1), *out = name;

	*whole = true;
	for (const char *at = pattern; *at; at++) {
		if (at[0] == '%' && at[1] && strchr("cph", at[1])) {
			*whole = false;
			break;
		}
		at += at[0] == '%' && at[1] == '%';
		*out++ = *at;
	}
	return name;
}

static bool parents_make(char *name)
{
	for (char *slash = strchr(name + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct stat status;
		*slash = 0;
		bool made = mkdir(name, 0777) == 0;
		int reason = errno;
		/* the owner needs these, whatever the umask */
		if (made && lstat(name, &status) == 0 && (~status.st_mode & (S_IWUSR | S_IXUSR)))
			made = chmod(name, (status.st_mode & 0777) | S_IWUSR | S_IXUSR) == 0;
		bool is_there = made || (reason == EEXIST && stat(name, &status) == 0 && S_ISDIR(status.st_mode));
		if (!is_there) {
			errno = reason == EEXIST ? ENOTDIR : reason;
			return false;
		}
		*slash = '/';
	}
	return true;
}

/* Whether the recording's directory can be made in its parent, or exists already and can be used. */
static bool can_be_written(char *name, bool whole)
{
	struct stat status;

	if (whole && stat(name, &status) == 0 && S_ISDIR(status.st_mode) &&
	    faccessat(AT_FDCWD, name, W_OK | X_OK, AT_EACCESS) == 0)
		return true;
	*(strrchr(name, '/') + (strrchr(name, '/') == name)) = 0;
	return faccessat(AT_FDCWD, name, W_OK | X_OK, AT_EACCESS) == 0;
}

/* Each recording takes the next free name and leaves the existing ones as they are. */
static void taken_tell(const char *name)
{
	struct buffer next = {0};
	struct stat status;

	buffer_printf(&next, "%s/%s", name, SEEP_HEAP_NAME);
	if (lstat(next.data, &status) == 0) {
		for (int number = 2; number < NAMES_MOST && lstat(next.data, &status) == 0; number++) {
			next.length = 0;
			buffer_printf(&next, "%s.%d", name, number);
		}
		message("%s holds a recording, which stays: %s is the next name", name, next.data);
	}
	buffer_free(&next);
}

bool output_directory_prepare(const char *pattern, struct error *error)
{
	bool whole;
	char *name = constant_part(pattern, &whole);

	size_t length = strlen(name);
	while (whole && length > 1 && name[length - 1] == '/')
		name[--length] = 0;
	char *wanted = memory_copy_text(name);
	bool ready = parents_make(name) && can_be_written(name, whole);
	if (!ready)
		error_set(error, "can't record into %s: %s", name, strerror(errno));
	else if (whole)
		taken_tell(wanted);
	free(wanted);
	free(name);
	return ready;
}
