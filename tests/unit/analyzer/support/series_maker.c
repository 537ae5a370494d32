/* SPDX-License-Identifier: Apache-2.0 */
/* Files every sample with the profile of each moment: among the living, or among the lifetimes of the dead. */
#include "support/series_maker.h"

#include <math.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "leaks/spread.h"
#include "statistics/measure.h"
#include "statistics/survival.h"

enum { KEY_SEED = 77 };

static uint64_t series_site_key(uint32_t site)
{
	return hash_bytes(KEY_SEED, &site, sizeof site);
}

static struct profile *profile_make(const struct series_plan *plan, size_t sample_count, size_t index)
{
	struct profile *profile = memory_allocate(1, sizeof *profile);

	*profile = (struct profile){
	    .source = "simulated",
	    .trigger = SEEP_TRIGGER_TIMER,
	    .number = index + 1,
	    .time_ns = plan->times_ns[index],
	    .start_ns = plan->start_ns,
	    .interval_ns = plan->times_ns[plan->count - 1] - plan->times_ns[plan->count - 2],
	    .rate = plan->rate,
	    .pid = 4242,
	    .start_ticks = 1,
	    .has_samples = true,
	    .has_lifetimes = true,
	    .site_count = plan->site_count,
	    .sites = memory_allocate(plan->site_count, sizeof *profile->sites),
	    .freed = memory_allocate(plan->site_count + 1, sizeof *profile->freed),
	    .freed_count = plan->site_count + 1,
	    .samples = memory_allocate(sample_count + 1, sizeof *profile->samples),
	};
	for (uint32_t site = 0; site < profile->site_count; site++) {
		profile->sites[site].key = series_site_key(site);
		profile->sites[site].freed_how = site + 1;
	}
	return profile;
}

/* The profile's lifetimes are an array of its own, with LIFE_BINS per site; the filled ones are moved together. */
static void lifetimes_close(struct profile *profile, struct profile_lifetime *lifetimes)
{
	for (uint32_t site = 0; site < profile->site_count; site++) {
		struct profile_lifetime *here = lifetimes + (size_t)site * LIFE_BINS;
		uint32_t count = 0;
		for (uint32_t bin = 0; bin < LIFE_BINS; bin++) {
			if (!here[bin].samples)
				continue;
			here[count] = here[bin];
			here[count++].bin = bin;
		}
		profile->sites[site].lifetimes = here;
		profile->sites[site].lifetime_count = count;
	}
	profile->storage = lifetimes;
}

static void sample_file(struct profile *profile, const struct taken *sample, const struct seep_measure *single,
			struct profile_lifetime *lifetimes, size_t identity)
{
	struct profile_site *site = &profile->sites[sample->site];

	measure_add(&site->allocated, single);
	if (sample->death_ns > profile->time_ns) {
		measure_add(&site->in_use, single);
		if (profile->references)
			profile->references[profile->reference_count++] = (struct seep_referenced){
			    .address = identity * 16 + 16,
			    .state = sample->lost ? SEEP_REFERENCE_NOBODY : SEEP_REFERENCE_LIVE};
		profile->samples[profile->sample_count++] = (struct profile_sample){
		    identity * 16 + 16, sample->size, sample->birth_ns, profile->rate, sample->site, 1};
		return;
	}
	measure_add(&site->freed, single);
	if (sample->remote)
		measure_add(&profile->freed[site->freed_how].remotely, single);
	if (sample->grown)
		measure_add(&profile->freed[site->freed_how].grown, single);
	const double bytes = sum_estimate(&single->bytes), objects = sum_estimate(&single->objects);
	struct profile_lifetime *bin =
	    &lifetimes[(size_t)sample->site * LIFE_BINS + life_bin(sample->death_ns - sample->birth_ns)];
	bin->samples++;
	bin->objects += objects;
	bin->bytes += bytes;
	bin->objects_squared += objects * objects;
	bin->bytes_squared += bytes * bytes;
}

static int taken_compare(const void *left, const void *right)
{
	const struct taken *a = left, *b = right;

	if (a->site != b->site)
		return a->site < b->site ? -1 : 1;
	return (a->birth_ns > b->birth_ns) - (a->birth_ns < b->birth_ns);
}

struct profile **series_make(const struct series_plan *plan, struct taken *samples, size_t count)
{
	struct seep_measure *singles = memory_allocate(count + 1, sizeof *singles);
	struct profile **series = memory_allocate(plan->count, sizeof *series);

	if (count)
		qsort(samples, count, sizeof *samples, taken_compare);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && samples[i].size == samples[i - 1].size)
			singles[i] = singles[i - 1];
		else
			measure_add_sample(&singles[i], samples[i].size, plan->rate);
	}
	for (size_t index = 0; index < plan->count; index++) {
		struct profile *profile = profile_make(plan, count, index);
		if (index + 1 == plan->count)
			profile->references = memory_allocate(count + 1, sizeof *profile->references);
		struct profile_lifetime *lifetimes =
		    memory_allocate((size_t)profile->site_count * LIFE_BINS, sizeof *lifetimes);
		for (size_t i = 0; i < count; i++) {
			if (samples[i].birth_ns <= profile->time_ns)
				sample_file(profile, &samples[i], &singles[i], lifetimes, i);
		}
		lifetimes_close(profile, lifetimes);
		series[index] = profile;
	}
	free(singles);
	return series;
}

