/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a process's memory is: what the kernel says, class by class, and the class heap taken apart by the samples.
 * All in bytes.
 */
#ifndef SEEP_ACCOUNT_ACCOUNT_H
#define SEEP_ACCOUNT_ACCOUNT_H

#include <stdbool.h>

#include "account/figures.h"
#include "profile/profile.h"
#include "statistics/interval.h"

struct account_class {
	double resident, swapped, mapped, unread;
	double huge; /* of resident: in huge pages, as far as the kernel says so */
	uint32_t mappings;
	uint32_t *rows; /* indices into the profile's ledger, the most resident first */
	uint32_t row_count;
};

/* The heap by the allocator's own structures. What is in memory of it adds up, with `unexplained`. */
struct account_kept {
	uint32_t state;           /* enum seep_account_state; 0: nobody looked. The rest holds where it is KNOWN */
	double allocated, spread; /* blocks in use, with what the allocator adds to them; known to so much */
	double cached;            /* freed, in caches of threads */
	double free_pages, top;   /* free, whole pages; of these, where threads' arenas grow */
	double pinned;            /* free, beside blocks in use */
	double metadata;
	double unexplained; /* negative: more than the class has */
};

/* The heap, taken apart. What is in memory of it adds up: in use, rounding, rest. */
struct account_heap {
	struct account_kept kept;
	bool was_asked; /* `kept` is what the allocator says itself: */
	struct allocator_figures figures;
	bool is_known; /* blocks were sampled: the rest holds */
	double in_use; /* estimate: blocks that the program has, as far as they are in memory */
	struct interval in_use_interval;
	double swapped,
	    untouched;        /* estimates: of such blocks, what is swapped out; and what is neither there nor here */
	double absent_spread; /* the sum of both is known to so much, 95 % */
	double blocks_unread; /* sampled blocks that count as in memory, since nobody looked */
	bool has_rounding;
	double rounding; /* what the allocator added to these blocks */
	/* The rest of the heap: blocks that were freed and are kept, and what the allocator needs for itself. */
	double rest;
	struct interval rest_interval;
};

struct account {
	const struct profile *profile;
	struct account_class classes[SEEP_LEDGER_CLASSES];
	double resident, swapped; /* sums over the classes that RSS counts */
	double rss, rss_change;   /* between the two readings around the count: their mean, and what changed */
	double huge;              /* of resident: in huge pages, as far as the kernel says so */
	double unexplained;       /* class UNEXPLAINED, and what the sum lacks or has too much */
	struct account_heap heap;
};

/* What the program's control group is charged: NAN where that is not known. */
double account_charge(const struct account *account, enum seep_memory_key key);

/* False: nobody looked at the process's mappings for this profile. Owned by the caller, freed by account_free(). */
bool account_make(struct account *account, const struct profile *profile);
void account_free(struct account *account);

#endif
