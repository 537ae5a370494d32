/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of the program that are its own malloc: xmalloc, zmalloc, luaM_realloc_, arena_new. Not they leak, but
 * whoever called them.
 *
 * Wrappers are found, not listed. A function is a wrapper if it asks the allocator in few places of its code and,
 * besides, either has an allocator's name and hands out blocks of different sizes, or has many callers most of which
 * always get the same size while the sizes of different callers differ: then the caller decides. A function that
 * allocates only through wrappers can be a wrapper, too.
 */
#ifndef SEEP_PLACE_WRAPPER_H
#define SEEP_PLACE_WRAPPER_H

#include "place/code_owner.h"
#include "profile/profile.h"

struct wrappers; /* opaque */

/* `given`: names that the user calls wrappers, each a pattern like the shell's (fnmatch); `count` may be 0. The profile
 * must have been symbolized. The profile and `given` must outlive the result. */
struct wrappers *wrappers_find(const struct profile *profile, const char *const *given, size_t count);
void wrappers_free(struct wrappers *wrappers);

/* The site's innermost call that is the program's own and not a wrapper. False: it has none, or is to be looked for. */
bool wrappers_own_call(const struct wrappers *wrappers, const struct profile_site *site, struct frame_walk *call);

/* code_has_guests() of the profile. */
bool wrappers_see_guests(const struct wrappers *wrappers);

/* Whether the function of the location's line is a wrapper. */
bool wrappers_have(const struct wrappers *wrappers, const struct profile_location *location, uint32_t line);

/* code_owner(), asked only once for each line of the profile. */
enum code_owner wrappers_owner(const struct wrappers *wrappers, const struct profile_location *location, uint32_t line);

#endif
