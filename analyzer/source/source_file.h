/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source file that debug information names, opened on this machine. Anybody may have written that name, and what is
 * read is shown. So only text in regular files of bounded size is ever read, whose names, links followed, end as a
 * source file's do; nothing of /proc, /sys and /dev, and nothing behind a link of /proc (docs/SECURITY.md).
 */
#ifndef SEEP_SOURCE_SOURCE_FILE_H
#define SEEP_SOURCE_SOURCE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SOURCE_FILE_BYTES (4 << 20) /* larger files are not read */

struct source_file {
	char *path; /* the path that was opened */
	char *text;
	size_t bytes;
	uint32_t *starts; /* of each line, with one entry more at the end */
	uint32_t line_count;
	int64_t modified_ns; /* since 1970 */
};

enum source_opened {
	SOURCE_OPENED,
	SOURCE_MISSING, /* there is no file of that name, or it can't be reached */
	SOURCE_REFUSED, /* the error says why */
};

enum source_opened source_file_open(struct source_file *file, const char *path, struct error *error);
/* The same for a file that a server sent; closes the descriptor. It belongs to that very build, so it is never newer
 * than the program. */
bool source_file_take(struct source_file *file, int descriptor, const char *name, struct error *error);
void source_file_free(struct source_file *file);

/* The text of a line, counted from 1, without its line break. False: the file has no such line. */
bool source_file_line(const struct source_file *file, uint32_t line, const char **text, size_t *bytes);

/* Whether a path ends as a source file's does, or is one of the system's headers. */
bool path_is_source(const char *path);

#endif
