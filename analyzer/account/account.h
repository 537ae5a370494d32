/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a process's memory is: the kernel's figures, class by class, and the heap's class taken apart by the samples.
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
	double huge; /* the part of `resident` that is in huge pages, as far as the kernel says so */
	uint32_t mappings;
	uint32_t *rows; /* indices into the profile's ledger, the largest resident first */
	uint32_t row_count;
};

/* The heap, taken apart by the allocator's own structures. Those of its parts that are in memory, and `unexplained`,
 * add up. */
struct account_kept {
	uint32_t state;           /* enum seep_account_state; 0: nobody looked. The other members hold if it is KNOWN */
	double allocated, spread; /* blocks in use, with what the allocator adds to them; and the error of that sum */
	double cached;            /* freed blocks in threads' caches */
	double free_pages, top;   /* free whole pages; and those of them in which threads' arenas grow */
	double pinned;            /* free parts of pages that hold blocks in use */
	double metadata;
	double unexplained; /* negative: the parts are more than the class has */
};

/* The heap, taken apart by the samples. Those of its parts that are in memory add up: in use, rounding, rest. */
struct account_heap {
	struct account_kept kept;
	bool was_asked; /* `kept` comes from the allocator itself; `figures` has what it counts */
	struct allocator_figures figures;
	bool is_known; /* there are sampled blocks, so the members below hold */
	double in_use; /* estimate: the part of the program's blocks that is in memory */
	struct interval in_use_interval;
	double swapped,
	    /* estimates: the part of these blocks that is swapped out, and the part that is in neither place */
	    untouched;
	double absent_spread; /* the error of the sum of both, 95 % */
	double blocks_unread; /* sampled blocks that count as in memory, because nobody looked at them */
	bool has_rounding;
	double rounding; /* bytes that the allocator added to these blocks */
	/* The rest of the heap: freed blocks that the allocator keeps, and its own structures. */
	double rest;
	struct interval rest_interval;
};

struct account {
	const struct profile *profile;
	struct account_class classes[SEEP_LEDGER_CLASSES];
	double resident, swapped; /* sums over the classes that RSS counts */
	/* RSS is the mean of the two readings around the count, and the change is their difference */
	double rss, rss_change;
	double huge;        /* the part of `resident` that is in huge pages, as far as the kernel says so */
	double unexplained; /* class UNEXPLAINED, and the difference between the sum and RSS */
	/* the part of `resident` that the program has given back by MADV_FREE, and that the kernel has not taken yet; NAN:
	 * nobody asked */
	double given_back;
	struct account_heap heap;
};

/* What the program's control group is charged: NAN if that is not known. */
double account_charge(const struct account *account, enum seep_memory_key key);

/* False: nobody looked at the process's mappings for this profile. The caller frees it by account_free(). */
bool account_make(struct account *account, const struct profile *profile);
void account_free(struct account *account);

#endif
