/* SPDX-License-Identifier: Apache-2.0 */
/* Whose code a frame is: the program's own, a library's, or that of the language's containers. */
#ifndef SEEP_PLACE_CODE_OWNER_H
#define SEEP_PLACE_CODE_OWNER_H

#include "profile/profile.h"

enum code_owner {
	CODE_PROGRAM,   /* the executable, libraries beside it, plugins, code made at run time */
	CODE_HOST,      /* a system executable, such as an interpreter: it is the program if it runs no guest */
	CODE_LIBRARY,   /* a shared library in one of the system's library folders */
	CODE_CONTAINER, /* the standard library of C++ or Rust, also where its headers are inlined into the program */
};

/* Whether this code, as the caller of an allocator, is worth looking at. */
static inline bool code_is_own(enum code_owner owner)
{
	return owner == CODE_PROGRAM || owner == CODE_HOST;
}

/* Whether a system executable runs code that is not a part of the system, such as a user's extension of an
 * interpreter. */
bool code_has_guests(const struct profile *profile);

/* The owner of `line`, one of the lines of `location`. */
enum code_owner code_owner(const struct profile *profile, const struct profile_location *location,
			   const struct source_line *line);

#endif
