/* SPDX-License-Identifier: Apache-2.0 */
/* For each group of a series, the share of its live bytes that nobody refers to, as of the last snapshot for which
 * somebody looked (docs/REFERENCES.md). */
#ifndef SEEP_LEAKS_REFERENCED_H
#define SEEP_LEAKS_REFERENCED_H

#include "leaks/leak_row.h"
#include "series/series.h"
#include "leaks/share.h"

/* Samples that must have been looked at before anything is said. */
#define REFERENCES_LEAST 5

struct reference_sum {
	struct share_sum share;
	/* births of the lost ones, the youngest first; 0: there are not so many */
	uint64_t youngest_ns[REFERENCES_LEAST];
};

/* What was found about the sample at that address, enum seep_reference; 0: nobody looked at it. */
uint32_t reference_state(const struct profile *profile, uint64_t address);

void reference_sum_add(struct reference_sum *sum, const struct profile_sample *sample, bool is_lost);

/* Sums by group (there are `count`); `groups` says in which group each site of the reference is. The caller frees the
 * array; NULL: nobody looked. */
struct reference_sum *references_by_group(const struct series *series, const uint32_t *groups, uint32_t count);

/*
 * Takes cautions from a leak, or adds one, by what a look for references found. If most of the leak is lost memory, it
 * is not a cache that is still filling, and does not die; if the newest of it is lost, too, it can be told from noise.
 * If all of it is referenced, it may be a cache or a queue, however old.
 */
void row_take_references(struct leak_row *row, const struct reference_sum *sum, uint64_t looked_ns);

/* Whether nobody refers to most of it. */
static inline bool row_is_lost(const struct leak_row *row)
{
	return row->references.samples >= REFERENCES_LEAST && share_interval(&row->references, ALPHA).low > 0.5;
}

/* Whether all of it is referenced, except perhaps for a little that an unseen pointer keeps. */
static inline bool row_is_kept(const struct leak_row *row)
{
	const struct share_sum *sum = &row->references;

	return sum->samples >= REFERENCES_LEAST && (sum->with == 0 || share_interval(sum, ALPHA).high < 0.05);
}

#endif
