/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A teardown is a run of intervals at the end, in which memory falls, nothing happens, or more blocks die in an
 * interval than in any before. It counts only if next to nothing was allocated in it: no more than is usual in the
 * interval in which it began. If the process has ended, a short run counts, too, if no fall before came near it, or if
 * it is a fall by half or more, unless it consists of a few samples that died. While the process lives, only a fall by
 * half or more counts.
 *
 * A shutdown begins within an interval, in which the program may have grown by more than it then freed. If the process
 * has ended, that interval belongs to the shutdown if memory went from sites that never freed before, more of it than
 * ever.
 */
#include "compare/teardown.h"

#include <math.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "compare/samples.h"
#include "statistics/measure.h"

#define LITTLE 0.03      /* a fall of less than this share of what was in use is little */
#define LITTLE_GONE 0.01 /* deaths of less than this share of it are few */
#define MUCH 0.5
#define QUIET 0.5        /* this share of the usual pace, or less, is next to nothing, ... */
#define ONE_INTERVAL 1.1 /* ... and no more than is usual in the interval in which the run began */
#define IDLE 0.1         /* this share of the usual pace, or less, within one interval */
#define NEAR 0.5         /* an earlier fall of this share of the last one comes near it */
#define KNOWN_LEAST 4    /* moments that are needed to show what is usual */
#define LEVEL 1.1        /* times as much is not growth yet */
#define SURE 0.35 /* the error of what was in use, as a share, above which a fall says nothing: some eight blocks */
#define SHORT 3   /* this many intervals */
#define REST 6    /* in no more than this many intervals, a program that allocates nothing is not yet at rest */
#define LIFE_LEAST_NS 1000000000u /* a younger process has no usual state to leave */
#define EARLIER 6                 /* snapshots before a run that show what is usual */
#define RUN_MOST 256 /* intervals that are looked at: where nothing happens for longer, it is no shutdown */

/* A block that was freed: the moment at which it was first missing, and its site. */
struct death {
	size_t moment;
	uint64_t site; /* the site's key */
	uint64_t size, rate;
};

struct deaths {
	struct death *deaths;
	size_t count, capacity;
};

/* Adds the blocks that `before` has and `profile`, which is the moment `moment`, does not. Returns their bytes. */
static double deaths_add(struct deaths *deaths, const struct profile *before, const struct profile *profile,
			 size_t moment)
{
	bool *in_after, *in_before;
	struct seep_measure gone = {0};

	samples_match(before, profile, &in_after, &in_before);
	for (uint32_t i = 0; i < before->sample_count; i++) {
		const struct profile_sample *sample = &profile_samples(before)[i];
		if (in_after[i])
			continue;
		measure_add_sample(&gone, sample->size, sample->rate);
		ARRAY_RESERVE(deaths->deaths, deaths->count, deaths->capacity);
		deaths->deaths[deaths->count++] =
		    (struct death){moment, before->sites[sample->site].key, sample->size, sample->rate};
	}
	free(in_after);
	free(in_before);
	return sum_estimate(&gone.bytes);
}

/* Fills `first` of the moments. Deaths must have been added from the last moment to the earliest. */
static void moments_take_first(struct teardown_moment *moments, const struct deaths *deaths)
{
	struct map *had = map_create();

	for (size_t i = deaths->count; i > 0;) {
		const size_t moment = deaths->deaths[i - 1].moment, end = i;
		struct seep_measure first = {0};
		size_t blocks = 0;
		for (; i > 0 && deaths->deaths[i - 1].moment == moment; i--) {
			const struct death *death = &deaths->deaths[i - 1];
			if (map_get(had, death->site))
				continue;
			measure_add_sample(&first, death->size, death->rate);
			blocks++;
		}
		for (size_t k = i; k < end; k++)
			*map_put(had, deaths->deaths[k].site, NULL) = 1;
		if (blocks >= TEARDOWN_BLOCKS)
			moments[moment].first = sum_estimate(&first.bytes) / moments[moment - 1].in_use;
	}
	map_free(had);
}

static struct teardown_moment moment_of(const struct profile *profile)
{
	struct profile_totals totals;

	profile_totals(profile, &totals);
	const double in_use = sum_estimate(&totals.in_use.bytes);
	return (struct teardown_moment){.time_ns = profile->time_ns,
					.in_use = in_use,
					.allocated = sum_estimate(&totals.allocated.bytes),
					.error = in_use > 0 ? sqrt(totals.in_use.bytes.variance) / in_use : 0};
}

