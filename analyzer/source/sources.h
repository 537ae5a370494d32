/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source files that a profile's lines are of, as far as they can be read here. Each is looked for
 *	1. where a FROM=TO of the search says, for names that begin with FROM,
 *	2. below each directory of the search: under its whole name there, then without its first folder, and so on,
 *	3. where its name says; a relative one beside the recording, and then in the current directory;
 *	4. at the servers in DEBUGINFOD_URLS, by the build of the module that has its lines.
 */
#ifndef SEEP_SOURCE_SOURCES_H
#define SEEP_SOURCE_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdint.h>

#include "source/source_file.h"

struct source_search {
	const char *const *rules; /* DIR or FROM=TO, in the order of their rank; not owned */
	size_t rule_count;
	const char *recording; /* path of the recording, for relative names; not owned */
};

/* What is known about one name. */
struct source {
	struct source_file file; /* if line_count is 0, there is no file, and `fault` says why */
	char fault[160];         /* "" if there is a file */
	bool is_missing;         /* the fault is only that the file was not found */
};

/* The build to which the lines belong. */
struct source_build {
	const uint8_t *id;
	uint32_t bytes; /* 0: unknown */
};

struct sources; /* opaque */

struct sources *sources_create(const struct source_search *search);
void sources_free(struct sources *sources);

/* The file for a name in debug information. The name is interned, because the same name is looked for only once. */
const struct source *sources_find(struct sources *sources, const char *name, struct source_build build);

/* Whether a file was changed after a module was built, or after the recording began: then its lines may have moved. `module`
 * is the path of the module's file. */
bool source_is_newer(const struct source_file *file, const char *module, uint64_t start_unix_ns);

#endif
