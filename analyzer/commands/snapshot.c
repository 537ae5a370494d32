/* SPDX-License-Identifier: Apache-2.0 */
/* seep snapshot: takes a snapshot now. seep asks a running process for it, and makes one from the heap file that a dead
 * process left. Prints the snapshot's path. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <seep/service.h>

#include "base/buffer.h"
#include "files/output.h"
#include "options/argument.h"
#include "options/command.h"
#include "session/names.h"
#include "references/look.h"
#include "target/take_snapshot.h"
#include "target/target.h"
#include "reader/snapshot_reader.h"

enum { OPTION_REFERENCES = 256, OPTION_MARK };

struct request {
	const char *output; /* NULL: not given */
	bool references, mark;
};

static const struct command_option snapshot_options[] = {
    {'o', "output", "FILE", "copy the snapshot to FILE (-: stdout)", &option_text, offsetof(struct request, output),
     NULL},
    {OPTION_REFERENCES, "references", NULL, "also find the blocks that nobody refers to", NULL,
     offsetof(struct request, references), NULL},
    {OPTION_MARK, "mark", NULL, "keep it for ever; SNAPSHOT: mark an existing one", NULL,
     offsetof(struct request, mark), NULL},
    {0},
};

/* The directory may be another user's, who could have put something else in the snapshot's place. */
static int snapshot_open(const char *path)
{
	struct stat status;
	int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (descriptor >= 0 && (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode))) {
		close(descriptor);
		errno = EINVAL;
		return -1;
	}
	return descriptor;
}

/* A marked snapshot is not thinned out any more. */
static bool snapshot_mark(const char *path, struct error *error)
{
	char magic[sizeof SEEP_SNAPSHOT_MAGIC - 1];
	struct stat status;
	const int descriptor = snapshot_open(path);

	if (descriptor < 0)
		return error_set(error, "%s: %s", path, strerror(errno));
	const bool is_ours = read(descriptor, magic, sizeof magic) == (ssize_t)sizeof magic &&
			     memcmp(magic, SEEP_SNAPSHOT_MAGIC, sizeof magic) == 0 && fstat(descriptor, &status) == 0;
	const bool is_marked = is_ours ? fchmod(descriptor, status.st_mode | SEEP_SNAPSHOT_MARK) == 0 ||
					     error_set(error, "%s: can't be marked: %s", path, strerror(errno))
				       : error_set(error, "%s: is not a snapshot, and can't be marked", path);
	close(descriptor);
	return is_marked;
}

static int snapshot_mark_only(const char *path)
{
	struct error error;

	if (!snapshot_mark(path, &error))
		return command_fail(&error);
	puts(path);
	return COMMAND_FINE;
}

static bool snapshot_copy(const char *path, const char *target, struct error *error)
{
	struct buffer contents = {0};
	char block[65536];
	ssize_t got;
	int descriptor = snapshot_open(path);

	if (descriptor < 0)
		return error_set(error, "%s: %s", path, strerror(errno));
	while ((got = read(descriptor, block, sizeof block)) > 0)
		buffer_append(&contents, block, (size_t)got);
	int reason = errno;
	close(descriptor);
	bool copied = got == 0 && snapshot_is_snapshot(contents.data, contents.length);
	if (got != 0)
		error_set(error, "%s: %s", path, strerror(reason));
	else if (!copied)
		error_set(error, "%s: something else has been put in the snapshot's place", path);
	copied = copied && output_write_buffer(&contents, target, error);
	buffer_free(&contents);
	return copied;
}

/* Keeps names with the recording, if this user may write there. */
static void names_keep_later(const char *directory)
{
	char absolute[PATH_MAX];
	const char *const directories[] = {absolute};

	if (realpath(directory, absolute))
		names_keep_behind(directories, 1);
}

static int snapshot_main(int argc, char **argv)
{
	struct request request = {0};
	char directory[PATH_MAX], name[32], path[PATH_MAX + 40];
	struct stat status;
	struct error error;

	command_take_options(&command_snapshot, argc, argv, &request);
	const char *target = request.output;
	const char *operand = command_only_operand(&command_snapshot, argc, argv);
	if (request.mark && stat(operand, &status) == 0 && S_ISREG(status.st_mode))
		return target || request.references
			   ? command_usage(&command_snapshot, "--mark SNAPSHOT goes without other options")
			   : snapshot_mark_only(operand);
	if (!target_resolve(operand, directory, sizeof directory, &error) || !target_is_there(directory, &error))
		return command_fail(&error);
	if (stat(directory, &status) == 0 && !S_ISDIR(status.st_mode))
		return error_set(&error,
				 "%s: is a file: snapshots are taken of processes, or of what they left in their "
				 "recordings",
				 operand)
			   ? COMMAND_FINE
			   : command_fail(&error);
	const int checked =
	    command_check_output(&command_snapshot, target, (struct targets){(const char *[]){directory}, 1}, NULL);
	if (checked != COMMAND_FINE)
		return checked;
	if (request.references ? !references_snapshot(directory, name, &error)
			       : !target_snapshot(directory, name, &error))
		return command_fail(&error);
	snprintf(path, sizeof path, "%s/%s", directory, name);
	if ((request.mark && !snapshot_mark(path, &error)) || (target && !snapshot_copy(path, target, &error)))
		return command_fail(&error);
	if (!target)
		puts(path);
	else if (strcmp(target, "-") != 0)
		puts(target);
	names_keep_later(directory);
	return COMMAND_FINE;
}

const struct command command_snapshot = {
    .name = "snapshot",
    .operands = "PID|RECORDING|SNAPSHOT",
    .summary = "take a snapshot now, or the last one of a dead process",
    .options = snapshot_options,
    .run = snapshot_main,
    .notes = "Prints the snapshot's path. A running process has 10 seconds to answer. With\n"
	     "--references it stands still twice, for some ms a GiB, while its memory is\n"
	     "copied (docs/REFERENCES.md). A marked snapshot stays, however long its recording\n"
	     "goes on and whatever its service may keep.",
};