bool trigger_is_end(uint32_t trigger)
{
	return trigger == SEEP_TRIGGER_EXIT || trigger == SEEP_TRIGGER_POSTMORTEM;
}

/* The largest fall from any of these moments to a later one, or the largest share of deaths from one to the next. */
static double largest_fall(const struct teardown_moment *moments, size_t count)
{
	double high = 0, fall = 0;

	for (size_t i = 0; i < count; i++) {
		high = fmax(high, moments[i].in_use);
		if (high > 0)
			fall = fmax(fall, 1 - moments[i].in_use / high);
		fall = i ? fmax(fall, moments[i].gone) : 0;
	}
	return fall;
}

/* Bytes allocated since `from`, relative to the pace before it; 1 if no time had passed before it. */
static double pace_since(const struct teardown_moment *from, const struct teardown_moment *to, uint64_t start_ns)
{
	const double before = from->allocated / ((double)from->time_ns - (double)start_ns);
	const double since = (to->allocated - from->allocated) / ((double)to->time_ns - (double)from->time_ns);

	return from->time_ns > start_ns && to->time_ns > from->time_ns && before > 0 ? since / before : 1;
}

/* Whether memory fell between the moment before `i` and `i`, or nothing happened there, or more blocks died than ever
 * before. */
static bool is_fall(const struct teardown_moment *moments, size_t i, uint64_t start_ns)
{
	if (moments[i].in_use < moments[i - 1].in_use || pace_since(&moments[i - 1], &moments[i], start_ns) < IDLE)
		return true;
	return i >= KNOWN_LEAST && moments[i].in_use < LEVEL * moments[i - 1].in_use &&
	       moments[i].gone >= LITTLE_GONE && largest_fall(moments, i) < NEAR * moments[i].gone;
}

/* The pace of a run in whose first interval as much was allocated as is usual, and nothing afterwards. Intervals differ
 * in length, because a keeper without CPU time takes its snapshot late. */
static double usual_in_first(const struct teardown_moment *moments, size_t high, size_t last)
{
	const double first = (double)moments[high + 1].time_ns - (double)moments[high].time_ns;
	const double all = (double)moments[last].time_ns - (double)moments[high].time_ns;

	return all > 0 ? ONE_INTERVAL * first / all : ONE_INTERVAL / (double)(last - high);
}

/* Whether the program worked on after this moment, and until the next one lost no more than it had lost before. */
static bool is_usual(const struct teardown_moment *moments, size_t moment, uint64_t start_ns)
{
	const struct teardown_moment *now = &moments[moment], *next = &moments[moment + 1];
	const double lost = fmax(1 - next->in_use / now->in_use, next->gone);

	return pace_since(now, next, start_ns) >= QUIET && lost <= largest_fall(moments, moment + 1);
}

/* The moment before the shutdown, or the one before that if the shutdown began between the two. */
static size_t before_mixture(const struct teardown_moment *moments, size_t moment, uint64_t start_ns)
{
	double most = 0;

	if (moment < KNOWN_LEAST || moments[moment - 1].time_ns < start_ns + LIFE_LEAST_NS)
		return moment;
	for (size_t i = KNOWN_LEAST - 1; i < moment; i++)
		most = fmax(most, moments[i].first);
	return moments[moment].first >= LITTLE_GONE && most < NEAR * moments[moment].first ? moment - 1 : moment;
}

