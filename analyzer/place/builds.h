/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is the same in two builds of a program. Addresses and lines are not: a stack of a module that was built anew is
 * known by the names of its functions, as they stay (stable_name.h). The program itself is one module whatever its file
 * is called.
 */
#ifndef SEEP_PLACE_BUILDS_H
#define SEEP_PLACE_BUILDS_H

#include <stdbool.h>

#include "base/map.h"
#include "profile/profile.h"

/* A function that is only in one build, and one that is only in the other, with the same callers and the same calls. */
struct rename {
	uint64_t key;    /* call_own_key() of the later one */
	const char *was; /* the name of the earlier one; the profile's */
};

/* The modules of which profiles have different builds, by their names' hashes; zero-initialise. */
struct rebuilt {
	struct numbering names;
	struct numbering
	    former; /* keys of the functions that have got other names; their numbers are those of renames */
	struct numbering latter; /* of those names */
	struct rename *renames;
};

/* Adds the modules that the two have by different build ids, and finds what was renamed in them. Both must have been
 * symbolized, and must outlive the result. */
void rebuilt_add(struct rebuilt *rebuilt, const struct profile *later, const struct profile *earlier);
void rebuilt_free(struct rebuilt *rebuilt);

static inline bool rebuilt_any(const struct rebuilt *rebuilt)
{
	return rebuilt->names.count > 0;
}

bool rebuilt_has(const struct rebuilt *rebuilt, const struct profile *profile, const struct profile_location *location);

/* Equal in all builds: the function that a call is in. Where only an address is known, it is that. */
uint64_t call_stable_key(const struct rebuilt *rebuilt, const struct profile *profile, struct frame_walk at);

/* The same of a line of a location, whose calls these are; and before renames. */
uint64_t line_stable_key(const struct rebuilt *rebuilt, const struct profile *profile,
			 const struct profile_location *location, uint32_t line);
uint64_t line_own_key(const struct profile *profile, const struct profile_location *location, uint32_t line);

/* The name that a call's function had in the earlier build; NULL: the same. */
const char *call_former_name(const struct rebuilt *rebuilt, const struct profile *profile, struct frame_walk at);

/* Fills renames: of modules that are in `rebuilt`. */
void renames_find(struct rebuilt *rebuilt, const struct profile *later, const struct profile *earlier);

/* call_stable_key() before renames. */
uint64_t call_own_key(const struct profile *profile, struct frame_walk at);

/* The same of a stack from the call at `from` outwards, which comes last. False: no module of it was built anew. */
bool stack_stable_key(const struct rebuilt *rebuilt, const struct profile *profile, struct frame_walk from,
		      uint64_t *key);

#endif
