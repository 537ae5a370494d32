/* SPDX-License-Identifier: Apache-2.0 */
/* Writing of snapshot files: see write.h. */
#include "keeper/snapshot/write.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "keeper/base/fault.h"
#include "keeper/base/file.h"
#include "keeper/base/quiet_write.h"
#include "keeper/base/clock.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"

#define TEMPORARY_PREFIX ".seep-"
#define TEMPORARY_SUFFIX ".tmp"
#define NAME_DIGITS 6
#define NO_REPLACE 1u /* RENAME_NOREPLACE */

void snapshot_name(char name[static SNAPSHOT_NAME_BYTES], uint64_t number)
{
	struct text text = text_begin(name, SNAPSHOT_NAME_BYTES);
	text_add_padded(&text, number, NAME_DIGITS);
	text_add(&text, SEEP_SNAPSHOT_SUFFIX);
}

bool snapshot_number(const char *name, uint64_t *number)
{
	char again[SNAPSHOT_NAME_BYTES];
	const char *at = name;
	if (!text_take_unsigned(&at, number))
		return false;
	snapshot_name(again, *number);
	return strcmp(name, again) == 0;
}

bool write_is_temporary(const char *name)
{
	size_t length = strlen(name), prefix = strlen(TEMPORARY_PREFIX), suffix = strlen(TEMPORARY_SUFFIX);
	return length > prefix + suffix && memcmp(name, TEMPORARY_PREFIX, prefix) == 0 &&
	       memcmp(name + length - suffix, TEMPORARY_SUFFIX, suffix) == 0;
}

void write_temporary_name(char name[static WRITE_TEMPORARY_BYTES])
{
	struct text text = text_begin(name, WRITE_TEMPORARY_BYTES);
	text_add(&text, TEMPORARY_PREFIX);
	text_add_unsigned(&text, (uint64_t)system_gettid());
	text_add(&text, "-");
	text_add_hex(&text, clock_read_ns(CLOCK_MONOTONIC));
	text_add(&text, TEMPORARY_SUFFIX);
}

static long content_write(int descriptor, const struct seep_image *image, bool durable)
{
	struct quiet_write quiet = quiet_write_enter();
	long error = file_size_check(image->bytes);
	if (!error) {
		/* so that a full disk shows before anything is written; on filesystems without fallocate it shows
		 * later */
		error = system_allocate(descriptor, 0, 0, image->bytes);
		if (error != -ENOSPC && error != -EDQUOT && error != -EFBIG)
			error = file_write_all(descriptor, image->data, image->bytes);
	}
	quiet_write_leave(&quiet);
	return !error && durable ? system_synchronize(descriptor) : error;
}

/* Gives the file its name unless that is taken. */
static long name_give(int directory, const char *temporary, const char *name)
{
	long error = system_rename_at(directory, temporary, directory, name, NO_REPLACE);
	if (error != -EINVAL && error != -ENOSYS)
		return error;
	/* a filesystem (or a kernel) without RENAME_NOREPLACE: a hard link does not replace either */
	error = system_link_at(directory, temporary, directory, name);
	return error ? error : system_unlink_at(directory, temporary, 0);
}

/* The path by which a thread that shares no descriptors with its process names one of its own. */
static void descriptor_path(char path[static 48], int descriptor)
{
	struct text text = text_begin(path, 48);
	text_add(&text, "/proc/thread-self/fd/");
	text_add_unsigned(&text, (uint64_t)descriptor);
}

/* Writes a file that has no name before it is whole: whoever is killed, or executes another program, leaves nothing. 0, or
 * -errno; -EOPNOTSUPP: this file system can't, or there is no /proc. */
static long unnamed_write(const struct seep_image *image, int directory, const char *name, bool durable)
{
	char path[48];
	int descriptor = file_open(directory, ".", O_WRONLY | O_TMPFILE, 0600);
	if (descriptor < 0)
		return -EOPNOTSUPP;
	descriptor_path(path, descriptor);
	long error = system_call(SYS_faccessat, AT_FDCWD, (long)path, F_OK, 0, 0, 0) ? -EOPNOTSUPP : 0;
	system_change_mode(descriptor, 0600); /* whatever the umask */
	if (!error)
		error = content_write(descriptor, image, durable);
	if (!error) {
		error = system_call(SYS_linkat, AT_FDCWD, (long)path, directory, (long)name, AT_SYMLINK_FOLLOW, 0);
		if (error && error != -EEXIST)
			error = -EOPNOTSUPP;
	}
	system_close(descriptor);
	return error;
}

static long named_write(const struct seep_image *image, int directory, const char *name, bool durable)
{
	char temporary[WRITE_TEMPORARY_BYTES];
	write_temporary_name(temporary);
	int descriptor = file_open(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (descriptor < 0)
		return descriptor;
	system_change_mode(descriptor, 0600);
	long error = content_write(descriptor, image, durable);
	long closed = system_close(descriptor);
	if (!error)
		error = closed == -EINTR ? 0 : closed;
	if (!error)
		error = name_give(directory, temporary, name);
	if (error)
		system_unlink_at(directory, temporary, 0);
	return error;
}

bool write_image(const struct seep_image *image, int directory, const char *name, bool durable,
		 struct seep_fault *fault)
{
	long error = unnamed_write(image, directory, name, durable);
	if (error == -EOPNOTSUPP)
		error = named_write(image, directory, name, durable);
	if (error)
		return fault_fill(fault, image->bytes, error,
				  error == -EEXIST ? "a file of this name exists" : "can't write the snapshot");
	if (durable)
		system_synchronize(directory);
	return true;
}