/* The last moment before a run of falls at the end, if that run is a shutdown. */
static size_t before_falls(const struct teardown_moment *moments, size_t count, uint64_t start_ns, bool ended)
{
	const size_t last = count - 1;
	size_t high = last;
	double gone = 0;

	while (high > 0 && last - high < RUN_MOST && is_fall(moments, high, start_ns))
		high--;
	while (ended && high + 1 < last && moments[high].in_use > 0 && is_usual(moments, high, start_ns))
		high++;
	for (size_t i = high + 1; i <= last; i++)
		gone = fmax(gone, moments[i].gone);
	const size_t run = last - high;
	if (run == 0 || !(moments[high].in_use > 0) || moments[high].time_ns < start_ns + LIFE_LEAST_NS)
		return last;
	const double fall = 1 - moments[last].in_use / moments[high].in_use;
	const double pace = pace_since(&moments[high], &moments[last], start_ns);
	const double usual_once = usual_in_first(moments, high, last);
	if (!ended)
		return fall >= MUCH && pace < fmin(IDLE, usual_once) ? high : last;
	const double lost = fmax(fall, gone);
	if (fall < LITTLE && (gone < LITTLE_GONE || fall < 1 - LEVEL))
		return last;
	const bool is_new =
	    moments[high].error <= SURE &&
	    (fall >= MUCH || (high + 1 >= KNOWN_LEAST && largest_fall(moments, high + 1) < NEAR * lost));
	/* A fall just before the shutdown, while the program still worked, is not a part of it. */
	for (size_t from = high; from < last; from++) {
		const double since = pace_since(&moments[from], &moments[last], start_ns);
		const double least = since < IDLE && last - from <= REST ? LITTLE_GONE : LITTLE;
		if (1 - moments[last].in_use / moments[from].in_use >= least &&
		    since < fmin(QUIET, usual_in_first(moments, from, last)))
			return from;
	}
	return run <= SHORT && is_new ? high : last;
}

size_t teardown_last_useful(const struct teardown_moment *moments, size_t count, uint64_t start_ns, bool ended)
{
	const size_t useful = before_falls(moments, count, start_ns, ended);

	return ended ? before_mixture(moments, useful, start_ns) : useful;
}

/* Whether a snapshot before the last belongs to the series; peaks do not, since they are selected by their value. */
static bool is_of_series(const struct recording_entry *entry, const struct profile *last)
{
	return !trigger_follows_use(entry->trigger) && entry->time_ns && entry->time_ns < last->time_ns;
}

/* Reads moments at a recording's end, filling the array from its end: those of a run of falls, and a few before it.
 * `entries` gives the entry of each but the last. Returns the index of the first. */
static size_t look_back(const struct recording *recording, struct profile *last, struct teardown_moment *moments,
			size_t *entries)
{
	size_t first = recording->count, earlier = 0;
	struct profile *later = last;
	struct deaths deaths = {0};
	struct error ignored;

	for (size_t i = recording->count; i-- > 0 && earlier < EARLIER;) {
		struct profile *profile = is_of_series(&recording->entries[i], last)
					      ? profile_open(recording->entries[i].path, &ignored)
					      : NULL;
		if (!profile) /* it can't be read, or was thinned out meanwhile */
			continue;
		moments[first - 1] = moment_of(profile);
		const double gone = deaths_add(&deaths, profile, later, first);
		moments[first].gone = moments[first - 1].in_use > 0 ? gone / moments[first - 1].in_use : 0;
		earlier +=
		    earlier || recording->count - first >= RUN_MOST || !is_fall(&moments[first - 1], 1, last->start_ns);
		entries[--first] = i;
		if (later != last)
			profile_free(later);
		later = profile;
		/* while the process lives and its memory does not fall, there is no shutdown */
		if (earlier && !trigger_is_end(last->trigger))
			break;
	}
	if (later != last)
		profile_free(later);
	moments_take_first(moments, &deaths);
	free(deaths.deaths);
	return first;
}

static struct profile *step_back(const struct recording *recording, struct profile *last)
{
	struct teardown_moment *moments = memory_allocate(recording->count + 1, sizeof *moments);
	size_t *entries = memory_allocate(recording->count + 1, sizeof *entries);
	struct profile *useful = NULL;
	struct error ignored;

	moments[recording->count] = moment_of(last);
	const size_t first = look_back(recording, last, moments, entries);
	const size_t index = first + teardown_last_useful(moments + first, recording->count + 1 - first, last->start_ns,
							  trigger_is_end(last->trigger));
	if (index < recording->count)
		useful = profile_open(recording->entries[entries[index]].path, &ignored);
	free(moments);
	free(entries);
	if (!useful)
		return last;
	useful->damaged = last->damaged;
	profile_free(last);
	useful->shutdown_left_out = true;
	return useful;
}

struct profile *profile_open_useful(const char *path, struct error *error)
{
	struct profile *last = profile_open(path, error);
	struct recording recording;
	struct error ignored;

	if (!last || !last->time_ns || !path_is_recording(path) || !recording_list(path, &recording, &ignored))
		return last;
	struct profile *useful = step_back(&recording, last);
	recording_free(&recording);
	return useful;
}
