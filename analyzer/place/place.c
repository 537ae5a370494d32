/* SPDX-License-Identifier: Apache-2.0 */
/* Which call of a stack is its place. */
#include "place/place.h"

/* How good a call is as a place: the best one is taken, and among equals the innermost. */
enum fitness { FITS_NOT, FITS_AS_LIBRARY, FITS_AS_HOST, FITS };

static enum fitness call_fitness(const struct profile *profile, const struct wrappers *wrappers, struct frame_walk at)
{
	const struct profile_location *location = frame_walk_location(profile, at);

	if (wrappers_have(wrappers, location, at.line))
		return FITS_NOT;
	switch (wrappers_owner(wrappers, location, at.line)) {
	case CODE_PROGRAM:
		return FITS;
	case CODE_HOST:
		return wrappers_see_guests(wrappers) ? FITS_AS_HOST : FITS;
	case CODE_LIBRARY:
		return FITS_AS_LIBRARY;
	default:
		return FITS_NOT;
	}
}

bool place_find(const struct profile *profile, const struct wrappers *wrappers, const struct profile_site *site,
		struct frame_walk *place)
{
	enum fitness best = FITS_NOT;

	if (!wrappers_see_guests(wrappers) && wrappers_own_call(wrappers, site, place))
		return true; /* the innermost that fits */
	if (site->depth == 0)
		return false;
	*place = frame_walk_leaf(site);
	for (struct frame_walk at = *place; best != FITS && frame_walk_has(at); at = frame_walk_next(profile, at)) {
		const enum fitness here = call_fitness(profile, wrappers, at);
		if (here > best) {
			best = here;
			*place = at;
		}
	}
	return true;
}
