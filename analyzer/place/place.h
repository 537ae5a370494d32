/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place of a site: the innermost call that is the program's own and is
 * neither an allocator, nor a wrapper around one, nor a container's or a
 * library's code. It is the line that a person would look at first. Between an
 * interpreter of the system's and an extension that is not, it is the extension's.
 *
 * Where a stack has no such call, the place is the innermost one that is no
 * wrapper and no container's; where there is none of these either, the leaf.
 */
#ifndef SEEP_PLACE_PLACE_H
#define SEEP_PLACE_PLACE_H

#include "profile/profile.h"
#include "place/wrapper.h"

/* False, and `place` untouched, where the site has no stack. */
bool place_find(const struct profile *profile, const struct wrappers *wrappers, const struct profile_site *site,
		struct frame_walk *place);

#endif
