/* SPDX-License-Identifier: Apache-2.0 */
/* The result of leaks_build(): what it found about each group of a series, and about the series. */
#ifndef SEEP_LEAKS_LEAK_ROW_H
#define SEEP_LEAKS_LEAK_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "account/growth.h"
#include "compare/comparison.h"
#include "compare/group.h"
#include "compare/spread_place.h"
#include "statistics/cohort.h"
#include "leaks/share.h"
#include "statistics/survival.h"

enum leak_verdict {
	LEAK_LEAK,
	LEAK_GROWING,
	LEAK_STOPPED, /* grew, like a leak or otherwise, but no longer does */
	LEAK_UNKNOWN, /* can't be told, or not yet */
	LEAK_STEADY,
	LEAK_CHURN,
	LEAK_VERDICTS
};

/* What a leak's verdict can't exclude, as bits. Without any of them the leak is sure. */
enum leak_caution {
	CAUTION_YOUNG = 1,   /* few bytes, or seen for a short time: a cache that is still filling looks the same */
	CAUTION_SLOWING = 2, /* it may be growing ever more slowly */
	CAUTION_PAUSED = 4,  /* it may have stopped recently */
	CAUTION_DYING = 8,   /* by now as many bytes may die as are born */
	CAUTION_VEILED = 16, /* noise beside it hides the newest blocks */
	CAUTION_REFERENCED =
	    32, /* the program still refers to all of it: a cache or a queue that grows looks the same */
	CAUTIONS = 6
};

/* Why there is no verdict. */
enum leak_unknown {
	UNKNOWN_NOTHING,
	UNKNOWN_SHORT,  /* the series has too few snapshots, or no rate */
	UNKNOWN_FEW,    /* it has grown, but by too few samples */
	UNKNOWN_OLD,    /* old blocks gather, but too few yet for a proof, and it has not surely grown */
	UNKNOWN_SWINGS, /* it has grown, but not beyond its earlier size */
	UNKNOWN_CHANCE, /* taken alone, its growth is above zero; but among so many sites that may be chance */
};

/* The evidence for a verdict. */
struct leak_evidence {
	struct cohort_outcome old; /* past plateau_age_ns */
	struct survival survival;  /* share of the bytes that outlives plateau_age_ns */
	uint64_t plateau_age_ns;   /* the age that all of this is about; 0: none was tried */
	/* share of the blocks of that age that outlives every later age seen, with the beginning's blocks or without */
	double plateau;
	/* the chance of so few deaths if blocks of that age lived, on average, for half of the time that they were
	 * watched */
	double p;
	bool ceases;              /* that age is late, and deaths past it are far rarer than before it */
	bool has_plateau;         /* no block seems to die past that age; not yet proven */
	bool has_cohorts;         /* the blocks that stay were not all born early */
	bool is_one_block;        /* one block at a time, each larger than the last: nothing below applies to it */
	bool is_proven;           /* both of these beyond chance, and p is small */
	double since_ns, last_ns; /* births of the first and the last block that stays; 0: nothing stays */
	double dispersion;        /* of its births: how many come as one */
	double in_use_middle;     /* bytes in use at the series' middle snapshot */
	double in_use_highest;
	double in_use_now;
	double in_use_before; /* the highest in the first three quarters of the time */
};

/* How much is found out about rows: each has more than the one before, at some expense. */
enum leak_detail {
	LEAK_JUDGED, /* verdicts, and the evidence of leaks and growth */
	LEAK_SORTED, /* intervals of growth, by which rows of one verdict are sorted, also where growth may be chance */
	LEAK_WHOLE   /* evidence of all rows; q above CALL_Q, for which all must be tested; churn that is no hotspot */
};

struct leak_row {
	uint32_t group;              /* for a spread: a number behind those of the groups, as in leaks->in_use */
	const struct spread *spread; /* NULL: the row is one group */
	enum leak_verdict verdict;
	unsigned cautions;         /* of a leak: enum leak_caution */
	enum leak_unknown unknown; /* of an unknown */
	double possible_in_s; /* until a verdict is possible at the pace seen, if the recording goes on; NaN: unknown */
	uint64_t possible_rate; /* the sampling rate at which a recording of this length would tell; 0: unknown */
	struct leak_evidence evidence;
	struct seep_measure in_use, allocated;
	double leak_rate;              /* bytes per second that stay for good; NaN unless it is a leak */
	struct interval leak_interval; /* 95 % */
	double rate_from_s, rate_to_s; /* the births in this time, since the recording's start, make up the rate */
	double absent_share; /* of mappings: the part of them that takes up no memory, which the rate leaves out */
	double growth;       /* bytes from the middle of the recording to its end */
	struct interval growth_bytes;
	double q;           /* of that growth */
	struct churn churn; /* since the middle of the recording */
	struct share_sum
	    references; /* of the live blocks: "with" is what nobody refers to; no samples: nobody looked */
};

/* Growth of many rows together that none of them explains alone (leaks/spread.h). */
struct spread {
	struct spread_place place;
	struct leak_row row; /* leak, growing or stopped */
};

struct leaks {
	const struct profile *reference;  /* not owned, like the middle */
	const struct profile *middle;     /* nearest to the middle of the recording's time */
	size_t middle_index;              /* index in the series */
	const struct profile *referenced; /* the one for which references were looked for; NULL: none */
	struct group_table groups;
	struct leak_row *rows; /* by verdict; within one, the surest to have leaked or grown first */
	uint32_t count;
	uint32_t verdicts[LEAK_VERDICTS]; /* how many rows have each verdict */
	struct spread *spreads;           /* in the same order; empty unless leaks_find_spreads() filled it */
	uint32_t spread_count;
	uint32_t timer_count; /* snapshots by the timer in the series */
	enum leak_detail detail;
	bool can_judge; /* there are enough of them, with a rate and with samples */
	bool goes_on;   /* more snapshots may come */
	size_t damaged; /* number of snapshots that can't be read */
	/* until there are enough snapshots; 0 with can_judge; NaN: more than snapshots is missing */
	double possible_in_s;
	double seconds;   /* from the recording's start to the reference */
	double leak_rate; /* of all leaks together, bytes per second */
	struct interval leak_interval;
	double growth; /* of everything in use, bytes from the middle of the recording to the reference */
	struct interval growth_bytes;
	double *in_use;     /* bytes in use: for each group, a value for each snapshot of the series */
	uint64_t *times_ns; /* of the series, with the reference */
	bool *is_timer;
	size_t time_count;
	struct memory_growth memory;           /* where RSS grew, by class of memory */
	uint64_t usual_gap_ns, longest_gap_ns; /* between two snapshots; usual is the median */
};

#endif
