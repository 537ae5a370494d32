/* SPDX-License-Identifier: Apache-2.0 */
/* See session_file.h. */
#include "shim/recording/session_file.h"

#include <errno.h>

#include "keeper/base/syscall.h"
#include "keeper/files/life.h"

/* Is it what `seep run` made, and not what somebody has put at its name since it was removed? Root's processes and those
 * in a namespace of users see another owner than themselves, or than we were told. */
static bool is_what_was_made(int descriptor, const struct session_file_option *file)
{
	struct stat status;
	if (system_stat_descriptor(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1 ||
	    (status.st_mode & 077))
		return false;
	if (file->known && (status.st_dev != file->device || status.st_ino != file->inode))
		return false;
	return status.st_uid == system_effective_user() || (file->known && status.st_uid == file->owner);
}

/* Its `seep run`, and who would have taken its place, may have been killed. */
static bool is_read(int descriptor, const struct session_file_option *file)
{
	return !file->locked || !life_is_unheld(descriptor);
}

/* Not blocking: a pipe would wait for its reader. */
int session_file_open(const struct options *options)
{
	const struct session_file_option *file = &options->session_file;
	int descriptor =
	    system_open(options->session, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	if (descriptor < 0 || (is_what_was_made(descriptor, file) && is_read(descriptor, file)))
		return descriptor;
	system_close(descriptor);
	return -ESTALE;
}
