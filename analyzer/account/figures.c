/* SPDX-License-Identifier: Apache-2.0 */
/* See figures.h. */
#include "account/figures.h"

#include <math.h>
#include <string.h>

static uint64_t bytes_of(double bytes)
{
	return (uint64_t)fmax(0, bytes);
}

void allocator_figures_values(struct seep_value values[static ALLOCATOR_FIGURES_VALUES],
			      const struct allocator_figures *figures)
{
	const struct seep_value all[ALLOCATOR_FIGURES_VALUES] = {
	    {SEEP_MEMORY_HEAP_STATE, 0, SEEP_ACCOUNT_KNOWN},
	    {SEEP_MEMORY_HEAP_IN_USE, 0, bytes_of(figures->allocated)},
	    {SEEP_MEMORY_HEAP_CACHED, 0, bytes_of(figures->cached)},
	    {SEEP_MEMORY_HEAP_FREE_PAGES, 0, bytes_of(figures->free_pages)},
	    {SEEP_MEMORY_HEAP_TOP, 0, 0},
	    {SEEP_MEMORY_HEAP_PINNED, 0, bytes_of(figures->pinned)},
	    {SEEP_MEMORY_HEAP_METADATA, 0, bytes_of(figures->metadata)},
	    {SEEP_MEMORY_HEAP_SPREAD, 0, 0},
	    {SEEP_MEMORY_HEAP_ASKED, 0,
	     SEEP_ASKED | (figures->cleans_up ? SEEP_ASKED_CLEANS_UP : 0u) |
		 (figures->never_gives ? SEEP_ASKED_NEVER_GIVES : 0u)},
	    {SEEP_MEMORY_HEAP_ASKED_STOP, 0, bytes_of(figures->stop_ms * 1e6)}};

	memcpy(values, all, sizeof all);
}

static double memory_of(const struct profile *profile, enum seep_memory_key key)
{
	return profile->memory_known >> key & 1 ? (double)profile->memory[key] : 0;
}

bool allocator_figures_find(struct allocator_figures *figures, const struct profile *profile)
{
	const uint64_t asked = (uint64_t)memory_of(profile, SEEP_MEMORY_HEAP_ASKED);

	*figures = (struct allocator_figures){.allocated = memory_of(profile, SEEP_MEMORY_HEAP_IN_USE),
					      .cached = memory_of(profile, SEEP_MEMORY_HEAP_CACHED),
					      .free_pages = memory_of(profile, SEEP_MEMORY_HEAP_FREE_PAGES),
					      .pinned = memory_of(profile, SEEP_MEMORY_HEAP_PINNED),
					      .metadata = memory_of(profile, SEEP_MEMORY_HEAP_METADATA),
					      .stop_ms = memory_of(profile, SEEP_MEMORY_HEAP_ASKED_STOP) / 1e6,
					      .cleans_up = asked & SEEP_ASKED_CLEANS_UP,
					      .never_gives = asked & SEEP_ASKED_NEVER_GIVES};
	return asked & SEEP_ASKED;
}
