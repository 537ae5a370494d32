/* SPDX-License-Identifier: Apache-2.0 */
/* What is found out about each group of a series, and about the series: the result of leaks_build(). */
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
	LEAK_STOPPED, /* grew like a leak or otherwise, and has come to an end */
	LEAK_UNKNOWN, /* can't be told, or not yet */
	LEAK_STEADY,
	LEAK_CHURN,
	LEAK_VERDICTS
};

/* What a leak's verdict can't exclude, as bits. Without any of them it is sure. */
enum leak_caution {
	CAUTION_YOUNG = 1,   /* few bytes, or seen for a short time: a cache that is still filling looks the same */
	CAUTION_SLOWING = 2, /* perhaps it comes ever more slowly */
	CAUTION_PAUSED = 4,  /* perhaps it has stopped of late */
	CAUTION_DYING = 8,   /* perhaps as many bytes die by now as are born */
	CAUTION_VEILED = 16, /* the noise beside it hides what came of late */
	CAUTION_REFERENCED =
	    32, /* the program still refers to all of it: a cache or a queue that grows looks the same */
	CAUTIONS = 6
};

/* Why nothing can be told. */
enum leak_unknown {
	UNKNOWN_NOTHING,
	UNKNOWN_SHORT,  /* the series has too few snapshots, or no rate */
	UNKNOWN_FEW,    /* it has grown, but by too few samples */
	UNKNOWN_OLD,    /* old blocks gather, too few yet for a proof, and it has not grown for sure */
	UNKNOWN_SWINGS, /* it has grown, but not beyond its earlier size */
	UNKNOWN_CHANCE, /* growth is above zero for this site alone, but so many sites were tested */
};

/* What a verdict rests on. */
struct leak_evidence {
	struct cohort_outcome old; /* past plateau_age_ns */
	struct survival survival;  /* share of the bytes that outlives plateau_age_ns */
	uint64_t plateau_age_ns;   /* the age that all of this is about; 0: none could be tried */
	double plateau;    /* share that outlives every age seen past that one, the beginning's included or not */
	double p;          /* of "what is that old dies within half of the recording's length on average" */
	bool has_plateau;  /* nothing dies past that age, as far as can be seen; no proof yet */
	bool has_cohorts;  /* what stays was not born early on alone */
	bool is_one_block; /* at a time, each larger than the last: nothing that follows speaks of it */
	bool is_proven;    /* both of these, with no allowance for chance, and p is small */
	double since_ns, last_ns; /* when the first of what stays was born, and the last; 0: nothing stays */
	double dispersion;        /* of its births: how many come as one */
	double in_use_middle;     /* bytes in use at the series' middle snapshot */
	double in_use_highest;
	double in_use_now;
	double in_use_before; /* the highest of the first three quarters of the time */
};

struct leak_row {
	uint32_t group;              /* of a spread: a number behind those of the groups, as in leaks->in_use */
	const struct spread *spread; /* NULL: one group */
	enum leak_verdict verdict;
	unsigned cautions;         /* enum leak_caution, of a leak */
	enum leak_unknown unknown; /* of an unknown */
	double
	    possible_in_s; /* until a verdict is possible at the pace seen, if the recording goes on; NaN: nothing can
				      be said */
	uint64_t possible_rate; /* a sampling rate at which as long a recording would tell; 0: none is known */
	struct leak_evidence evidence;
	struct seep_measure in_use, allocated;
	struct interval in_use_bytes;
	double leak_rate;              /* bytes per second that stay for good; of a leak, else NaN */
	struct interval leak_interval; /* 95 % */
	double rate_from_s, rate_to_s; /* the time whose births it is made of, since the recording's start */
	double growth;                 /* bytes from the middle of the recording to its end, with its q-value */
	struct interval growth_bytes;
	double q;
	struct churn churn; /* since the middle of the recording */
	struct share_sum
	    references; /* of what is alive: "with" is what nobody refers to. No samples: nobody has looked */
};

/* Growth of many rows together, none of which explains it alone (leaks/spread.h). */
struct spread {
	struct spread_place place;
	struct leak_row row; /* leak, growing or stopped */
};

struct leaks {
	const struct profile *reference;  /* not owned; neither is the middle */
	const struct profile *middle;     /* nearest to the middle of the recording's time */
	size_t middle_index;              /* in the series */
	const struct profile *referenced; /* for which references were looked for; NULL: none */
	struct group_table groups;
	struct leak_row *rows; /* ordered by verdict, then by what is surest to have leaked or grown */
	uint32_t count;
	uint32_t verdicts[LEAK_VERDICTS]; /* rows by verdict */
	struct spread *spreads;           /* ordered as rows are; empty unless leaks_find_spreads() filled it */
	uint32_t spread_count;
	uint32_t timer_count; /* snapshots by the timer in the series */
	bool can_judge;       /* enough of them, with a rate and with samples */
	bool goes_on;         /* more snapshots may come */
	size_t damaged;       /* snapshots that can't be read */
	double possible_in_s; /* until there are enough; 0 with can_judge; NaN: they are not all that it lacks */
	double seconds;       /* from the recording's start to the reference */
	double leak_rate;     /* of all leaks together, bytes per second */
	struct interval leak_interval;
	double growth; /* of all that is in use, bytes from the middle of the recording to the reference */
	struct interval growth_bytes;
	double *in_use;     /* bytes in use group by group, a value for each snapshot of the series */
	uint64_t *times_ns; /* of the series, the reference included */
	bool *is_timer;
	size_t time_count;
	struct memory_growth memory;           /* where RSS grew, by class of memory */
	uint64_t usual_gap_ns, longest_gap_ns; /* between two of them; usual is the median */
};

#endif
