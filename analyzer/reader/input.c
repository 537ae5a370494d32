/* SPDX-License-Identifier: Apache-2.0 */
/* Reads regular files into memory; see input.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "reader/input.h"

enum { NAME_SHOWN_BYTES = 300 };

bool input_fault(struct error *error, const char *name, uint64_t offset, const char *format, ...)
{
	char text[sizeof error->text];
	size_t length = strlen(name);
	const char *dots = length > NAME_SHOWN_BYTES ? "..." : "";
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (length > NAME_SHOWN_BYTES)
		name += length - NAME_SHOWN_BYTES;
	if (offset == 0) /* offset 0: it is about the whole file */
		return error_set(error, "%s%s: %s", dots, name, text);
	return error_set(error, "%s%s: offset %" PRIu64 ": %s", dots, name, offset, text);
}

/* Names the kind of a file that is not a regular one. */
static const char *file_kind(mode_t mode)
{
	return S_ISDIR(mode)    ? "a directory"
	       : S_ISFIFO(mode) ? "a pipe"
	       : S_ISSOCK(mode) ? "a socket"
	       : S_ISCHR(mode)  ? "a character device"
	       : S_ISBLK(mode)  ? "a block device"
				: "a special file";
}

/* Reads up to `wanted` bytes in all. */
static bool input_fill(struct input *input, size_t wanted, struct error *error)
{
	while (input->bytes < wanted) {
		ssize_t got = read(input->descriptor, input->data + input->bytes, wanted - input->bytes);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return input_fault(error, input->name, input->bytes, "cannot be read: %s", strerror(errno));
		if (got == 0)
			return input_fault(error, input->name, input->bytes,
					   "the file was cut while it was read; it had %" PRIu64 " bytes",
					   input->file_bytes);
		input->bytes += (size_t)got;
	}
	return true;
}

static void input_make_room(struct input *input, size_t bytes)
{
	if (bytes <= input->room)
		return;
	input->data = memory_resize(input->data, bytes, 1);
	input->room = bytes;
}

bool input_open_next(struct input *input, const char *path, struct error *error)
{
	struct stat status;

	if (input->descriptor >= 0)
		close(input->descriptor);
	/* It does not block: opening a pipe without a writer would wait for one. */
	*input = (struct input){.name = path,
				.descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
				.data = input->data,
				.room = input->room};
	if (input->descriptor < 0) {
		int fault = errno;
		input_close(input);
		if (fault == ENXIO && stat(path, &status) == 0)
			return input_fault(error, path, 0, "is %s, not a snapshot", file_kind(status.st_mode));
		return fault == ENOENT ? input_fault(error, path, 0,
						     "there is no such file or recording: 'seep list' shows recordings")
				       : input_fault(error, path, 0, "cannot be opened: %s", strerror(fault));
	}
	bool opened;
	if (fstat(input->descriptor, &status) < 0)
		opened = input_fault(error, path, 0, "cannot be read: %s", strerror(errno));
	else if (!S_ISREG(status.st_mode))
		opened = input_fault(error, path, 0, "is %s, not a snapshot", file_kind(status.st_mode));
	else if (status.st_size == 0)
		opened = input_fault(error, path, 0, "the file is empty");
	else
		opened = true;
	if (opened) {
		input->file_bytes = (uint64_t)status.st_size;
		input_make_room(input, INPUT_HEAD_BYTES);
		opened = input_fill(input, input->file_bytes < INPUT_HEAD_BYTES ? input->file_bytes : INPUT_HEAD_BYTES,
				    error);
	}
	if (!opened)
		input_close(input);
	return opened;
}

bool input_open(struct input *input, const char *path, struct error *error)
{
	*input = (struct input){.descriptor = -1};
	return input_open_next(input, path, error);
}

bool input_read_rest(struct input *input, uint64_t limit_bytes, struct error *error)
{
	if (input->file_bytes > limit_bytes)
		return input_fault(error, input->name, limit_bytes,
				   "the file has %" PRIu64 " bytes, more than are read", input->file_bytes);
	memory_expect_input(input->file_bytes);
	input_make_room(input, input->file_bytes);
	return input_fill(input, input->file_bytes, error);
}

void input_close(struct input *input)
{
	if (input->descriptor >= 0)
		close(input->descriptor);
	free(input->data);
	*input = (struct input){.descriptor = -1};
}
