/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stays the same in two builds of a program. Addresses and lines don't: a stack in a rebuilt module is known by
 * the names of its functions, in the form that lasts (stable_name.h). The program itself is one module, whatever its
 * file is called.
 */
#ifndef SEEP_PLACE_BUILDS_H
#define SEEP_PLACE_BUILDS_H

#include <stdbool.h>

#include "base/map.h"
#include "profile/profile.h"

/* A function that only one build has, and one that only the other has, with the same callers and the same calls. */
struct rename {
	uint64_t key;    /* call_own_key() of the later function */
	const char *was; /* the name of the earlier function; owned by the profile */
};

/* The modules whose builds differ between profiles, by the hashes of their names; zero-initialise. */
struct rebuilt {
	struct numbering names;
	struct numbering former; /* keys of the functions whose names changed; their numbers are those in renames */
	struct numbering latter; /* keys of the new names */
	struct rename *renames;
};

/* Adds the modules whose build ids differ between the two profiles, and finds functions renamed in them. Both must have
 * been symbolized, and must outlive the result. */
void rebuilt_add(struct rebuilt *rebuilt, const struct profile *later, const struct profile *earlier);
/* The same for a sum over processes that ran two builds of a module at once; renames are not looked for. */
void rebuilt_add_within(struct rebuilt *rebuilt, const struct profile *sum);
void rebuilt_free(struct rebuilt *rebuilt);

static inline bool rebuilt_any(const struct rebuilt *rebuilt)
{
	return rebuilt->names.count > 0;
}

bool rebuilt_has(const struct rebuilt *rebuilt, const struct profile *profile, const struct profile_location *location);

/* Identifies the function of a call in all builds. If only an address is known, it identifies that. */
uint64_t call_stable_key(const struct rebuilt *rebuilt, const struct profile *profile, struct frame_walk at);

/* The same for a line of a location that has these calls; and without regard to renames. */
uint64_t line_stable_key(const struct rebuilt *rebuilt, const struct profile *profile,
			 const struct profile_location *location, uint32_t line);
uint64_t line_own_key(const struct profile *profile, const struct profile_location *location, uint32_t line);

/* The name of a call's function in the earlier build; NULL: the same. */
const char *call_former_name(const struct rebuilt *rebuilt, const struct profile *profile, struct frame_walk at);

/* Fills renames, for modules in `rebuilt`. */
void renames_find(struct rebuilt *rebuilt, const struct profile *later, const struct profile *earlier);

/* call_stable_key() without regard to renames. */
uint64_t call_own_key(const struct profile *profile, struct frame_walk at);

/* The same for a stack from the call at `from` outwards. False: none of its modules was rebuilt. */
bool stack_stable_key(const struct rebuilt *rebuilt, const struct profile *profile, struct frame_walk from,
		      uint64_t *key);

#endif
