/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. If standard output is a regular file, it is written to directly: the shell has opened it. */
#include "files/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/message.h"
#include "files/pager.h"

enum {
	DRAIN_BYTES = 1 << 20, /* the buffer gathers this many bytes before it writes them */
	KEPT_BYTES = 256,      /* this many stay in the buffer, since writers look back at the end of what they wrote */
	NAME_ATTEMPTS = 100,
};

#define DESCRIPTORS "/proc/self/fd" /* the name of a file that has none */

static void write_all(struct output *output, const char *data, size_t length)
{
	while (length > 0 && !output->fault) {
		const ssize_t written = write(output->descriptor, data, length);
		if (written < 0 && errno != EINTR)
			output->fault = errno;
		if (written <= 0)
			continue;
		data += written;
		length -= (size_t)written;
	}
}

static void put(struct output *output, const char *data, size_t bytes)
{
	message_progress_end();
	output->written += bytes;
	if (output->limit && output->written > output->limit && !output->fault) {
		output->fault = EFBIG;
		output->own_limit_hit = true;
	}
	write_all(output, data, bytes);
	output->buffer.refused = output->fault != 0;
}

static void drain(struct output *output, size_t keep)
{
	struct buffer *buffer = &output->buffer;

	if (buffer->length <= keep)
		return;
	const size_t bytes = buffer->length - keep;
	put(output, buffer->data, bytes);
	memmove(buffer->data, buffer->data + bytes, keep + 1);
	buffer->length = keep;
}

static void buffer_drain(struct buffer *buffer)
{
	drain((struct output *)buffer, KEPT_BYTES);
}

/* Gives a file beside the destination a name: `make` is tried with one name after the other. False: errno says why. */
static bool temporary_name(struct output *output, bool (*make)(struct output *output, const char *name))
{
	struct buffer name = {0};
	bool is_made = false;

	for (int attempt = 0; attempt < NAME_ATTEMPTS && !is_made; attempt++) {
		name.length = 0;
		buffer_printf(&name, "%s.%ld-%d.tmp", output->place, (long)getpid(), attempt);
		is_made = make(output, name.data);
		if (!is_made && errno != EEXIST)
			break;
	}
	const int fault = errno;
	if (is_made)
		output->temporary = name.data;
	else
		buffer_free(&name);
	errno = fault;
	return is_made;
}

static bool temporary_create(struct output *output, const char *name)
{
	output->descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	output->owns_descriptor = output->descriptor >= 0;
	return output->owns_descriptor;
}

static bool temporary_link(struct output *output, const char *name)
{
	char self[64];

	snprintf(self, sizeof self, DESCRIPTORS "/%d", output->descriptor);
	return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
}

/* Opens a new file beside the destination; false: errno says why. If the file system can do that, the file has no name,
 * so that the system removes it when seep is interrupted or killed. */
static bool temporary_open(struct output *output)
{
	char *directory = memory_copy_text(output->place);
	char *slash = strrchr(directory, '/');

	if (slash)
		slash[slash == directory] = '\0';
	output->descriptor =
	    access(DESCRIPTORS, X_OK) == 0 ? open(slash ? directory : ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666) : -1;
	output->owns_descriptor = output->is_nameless = output->descriptor >= 0;
	free(directory);
	return output->is_nameless || temporary_name(output, temporary_create);
}

/* Prepares to replace an existing file. The user must be allowed to write to it. The new file gets its mode and, if
 * that is allowed, its owner. */
static bool replacement_open(struct output *output, const char *path, const struct stat *before)
{
	output->place = realpath(path, NULL);
	if (!output->place || faccessat(AT_FDCWD, output->place, W_OK, AT_EACCESS) < 0)
		return false;
	if (!(before->st_mode &
	      0222)) { /* root may write to every file, but this one is meant to be written by nobody */
		errno = EACCES;
		return false;
	}
	if (!temporary_open(output))
		return false;
	if ((before->st_uid != geteuid() || before->st_gid != getegid()) &&
	    fchown(output->descriptor, before->st_uid, before->st_gid) < 0 && errno != EPERM)
		return false;
	return fchmod(output->descriptor, before->st_mode & 0777) == 0;
}

