/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over a stack's calls from the leaf outwards; a call that was inlined is one like any other. */
#ifndef SEEP_PLACE_FRAME_WALK_H
#define SEEP_PLACE_FRAME_WALK_H

#include "profile/profile.h"

/* One call: the line'th of what the frame'th address of a site's stack stands for. */
struct frame_walk {
	uint32_t frame, line;
};

static inline bool frame_walk_has(const struct profile_site *site, struct frame_walk at)
{
	return at.frame < site->depth;
}

static inline const struct profile_location *frame_walk_location(const struct profile *profile,
								 const struct profile_site *site, struct frame_walk at)
{
	return &profile->locations[site->stack[at.frame]];
}

static inline const struct source_line *frame_walk_line(const struct profile *profile, const struct profile_site *site,
							struct frame_walk at)
{
	return &profile_lines(profile, frame_walk_location(profile, site, at))[at.line];
}

/* The caller's. */
static inline struct frame_walk frame_walk_next(const struct profile *profile, const struct profile_site *site,
						struct frame_walk at)
{
	if (at.line + 1 < frame_walk_location(profile, site, at)->line_count)
		return (struct frame_walk){at.frame, at.line + 1};
	return (struct frame_walk){at.frame + 1, 0};
}

#endif
