/* SPDX-License-Identifier: Apache-2.0 */
/* Of each group of a series, which share of what it has alive is referenced by nobody: as of the last snapshot for which somebody
 * has looked (docs/REFERENCES.md). */
#ifndef SEEP_LEAKS_REFERENCED_H
#define SEEP_LEAKS_REFERENCED_H

#include "leaks/leak_row.h"
#include "series/series.h"
#include "leaks/share.h"

/* Samples that must have been looked at, for a word on what they are. */
#define REFERENCES_LEAST 5

struct reference_sum {
	struct share_sum share;
	uint64_t youngest_ns[REFERENCES_LEAST]; /* births of the lost ones, descending; 0: there are not so many */
};

/* What was found of a sample at that address, enum seep_reference; 0: it was not looked at. */
uint32_t reference_state(const struct profile *profile, uint64_t address);

void reference_sum_add(struct reference_sum *sum, const struct profile_sample *sample, bool is_lost);

/* By group, `count` of them; `groups` says which each site of the reference is in. The caller frees the array; NULL: nobody has
 * looked. */
struct reference_sum *references_by_group(const struct series *series, const uint32_t *groups, uint32_t count);

/*
 * What was found at that time takes cautions from a leak and gives it one. Most of it is lost memory: that is not a cache which is still
 * filling, and does not die; where the newest of it is lost, too, that can be told from noise. All of it is
 * referenced: it may be a cache or a queue, however old.
 */
void row_take_references(struct leak_row *row, const struct reference_sum *sum, uint64_t looked_ns);

/* Is most of it referenced by nobody? */
static inline bool row_is_lost(const struct leak_row *row)
{
	return row->references.samples >= REFERENCES_LEAST && share_interval(&row->references, ALPHA).low > 0.5;
}

/* Is all of it referenced, but perhaps for a little that an unseen pointer keeps? */
static inline bool row_is_kept(const struct leak_row *row)
{
	const struct share_sum *sum = &row->references;

	return sum->samples >= REFERENCES_LEAST && (sum->with == 0 || share_interval(sum, ALPHA).high < 0.05);
}

#endif