/* Makes a file. If `path` is a symbolic link to nothing, makes the file that the link points to. */
static bool fresh_open(struct output *output, const char *path)
{
	struct stat status;

	if (lstat(path, &status) == 0) { /* a link to nothing */
		output->descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
		output->owns_descriptor = true;
		return output->descriptor >= 0;
	}
	output->place = memory_copy_text(path);
	return temporary_open(output);
}

static bool descriptor_open(struct output *output, const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno == ENOENT && fresh_open(output, path);
	if (S_ISREG(status.st_mode))
		return replacement_open(output, path, &status);
	output->descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	output->owns_descriptor = true;
	return output->descriptor >= 0;
}

/* /dev/stdout and the like lead to an open descriptor; if that is a file, it must not be replaced. */
static bool is_standard_output(const char *path)
{
	return !path || strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/fd/1") == 0 ||
	       strcmp(path, "/proc/self/fd/1") == 0;
}

static bool output_fault(const struct output *output, struct error *error)
{
	const int fault = output->fault;

	if (output->own_limit_hit)
		return error_set(error,
				 "%s: not written: it would have more than %llu bytes, which is more than its input "
				 "justifies",
				 output->path ? output->path : "standard output", (unsigned long long)output->limit);
	if (!output->path)
		return error_set(error, "standard output: %s", strerror(fault));
	return error_set(error, "%s: cannot write: %s", output->path, strerror(fault));
}

/* The opposite of output_close(): the file does not get its name. */
static void output_drop(struct output *output)
{
	if (output->owns_descriptor && output->descriptor >= 0)
		close(output->descriptor);
	if (output->temporary)
		unlink(output->temporary);
	free(output->temporary);
	free(output->place);
	output->temporary = output->place = NULL;
	output->owns_descriptor = false;
	buffer_free(&output->buffer);
}

bool output_open(struct output *output, const char *path, uint64_t limit, struct error *error)
{
	const bool is_stdout = is_standard_output(path);

	*output = (struct output){.path = is_stdout ? NULL : path,
				  .descriptor = STDOUT_FILENO,
				  .limit = limit,
				  .buffer.drain = buffer_drain,
				  .buffer.drain_bytes = DRAIN_BYTES};
	if (is_stdout)
		output->fault = fflush(stdout) == 0 ? 0 : errno;
	else if (!descriptor_open(output, path))
		output->fault = errno;
	if (!output->fault)
		return true;
	output_fault(output, error);
	output_drop(output);
	return false;
}

void output_page(struct output *output)
{
	const int pager = output->path ? -1 : pager_start(&output->pager);

	if (pager < 0)
		return;
	output->descriptor = pager;
	output->owns_descriptor = true;
}

/* Syncs before the rename: the name must not point to a file that is not on the disk yet. */
static void settle(struct output *output)
{
	if (output->place && !output->fault && fsync(output->descriptor) < 0 && errno != EINVAL && errno != EROFS)
		output->fault = errno;
	if (output->is_nameless && !output->fault && !temporary_name(output, temporary_link))
		output->fault = errno;
	if (output->owns_descriptor && close(output->descriptor) < 0 && !output->fault)
		output->fault = errno;
	output->owns_descriptor = false;
	if (output->pager) {
		pager_wait(output->pager);
		if (output->fault == EPIPE) /* a reader who leaves the pager early has seen enough */
			output->fault = 0;
	}
	if (output->temporary && !output->fault && rename(output->temporary, output->place) < 0)
		output->fault = errno;
	if (output->temporary && !output->fault) {
		free(output->temporary);
		output->temporary = NULL;
	}
}

bool output_close(struct output *output, struct error *error)
{
	drain(output, 0);
	settle(output);
	const bool written = output->fault == 0 || output_fault(output, error);
	output_drop(output);
	return written;
}

bool output_is_unread(const struct output *output)
{
	return output->fault == EPIPE;
}

static bool write_buffer(struct output *output, const struct buffer *buffer, struct error *error)
{
	put(output, buffer->data, buffer->length);
	return output_close(output, error);
}

bool output_page_buffer(const struct buffer *buffer, struct error *error)
{
	struct output output;

	if (!output_open(&output, NULL, 0, error))
		return false;
	output_page(&output);
	return write_buffer(&output, buffer, error);
}

bool output_write_buffer(const struct buffer *buffer, const char *path, struct error *error)
{
	struct output output;

	if (!output_open(&output, path, 0, error))
		return false;
	return write_buffer(&output, buffer, error);
}
