/* SPDX-License-Identifier: Apache-2.0 */
/* Gives an earlier build's functions the names that a later one has for them (place/builds.h), so that a differential
 * tree has one frame for both. */
#ifndef SEEP_TREE_CALL_BUILDS_H
#define SEEP_TREE_CALL_BUILDS_H

#include "place/builds.h"

struct call_builds {
	struct rebuilt rebuilt;
	struct numbering texts; /* the later build's functions by their plain names */
	struct numbering keys;  /* the same by their lasting names; the numbers are those of names */
	const char **names;
	size_t capacity;
};

/* Both must outlive it. `earlier` may be NULL. */
void call_builds_open(struct call_builds *builds, const struct profile *later, const struct profile *earlier);
void call_builds_close(struct call_builds *builds);

/* The name of a line's function in the later build; its own name if that has none. */
const char *call_builds_name(const struct call_builds *builds, const struct profile *earlier,
			     const struct profile_location *location, uint32_t line);

#endif
