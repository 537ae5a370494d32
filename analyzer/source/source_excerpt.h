/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of source that a page carries: those near lines with values, the largest first, up to so many lines and bytes. */
#ifndef SEEP_SOURCE_SOURCE_EXCERPT_H
#define SEEP_SOURCE_SOURCE_EXCERPT_H

#include <stdbool.h>
#include <stdint.h>

#include "profile/profile.h"
#include "source/sources.h"

enum { EXCERPT_LINES = 2000, EXCERPT_BYTES = 200 << 10, EXCERPT_CONTEXT = 4 };

struct excerpt_file {
	const char *name; /* as debug information has it */
	const struct source *source;
	bool is_newer;
	uint32_t *numbers; /* ascending */
	uint32_t count, capacity;
};

struct source_excerpt {
	struct string_pool *texts;
	struct sources *sources;
	struct excerpt_file *files; /* of all lines with values, those without a file too */
	uint32_t count, capacity;
	uint32_t lines;    /* that are carried */
	uint32_t left_out; /* lines with values that had no more room */
};

/* Of all lines that the stacks of a symbolized profile pass through. Of a line counts what it holds now and what it had
 * allocated, as shares; what it asked for itself comes before what it called. */
struct source_excerpt *source_excerpt_create(const struct profile *profile, const struct source_search *search);
void source_excerpt_free(struct source_excerpt *excerpt);

#endif
