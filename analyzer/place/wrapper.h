/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of the program that are its own malloc: xmalloc, zmalloc,
 * luaM_realloc_, arena_new. Who leaks is whoever called them.
 *
 * Wrappers are found, not listed. A function is one where it asks the allocator
 * in few places of its code, and either is called like an allocator and hands
 * out blocks of different sizes, or has many callers, most of which always get
 * the same size while the sizes of different callers differ: it is the caller
 * who decides. A function that allocates through wrappers alone can be one, too.
 */
#ifndef SEEP_PLACE_WRAPPER_H
#define SEEP_PLACE_WRAPPER_H

#include "place/code_owner.h"
#include "profile/profile.h"

struct wrappers; /* opaque */

/* `given`: names that the user calls wrappers, each a pattern as the shell's (fnmatch); `count` may be 0. The profile must
 * have been symbolized, and must outlive the result, as must `given`. */
struct wrappers *wrappers_find(const struct profile *profile, const char *const *given, size_t count);
void wrappers_free(struct wrappers *wrappers);

/* code_has_guests() of the profile. */
bool wrappers_see_guests(const struct wrappers *wrappers);

/* Whether the function of the location's line is one. */
bool wrappers_have(const struct wrappers *wrappers, const struct profile_location *location, uint32_t line);

/* code_owner(), asked once for each line of the profile. */
enum code_owner wrappers_owner(const struct wrappers *wrappers, const struct profile_location *location, uint32_t line);

#endif
