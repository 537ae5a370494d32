/* SPDX-License-Identifier: Apache-2.0 */
/* See registry.h. A registry without a lock has a different name, so that nobody takes it for one of a dead run. */
#include "session/registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"

#define NAME_LOCKED "seep-run-"
#define NAME_PLAIN "seep-session-"
#define NAME_RANDOM "XXXXXX"
#define FILE_NAME "recordings"

enum {
	ATTEMPTS = 4, /* another run that reclaims may take a registry that is not locked yet for one of a dead run */
	ENTRIES_MAX = 20000, /* looked at, in a directory that others fill, too */
	ROOM_BYTES = 65536   /* reserved for lines: enough for some hundred recordings */
};

/* False with errno EAGAIN: somebody else has the lock. */
static bool lock_take(int descriptor)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};

	return fcntl(descriptor, F_OFD_SETLK, &lock) == 0;
}

static bool directory_make(struct session *session, const char *parent, const char *name)
{
	if ((size_t)snprintf(session->directory, sizeof session->directory, "%s/%s" NAME_RANDOM, parent, name) >=
	    sizeof session->directory)
		return false;
	if (!mkdtemp(session->directory))
		return false;
	snprintf(session->registry, sizeof session->registry, "%s/" FILE_NAME, session->directory);
	return true;
}

/* Whether the file is still ours and still has its name. Notes its identity. */
static bool identity_take(struct session *session, bool locked)
{
	struct stat status;

	if (fstat(session->descriptor, &status) != 0 || status.st_nlink == 0)
		return false;
	snprintf(session->identity, sizeof session->identity, "%ju.%ju.%ju%s", (uintmax_t)status.st_dev,
		 (uintmax_t)status.st_ino, (uintmax_t)status.st_uid, locked ? ".1" : "");
	return true;
}

/* On a full disk, or where files may not grow, lines would get lost. Notes the reason. */
static bool room_reserve(struct session *session)
{
	struct rlimit limit;

	session->lacks_room = 0;
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < ROOM_BYTES)
		session->lacks_room = EFBIG;
	else if (fallocate(session->descriptor, FALLOC_FL_KEEP_SIZE, 0, ROOM_BYTES) != 0 &&
		 (errno == ENOSPC || errno == EDQUOT))
		session->lacks_room = errno;
	errno = session->lacks_room;
	return !session->lacks_room;
}

static bool make(struct session *session, const char *parent, bool locked, bool needs_room)
{
	if (!directory_make(session, parent, locked ? NAME_LOCKED : NAME_PLAIN))
		return false;
	session->descriptor =
	    open(session->registry, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (session->descriptor >= 0) {
		if ((!locked || lock_take(session->descriptor)) && identity_take(session, locked) &&
		    (room_reserve(session) || !needs_room))
			return true;
		int reason = errno;
		registry_remove(session);
		close(session->descriptor);
		errno = reason;
		return false;
	}
	rmdir(session->directory);
	return false;
}

bool registry_make(struct session *session, const char *parent, bool needs_room)
{
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		if (make(session, parent, true, needs_room))
			return true;
		if ((session->descriptor < 0 && errno != ENOENT) || session->lacks_room)
			return false;
		if (errno == EINVAL || errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS)
			break;
	}
	return make(session, parent, false, needs_room);
}

/* Escapes as session.c describes. Writes at the end of the file whatever its position, since others read by the same
 * descriptor. */
void session_line_add(const struct session *session, const char *prefix, const char *text)
{
	struct buffer line = {0};

	buffer_append_text(&line, prefix);
	for (; *text; text++) {
		if (*text == '\n' || *text == '\\')
			buffer_append_byte(&line, '\\');
		buffer_append_byte(&line, *text == '\n' ? 'n' : *text);
	}
	buffer_append_byte(&line, '\n');
	if (pwrite(session->descriptor, line.data, line.length, 0) < 0)
		errno = 0; /* on a full disk the recording exists all the same */
	buffer_free(&line);
}

void registry_remove(struct session *session)
{
	unlink(session->registry);
	rmdir(session->directory);
}

/* Whether the registry is a dead run's: a file of ours, without other names, that nobody holds. While it is open, we
 * hold its lock. */
static bool file_is_left(int descriptor)
{
	struct stat status;

	return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
	       (status.st_mode & 0777) == 0600 && lock_take(descriptor) && fstat(descriptor, &status) == 0 &&
	       status.st_nlink == 1;
}

static void file_reclaim(int directory)
{
	int file = openat(directory, FILE_NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (file < 0)
		return;
	if (file_is_left(file))
		unlinkat(directory, FILE_NAME, 0);
	close(file);
}

static void directory_reclaim(int place, const char *name)
{
	struct stat status;
	int directory = openat(place, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (directory < 0)
		return;
	if (fstat(directory, &status) == 0 && status.st_uid == geteuid() && (status.st_mode & 0777) == 0700) {
		file_reclaim(directory);
		unlinkat(place, name, AT_REMOVEDIR); /* unless something is still in it */
	}
	close(directory);
}

static bool name_is_ours(const char *name)
{
	return strncmp(name, NAME_LOCKED, strlen(NAME_LOCKED)) == 0 &&
	       strlen(name) == strlen(NAME_LOCKED) + strlen(NAME_RANDOM);
}

void registries_reclaim(const char *parent)
{
	DIR *list = opendir(parent);
	struct dirent *entry;

	for (int looked = 0; list && looked < ENTRIES_MAX && (entry = readdir(list)); looked++)
		if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) && name_is_ours(entry->d_name))
			directory_reclaim(dirfd(list), entry->d_name);
	if (list)
		closedir(list);
}