struct profile **series_with_a_vector(uint64_t rate, unsigned leaked, size_t snapshots)
{
	enum { LEAKED_MOST = 150, VECTORS = 6, SNAPSHOTS_MOST = 40 };
	static const uint64_t second = UINT64_C(1000000000);
	struct taken samples[LEAKED_MOST + VECTORS];
	uint64_t times[SNAPSHOTS_MOST];
	size_t count = 0;

	for (unsigned i = 0; i < leaked; i++)
		samples[count++] = (struct taken){4 * i * second + 1, UINT64_MAX, 64, 0, false, false, false};
	for (unsigned i = 0; i < VECTORS; i++) /* each is still there while it is copied to the next one */
		samples[count++] =
		    (struct taken){(7 << i) * second - 1, (14 << i) * second + 1, rate << i, 1, false, false, false};
	for (size_t i = 0; i < snapshots; i++)
		times[i] = (14 * i + 14) * second;
	return series_make(&(struct series_plan){1, times, snapshots, rate, 2}, samples, count);
}

void series_free_profiles(struct profile **series, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(series[i]->sites);
		free(series[i]->freed);
		free(series[i]->samples);
		free(series[i]->references);
		free(series[i]->storage);
		free(series[i]);
	}
	free(series);
}

uint32_t series_site(uint64_t key, uint32_t site_count)
{
	for (uint32_t site = 0; site < site_count; site++) {
		if (series_site_key(site) == key)
			return site;
	}
	abort();
}

static void history_of_profiles(struct history *history, struct profile *const *series, size_t count)
{
	history_init(history, count, count);
	for (size_t i = 0; i < count; i++) {
		const struct profile *profile = series[i];
		struct profile_totals totals;
		uint64_t *keys = memory_allocate(profile->site_count, sizeof *keys);
		double *in_use = memory_allocate(profile->site_count, sizeof *in_use);
		struct seep_live *live = memory_allocate(profile->sample_count, sizeof *live);
		for (uint32_t k = 0; k < profile->site_count; k++) {
			keys[k] = profile->sites[k].key;
			in_use[k] = sum_estimate(&profile->sites[k].in_use.bytes);
		}
		for (uint32_t k = 0; k < profile->sample_count; k++) {
			const struct profile_sample *from = &profile->samples[k];
			live[k] = (struct seep_live){from->address, from->size, from->birth_ns,
						     from->rate,    from->site, from->thread};
		}
		profile_totals(profile, &totals);
		const struct moment moment = {.trigger = profile->trigger,
					      .time_ns = profile->time_ns,
					      .start_ns = profile->start_ns,
					      .pid = profile->pid,
					      .start_ticks = profile->start_ticks,
					      .has_samples = profile->has_samples,
					      .in_use = sum_estimate(&totals.in_use.bytes),
					      .in_use_variance = totals.in_use.bytes.variance,
					      .allocated = sum_estimate(&totals.allocated.bytes),
					      .site_count = profile->site_count,
					      .keys = keys,
					      .site_in_use = in_use,
					      .live_count = profile->sample_count,
					      .live = live};
		if (!history_add(history, &moment, true))
			abort();
		free(keys);
		free(in_use);
		free(live);
	}
}

static bool is_same_evidence(const struct leak_evidence *a, const struct leak_evidence *b)
{
	return a->p == b->p && a->plateau == b->plateau && a->plateau_age_ns == b->plateau_age_ns &&
	       a->old.deaths == b->old.deaths && a->old.lasting.samples == b->old.lasting.samples &&
	       memcmp(a->old.born, b->old.born, sizeof a->old.born) == 0 &&
	       fmax(a->survival.share, -1) == fmax(b->survival.share, -1); /* it may be NaN */
}

/* Whatever series a test makes: the brief judgement must find the same. */
static void brief_verify(const struct leaks *leaks, const struct series *series, enum group_by by)
{
	struct leaks brief;

	leaks_build(&brief, series, by, LEAK_JUDGED);
	if (brief.can_judge != leaks->can_judge)
		abort();
	for (int verdict = 0; brief.can_judge && verdict < LEAK_VERDICTS; verdict++)
		if (brief.verdicts[verdict] != leaks->verdicts[verdict])
			abort();
	const uint32_t shown = brief.verdicts[LEAK_LEAK] + brief.verdicts[LEAK_GROWING];
	for (uint32_t i = 0; brief.can_judge && i < shown; i++)
		if (brief.rows[i].group != leaks->rows[i].group || brief.rows[i].cautions != leaks->rows[i].cautions ||
		    !is_same_evidence(&brief.rows[i].evidence, &leaks->rows[i].evidence))
			abort();
	leaks_free(&brief);
}

static void series_judge(struct leaks *leaks, struct profile *const *profiles, size_t count, enum group_by by,
			 bool with_spreads)
{
	struct series series = {.reference = profiles[count - 1]};

	history_of_profiles(&series.history, profiles, count);
	series.middle = profiles[history_middle(&series.history)];
	leaks_build(leaks, &series, by, LEAK_WHOLE);
	brief_verify(leaks, &series, by);
	if (with_spreads)
		leaks_find_spreads(leaks, &series);
	history_free(&series.history);
}

void leaks_of_profiles(struct leaks *leaks, struct profile *const *profiles, size_t count, enum group_by by)
{
	series_judge(leaks, profiles, count, by, false);
}

void leaks_and_spreads_of_profiles(struct leaks *leaks, struct profile *const *profiles, size_t count, enum group_by by)
{
	series_judge(leaks, profiles, count, by, true);
}

size_t last_useful_of_profiles(struct profile *const *series, size_t count)
{
	struct history history;

	history_of_profiles(&history, series, count);
	const size_t useful = history_last_useful(&history);
	history_free(&history);
	return useful;
}
