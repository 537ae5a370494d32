/* SPDX-License-Identifier: Apache-2.0 */
/* What an allocator that was asked says of its heap. Bytes; what is allocated may not all be in memory. */
#ifndef SEEP_ACCOUNT_FIGURES_H
#define SEEP_ACCOUNT_FIGURES_H

#include <stdbool.h>

#include "profile/profile.h"

struct allocator_figures {
	double allocated;  /* blocks in use, as large as it has made them */
	double cached;     /* freed, in caches of threads */
	double free_pages; /* free, whole pages that it has not given back */
	double pinned;     /* free, in pages that hold blocks in use, too */
	double metadata;
	double stop_ms;   /* that the program stood still to be asked */
	bool cleans_up;   /* a thread of its own gives free pages back */
	bool never_gives; /* free pages are never given back by themselves */
};

static inline double allocator_figures_sum(const struct allocator_figures *figures)
{
	return figures->allocated + figures->cached + figures->free_pages + figures->pinned + figures->metadata;
}

/* As values of a snapshot's section MEMORY, and from them. False: the allocator was not asked. */
#define ALLOCATOR_FIGURES_VALUES 10
void allocator_figures_values(struct seep_value values[static ALLOCATOR_FIGURES_VALUES],
			      const struct allocator_figures *figures);
bool allocator_figures_find(struct allocator_figures *figures, const struct profile *profile);

#endif
