/* SPDX-License-Identifier: Apache-2.0 */
/* Lines for `seep run`: see session.h. */
#include "shim/recording/session.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "keeper/base/file.h"
#include "keeper/base/quiet_write.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/files/life.h"
#include "shim/recording/setup.h"

/* The longest line: a directory of which every byte is escaped. */
#define LINE_BYTES (2 * sizeof((struct seep_heap_header *)NULL)->directory + 1)

/* Is this the file that `seep run` made, or one that somebody put at its name after it was removed? Root's processes,
 * and those in a namespace of users, see another owner than themselves or than they were told. */
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

/* Both `seep run` and the process that would have taken its place may have been killed. */
static bool is_read(int descriptor, const struct session_file_option *file)
{
	return !file->locked || !life_is_unheld(descriptor);
}

/* Opens it for appending; -errno: it is not the file that we were told of, or nobody reads it any more.
 * Non-blocking, because a pipe would wait for its reader. */
static int registry_open(void)
{
	const struct options *options = &recording_setup.options;
	if (!*options->session)
		return -ENOENT;
	int descriptor =
	    file_open(AT_FDCWD, options->session, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	if (descriptor < 0 ||
	    (is_what_was_made(descriptor, &options->session_file) && is_read(descriptor, &options->session_file)))
		return descriptor;
	system_close(descriptor);
	return -ESTALE;
}

/* At the limit for the size of files, half a line would be written and spoil the next one. */
static bool line_fits(int descriptor, size_t length)
{
	struct stat status;
	return system_stat_descriptor(descriptor, &status) != 0 || !S_ISREG(status.st_mode) ||
	       file_size_check((uint64_t)status.st_size + length) == 0;
}

bool session_is_open(void)
{
	if (!*recording_setup.options.session)
		return true;
	int descriptor = registry_open();
	bool open = descriptor >= 0 && line_fits(descriptor, LINE_BYTES);
	if (descriptor >= 0)
		system_close(descriptor);
	return open;
}

/* A daemon may have put another file, such as its data, where stderr was. */
static bool stderr_is_as_it_was(void)
{
	struct stat status;
	return system_stat_descriptor(2, &status) == 0 && status.st_dev == recording_setup.stderr_device &&
	       status.st_ino == recording_setup.stderr_inode;
}

/* Would a line be written to stderr without waiting for a reader? A pipe may be full, or a terminal stopped. */
static bool stderr_takes_a_line(void)
{
	const struct timespec at_once = {0};
	struct pollfd asked = {.fd = 2, .events = POLLOUT};
	return system_call(SYS_ppoll, (long)&asked, 1, (long)&at_once, 0, 0, 0) == 1 && asked.revents == POLLOUT;
}

/* Writes the whole line or nothing. */
static bool line_write(int descriptor, const char *line, size_t length)
{
	return line_fits(descriptor, length) && quiet_write(descriptor, line, length) == (long)length;
}

/* A line of the registry stays one line whatever it quotes: a newline becomes "\\n" there, and a backslash "\\\\". */
static void text_add_as_line(struct text *text, const char *more)
{
	while (*more) {
		size_t plain = strcspn(more, "\\\n");
		text_add_bounded(text, more, plain);
		more += plain;
		if (*more)
			text_add(text, *more++ == '\n' ? "\\n" : "\\\\");
	}
}

/* Adds a name that anybody may have chosen, without control characters on which a terminal would act. */
static void text_add_for_terminal(struct text *text, const char *more)
{
	for (; *more; more++)
		text_add_bounded(text, *more >= ' ' && *more < 127 ? more : "?", 1);
}

bool session_register(const char *directory)
{
	static char line[LINE_BYTES];
	int descriptor = registry_open();
	if (descriptor < 0)
		return false;
	struct text text = text_begin(line, sizeof line);
	struct stat status;
	text_add_as_line(&text, directory);
	text_add(&text, "\n");
	/* one write, so that O_APPEND keeps the lines of several processes apart */
	bool written = line_write(descriptor, line, text.length);
	/* whoever ends the run removes the file first and reads it then: if the file still has a name after the
	 * write, the line is read */
	bool read = written && system_stat_descriptor(descriptor, &status) == 0 && status.st_nlink > 0;
	system_close(descriptor);
	return read;
}

typedef void text_adder(struct text *text, const char *more);

static bool line_say(int descriptor, const char *prefix, const char *message, text_adder *add)
{
	char line[400];
	struct text text = text_begin(line, sizeof line);
	text_add(&text, prefix);
	add(&text, message);
	text.size += text.cut; /* the newline takes the NUL's place if need be */
	line[text.length] = '\n';
	return line_write(descriptor, line, text.length + 1);
}

void session_say(const char *what, const char *detail)
{
	char message[400];
	struct text text = text_begin(message, sizeof message);
	text_add(&text, what);
	if (detail && *detail) {
		text_add(&text, ": ");
		text_add(&text, detail);
	}
	int registry = registry_open();
	bool said = registry >= 0 && line_say(registry, "! ", message, text_add_as_line);
	if (registry >= 0)
		system_close(registry);
	if (!said && !session_host_note(message) && stderr_is_as_it_was() && stderr_takes_a_line())
		line_say(2, "seep: ", message, text_add_for_terminal);
}
