/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer, and how its content becomes a file: under a
 * temporary name beside the target, then renamed, so that nobody ever sees
 * half of it, and nothing is left behind when the disk is full.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"

/* Makes room for `length` more bytes and the NUL. */
static void buffer_reserve(struct buffer *buffer, size_t length)
{
	size_t needed;

	if (__builtin_add_overflow(buffer->length, length, &needed) || __builtin_add_overflow(needed, 1, &needed))
		needed = SIZE_MAX; /* memory_resize() says so */
	if (needed <= buffer->capacity)
		return;
	size_t doubled = buffer->capacity < SIZE_MAX / 2 ? 2 * buffer->capacity : SIZE_MAX;
	size_t capacity = needed > doubled ? needed : doubled;
	if (capacity < 64)
		capacity = 64;
	buffer->data = memory_resize(buffer->data, capacity, 1);
	buffer->capacity = capacity;
}

void buffer_append(struct buffer *buffer, const void *data, size_t length)
{
	buffer_reserve(buffer, length);
	if (length)
		memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_append_byte(struct buffer *buffer, char byte)
{
	buffer_append(buffer, &byte, 1);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	buffer_reserve(buffer, (size_t)length);
	va_start(arguments, format);
	vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
	va_end(arguments);
	buffer->length += (size_t)length;
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}

/* 0, or an errno value. */
static int descriptor_write_all(int descriptor, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t written = write(descriptor, data, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return errno;
		data += written;
		length -= (size_t)written;
	}
	return 0;
}

/* Writes and closes; 0, or an errno value. Some file systems tell of a full disk only at close. */
static int descriptor_write_and_close(int descriptor, const struct buffer *buffer)
{
	int fault = descriptor_write_all(descriptor, buffer->data, buffer->length);

	if (close(descriptor) < 0 && !fault)
		fault = errno;
	return fault;
}

/* Opens a new file beside `path` and gives its name, which the caller frees; -1: errno says why. */
static int temporary_open(const char *path, mode_t mode, char **name)
{
	struct buffer text = {0};
	int descriptor = -1;

	for (int attempt = 0; attempt < 100; attempt++) {
		text.length = 0;
		buffer_printf(&text, "%s.%ld-%d.tmp", path, (long)getpid(), attempt);
		descriptor = open(text.data, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (descriptor >= 0 || errno != EEXIST)
			break;
	}
	*name = text.data;
	return descriptor;
}

/* Replaces `path`, which is a regular file (`before`) or not there (`before` NULL). 0, or an errno value. */
static int file_replace(const char *path, const struct stat *before, const struct buffer *buffer)
{
	char *temporary;
	int descriptor = temporary_open(path, 0666, &temporary);
	int fault = descriptor < 0 ? errno : 0;

	if (!fault && before && fchmod(descriptor, before->st_mode & 0777) < 0)
		fault = errno;
	if (descriptor >= 0) {
		int written = fault ? (close(descriptor), fault) : descriptor_write_and_close(descriptor, buffer);
		fault = written;
		if (!fault && rename(temporary, path) < 0)
			fault = errno;
		if (fault)
			unlink(temporary);
	}
	free(temporary);
	return fault;
}

bool buffer_write_file(const struct buffer *buffer, const char *path, struct error *error)
{
	struct stat status;
	int fault;

	if (!path || strcmp(path, "-") == 0) {
		fault = fflush(stdout) == 0 ? descriptor_write_all(STDOUT_FILENO, buffer->data, buffer->length) : errno;
		return fault ? error_set(error, "standard output: %s", strerror(fault)) : true;
	}
	if (stat(path, &status) < 0) {
		fault = errno == ENOENT ? file_replace(path, NULL, buffer) : errno;
	} else if (S_ISREG(status.st_mode)) {
		/* What a symbolic link points to is replaced, not the link. */
		char *real = realpath(path, NULL);
		fault = real ? file_replace(real, &status, buffer) : errno;
		free(real);
	} else {
		int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		fault = descriptor < 0 ? errno : descriptor_write_and_close(descriptor, buffer);
	}
	return fault ? error_set(error, "%s: cannot write: %s", path, strerror(fault)) : true;
}
