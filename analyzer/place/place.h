/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place of a site: the innermost call that is the program's own, and neither an allocator, nor a wrapper around
 * one, nor code of a container or a library. It is the line at which a person would look first. If a system interpreter
 * runs an extension from elsewhere, the extension's calls go first.
 *
 * If a stack has no such call, the place is the innermost one that is neither a wrapper nor a container's; without
 * that, the leaf.
 */
#ifndef SEEP_PLACE_PLACE_H
#define SEEP_PLACE_PLACE_H

#include "profile/profile.h"
#include "place/wrapper.h"

/* False, leaving `place` alone, if the site has no stack. */
bool place_find(const struct profile *profile, const struct wrappers *wrappers, const struct profile_site *site,
		struct frame_walk *place);

#endif
