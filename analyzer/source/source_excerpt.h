/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of source on a page: those near lines with values, the largest first, up to a number of lines and bytes. */
#ifndef SEEP_SOURCE_SOURCE_EXCERPT_H
#define SEEP_SOURCE_SOURCE_EXCERPT_H

#include <stdbool.h>
#include <stdint.h>

#include "profile/profile.h"
#include "source/sources.h"

enum { EXCERPT_LINES = 2000, EXCERPT_BYTES = 200 << 10, EXCERPT_CONTEXT = 4 };

struct excerpt_file {
	const char *name; /* as in the debug information */
	const struct source *source;
	bool is_newer;
	uint32_t *numbers; /* in ascending order */
	uint32_t count, capacity;
};

struct source_excerpt {
	struct string_pool *texts;
	struct sources *sources;
	struct excerpt_file *files; /* of all lines with values, including those whose file is missing */
	uint32_t count, capacity;
	uint32_t lines;    /* lines that the page has */
	uint32_t left_out; /* lines with values for which there was no room */
};

/* From all lines that the stacks of a symbolized profile pass through. A line counts by the memory that it holds now
 * and by what it had allocated, as shares; memory that it asked for itself comes before memory that its calls asked
 * for. */
struct source_excerpt *source_excerpt_create(const struct profile *profile, const struct source_search *search);
void source_excerpt_free(struct source_excerpt *excerpt);

#endif
