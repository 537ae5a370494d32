/* SPDX-License-Identifier: Apache-2.0 */
/* What an allocator answers that was asked about its heap. In bytes; not all that is allocated need be in memory. */
#ifndef SEEP_ACCOUNT_FIGURES_H
#define SEEP_ACCOUNT_FIGURES_H

#include <stdbool.h>

#include "profile/profile.h"

struct allocator_figures {
	double allocated;  /* blocks in use, in the sizes that the allocator gave them */
	double cached;     /* freed blocks in threads' caches */
	double free_pages; /* free whole pages that it has not given back */
	double pinned;     /* free parts of pages that hold blocks in use */
	double metadata;
	double stop_ms;   /* how long the program stood still for the question */
	bool cleans_up;   /* one of its own threads gives free pages back */
	bool never_gives; /* it never gives free pages back by itself */
};

static inline double allocator_figures_sum(const struct allocator_figures *figures)
{
	return figures->allocated + figures->cached + figures->free_pages + figures->pinned + figures->metadata;
}

/* Writes them as values of a snapshot's section MEMORY, and reads them from there. False: the allocator was not
 * asked. */
#define ALLOCATOR_FIGURES_VALUES 10
void allocator_figures_values(struct seep_value values[static ALLOCATOR_FIGURES_VALUES],
			      const struct allocator_figures *figures);
bool allocator_figures_find(struct allocator_figures *figures, const struct profile *profile);

#endif
