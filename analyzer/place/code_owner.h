/* SPDX-License-Identifier: Apache-2.0 */
/* Whose code a frame is: the program's own, a library's, or a container's of the language. */
#ifndef SEEP_PLACE_CODE_OWNER_H
#define SEEP_PLACE_CODE_OWNER_H

#include "profile/profile.h"

enum code_owner {
	CODE_PROGRAM,   /* the executable, libraries beside it, plugins, code made at run time */
	CODE_HOST,      /* an executable of the system's, such as an interpreter: the program where no guest is */
	CODE_LIBRARY,   /* a shared library in one of the system's library folders */
	CODE_CONTAINER, /* the standard library of C++ or Rust, also where its headers are inlined into the program */
};

/* Whether the caller of an allocator is worth a look. */
static inline bool code_is_own(enum code_owner owner)
{
	return owner == CODE_PROGRAM || owner == CODE_HOST;
}

/* Whether code runs in a host that is not a part of the system: an extension of one's own in an interpreter. */
bool code_has_guests(const struct profile *profile);

/* The owner of `line`, which is one of the lines of `location`. */
enum code_owner code_owner(const struct profile *profile, const struct profile_location *location,
			   const struct source_line *line);

#endif
