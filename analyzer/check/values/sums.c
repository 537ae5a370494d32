/* SPDX-License-Identifier: Apache-2.0 */
#include "check/values/sums.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "check/interval/contrast.h"
#include "compare/samples.h"
#include "statistics/measure.h"

static bool is_of_objects(enum check_measure measure)
{
	return measure == CHECK_OBJECTS || measure == CHECK_ALLOCATIONS;
}

static bool is_of_allocated(enum check_measure measure)
{
	return measure == CHECK_ALLOCATED || measure == CHECK_ALLOCATIONS;
}

enum run_moment measure_moment(enum check_measure measure)
{
	switch (measure) {
	case CHECK_PEAK:
		return MOMENT_PEAK;
	case CHECK_ALLOCATED:
	case CHECK_ALLOCATIONS:
	case CHECK_RSS_PEAK:
	case CHECK_LOST:
		return MOMENT_LAST;
	case CHECK_IN_USE:
	case CHECK_OBJECTS:
	case CHECK_GROWTH:
	case CHECK_LEAKS:
	case CHECK_RSS:
	case CHECK_MEASURES:
		break;
	}
	return MOMENT_NOW;
}

static enum call_value measure_value(enum check_measure measure)
{
	if (is_of_allocated(measure))
		return is_of_objects(measure) ? CALL_ALLOC_OBJECTS : CALL_ALLOC_SPACE;
	return is_of_objects(measure) ? CALL_INUSE_OBJECTS : CALL_INUSE_SPACE;
}

static void sites_add(struct cell *cells, const struct profile *profile, const uint32_t *of_site,
		      enum check_measure measure)
{
	const bool objects = is_of_objects(measure);

	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct profile_site *site = &profile->sites[i];
		if (of_site[i] == CELL_NONE)
			continue;
		const struct seep_measure *value = is_of_allocated(measure) ? &site->allocated : &site->in_use;
		struct cell *cell = &cells[of_site[i]];
		sum_include(&cell->more, objects ? &value->objects : &value->bytes);
		cell->unseen = objects
				   ? fmax(cell->unseen, unseen_objects((double)profile->rate, &site->allocated.objects))
				   : unseen_bytes((double)profile->rate);
	}
}

static void samples_add(struct cell *cells, const struct profile *profile, const uint32_t *of_site, const bool *shared,
			bool is_new)
{
	for (uint32_t i = 0; i < profile->sample_count; i++) {
		const struct profile_sample *sample = &profile_samples(profile)[i];
		struct seep_measure one = {0};
		if (shared[i] || of_site[sample->site] == CELL_NONE)
			continue;
		struct cell *cell = &cells[of_site[sample->site]];
		measure_add_sample(&one, sample->size, sample->rate);
		sum_include(is_new ? &cell->more : &cell->less, &one.bytes);
	}
}

static void growth_add(struct cell *cells, uint32_t count, const struct profile *before, const struct profile *now,
		       const uint32_t *of_before, const uint32_t *of_now)
{
	bool *in_now = NULL, *in_before = NULL;

	samples_match(before, now, &in_now, &in_before);
	samples_add(cells, before, of_before, in_now, false);
	samples_add(cells, now, of_now, in_before, true);
	for (uint32_t i = 0; i < count; i++)
		cells[i].unseen = unseen_bytes(fmax((double)before->rate, (double)now->rate));
	free(in_now);
	free(in_before);
}

/*
 * Scales a peak's snapshot to the highest estimate of all times. That estimate was selected for its height, from as
 * many independent ones as the memory was replaced in the meantime: the less of the height came by chance, the fewer
 * there were.
 */
static void peak_scale(struct cell *cell, const struct profile *last)
{
	const double highest =
	    last->memory_known >> SEEP_MEMORY_IN_USE_PEAK & 1 ? (double)last->memory[SEEP_MEMORY_IN_USE_PEAK] : 0;
	const double here = sum_estimate(&cell->more);

	if (here > 0 && highest > here)
		cell->more = sum_times(&cell->more, highest / here);
}

static double renewals(const struct profile *last, double peak)
{
	struct profile_totals totals;

	profile_totals(last, &totals);
	return peak > 0 ? fmax(sum_estimate(&totals.allocated.bytes) / peak, 1) : 1;
}

/* The kernel measures RSS, to the page. */
static bool rss_take(struct cell *cell, const struct profile *profile, enum check_measure measure)
{
	const int key = measure == CHECK_RSS ? SEEP_MEMORY_RSS : SEEP_MEMORY_RSS_PEAK;

	cell->more.certain = (double)profile->memory[key];
	return profile->memory_known >> key & 1;
}

double run_work(const struct check_runs *runs, enum check_side side, const struct check_run *run,
		enum check_measure measure)
{
	const struct profile *profile =
	    run_profile(runs, run, measure == CHECK_PEAK ? MOMENT_LAST : measure_moment(measure));
	const struct profile *before = measure == CHECK_GROWTH ? run_profile(runs, run, MOMENT_BEFORE) : NULL;

	if (runs->work[side] > 0)
		return runs->work[side];
	const double work = (double)profile->memory[SEEP_MEMORY_WORK];
	return before ? fmax(work - (double)before->memory[SEEP_MEMORY_WORK], 0) : work;
}

static enum sums_fault sums_check(const struct profile *profile, const struct profile *before,
				  enum check_measure measure)
{
	if (measure == CHECK_GROWTH && !before)
		return SUMS_NO_EARLIER_MOMENT;
	if (!profile_has(profile, measure_value(measure)))
		return SUMS_ABSENT;
	if (!profile->rate || (measure == CHECK_GROWTH && !(profile->has_samples && before->has_samples)))
		return SUMS_NO_RATE;
	return SUMS_FINE;
}

enum sums_fault run_sums(const struct check_runs *runs, const struct check_run *run, const struct budget *budget,
			 struct sites *sites, struct cell **cells)
{
	const enum run_moment moment = measure_moment(budget->measure);
	const struct profile *profile = run_profile(runs, run, moment);
	const struct profile *last = run_profile(runs, run, MOMENT_LAST);
	const struct profile *before = run_profile(runs, run, MOMENT_BEFORE);
	const uint32_t count = sites_cell_count(sites, budget);
	enum sums_fault fault = SUMS_FINE;

	struct cell *filled = memory_allocate(count + 1u, sizeof *filled);
	if (check_measure_is_of_process(budget->measure))
		fault = rss_take(filled, profile, budget->measure) ? SUMS_FINE : SUMS_ABSENT;
	else if ((fault = sums_check(profile, before, budget->measure)) == SUMS_FINE) {
		uint32_t *of_site = sites_cells(sites, budget, run->moments[moment]);
		if (budget->measure == CHECK_GROWTH) {
			uint32_t *of_before = sites_cells(sites, budget, run->moments[MOMENT_BEFORE]);
			growth_add(filled, count, before, profile, of_before, of_site);
			free(of_before);
		} else {
			sites_add(filled, profile, of_site, budget->measure);
		}
		free(of_site);
	}
	for (uint32_t i = 0; i < count && budget->measure == CHECK_PEAK; i++) {
		if (budget->scope == SCOPE_PROCESS)
			peak_scale(&filled[i], last);
		filled[i].looks = renewals(last, sum_estimate(&filled[i].more));
	}
	*cells = fault == SUMS_FINE ? filled : NULL;
	if (fault != SUMS_FINE)
		free(filled);
	return fault;
}
