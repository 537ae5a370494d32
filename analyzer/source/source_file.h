/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source file that debug information names, opened here. Anybody may have written that name, and what is read is shown, so
 * only regular files of a bounded size that are text and bear a source file's suffix, links followed, are ever read; none of
 * /proc, /sys and /dev, and none behind a link of /proc (docs/SECURITY.md).
 */
#ifndef SEEP_SOURCE_SOURCE_FILE_H
#define SEEP_SOURCE_SOURCE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SOURCE_FILE_BYTES (4 << 20) /* a larger file is not read */

struct source_file {
	char *path; /* as it was opened */
	char *text;
	size_t bytes;
	uint32_t *starts; /* of each line; one more at the end */
	uint32_t line_count;
	int64_t modified_ns; /* since 1970 */
};

enum source_opened {
	SOURCE_OPENED,
	SOURCE_MISSING, /* nothing of that name is there, or it can't be reached */
	SOURCE_REFUSED, /* the error says why */
};

enum source_opened source_file_open(struct source_file *file, const char *path, struct error *error);
/* The same of a file that a server had, which closes the descriptor: it is of the very build, and newer than nothing. */
bool source_file_take(struct source_file *file, int descriptor, const char *name, struct error *error);
void source_file_free(struct source_file *file);

/* The text of a line, from 1 on, without its end. False: the file has no such line. */
bool source_file_line(const struct source_file *file, uint32_t line, const char **text, size_t *bytes);

/* Whether a path ends as a source file's does, or is a header of the system's. */
bool path_is_source(const char *path);

#endif
