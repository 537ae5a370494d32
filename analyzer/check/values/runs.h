/* SPDX-License-Identifier: Apache-2.0 */
/* The runs that a check compares, and those of their moments that the budgets are about. */
#ifndef SEEP_CHECK_VALUES_RUNS_H
#define SEEP_CHECK_VALUES_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "leaks/leaks.h"
#include "profile/profile.h"
#include "series/series.h"

enum run_moment {
	MOMENT_NOW,    /* the last useful snapshot */
	MOMENT_LAST,   /* the very last snapshot, which has counted everything that was allocated */
	MOMENT_BEFORE, /* at a quarter of the time from the start to now */
	MOMENT_PEAK,   /* the snapshot with most in use */
	MOMENTS
};

#define MOMENT_NONE SIZE_MAX

/* MOMENT_NONE: the run has no such moment, or no budget needs it. Two moments may be the same. */
struct check_run {
	const char *path;
	size_t moments[MOMENTS]; /* indices into profiles */
	bool is_judged;          /* `series` and `leaks` are filled */
	struct error unjudged;   /* otherwise, if leaks were to be judged: why they can't be */
	struct series series;
	struct leaks leaks;
};

enum check_side { SIDE_AFTER, SIDE_BASE, SIDES };

struct check_runs {
	struct check_run *items[SIDES];
	size_t count[SIDES];
	double work[SIDES]; /* units of work in each run of a side; 0: the program has counted them itself */
	struct profile **profiles;
	size_t profile_count, profile_capacity;
};

/* What is needed from the runs: moments, as bits of enum run_moment, and whether to judge leaks. */
struct runs_need {
	unsigned moments;
	bool leaks;
};

/* Opens the runs of a side. The paths are borrowed. */
bool runs_open(struct check_runs *runs, enum check_side side, const char *const *paths, size_t count,
	       const struct runs_need *need, struct error *error);
/* Whether one of these patterns like the shell's, separated by commas, is the name of the first run's program, whose file
 * may be a link's target: so the process's own name will do, too. */
bool runs_are_of_program(const struct check_runs *runs, const char *patterns);
/* Finds the names of all runs; call it before any budget is looked at. `wrappers`: as profile_use_wrappers() takes
 * them. */
void runs_symbolize(struct check_runs *runs, const struct symbol_search *search, const char *const *wrappers,
		    size_t wrapper_count);
void runs_free(struct check_runs *runs);

/* Whether some runs are seen at their process's end, when all memory may have been freed, and others earlier: then
 * their memory in use can't be compared. */
bool runs_end_differently(const struct check_runs *runs, bool with_base);

/* NULL: the run has no such moment. */
static inline const struct profile *run_profile(const struct check_runs *runs, const struct check_run *run,
						enum run_moment moment)
{
	return run->moments[moment] == MOMENT_NONE ? NULL : runs->profiles[run->moments[moment]];
}

#endif
