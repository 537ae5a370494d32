/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdicts, ranks and intervals of `seep leaks` on simulated recordings whose every allocation is known. Prints a
 * line for each pattern, tab separated, with a heading; `make accuracy` makes docs/ACCURACY.md from them.
 *
 * *       simulated SEEDS [LEAKED]        LEAKED in sampling rates, 20 by default
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "leaks/leaks.h"
#include "statistics/measure.h"
#include "support/series_maker.h"
#include "support/series_simulator.h"

#define RATE (512 * 1024)

struct score {
	unsigned runs, first, found;    /* a leaking site ranked first; called a leak */
	unsigned verdicts, false_leaks; /* on sites that do not leak */
	unsigned rate_intervals, rate_covered, in_use_intervals, in_use_covered, growth_intervals, growth_covered;
	double rate_width, in_use_width, growth_width; /* sums: of width by truth; of width in rates */
	unsigned called[LEAK_VERDICTS];                /* sites that do not leak, by verdict */
};

/* The truth behind a leak rate: what was leaked during the time from which the rate is computed, by the end of that
 * time. */
static double true_leak_rate(const struct simulation *simulation, uint32_t site, const struct leaks *leaks,
			     const struct leak_row *row)
{
	double bytes = 0;

	for (size_t i = 0; i < simulation->leak_count; i++) {
		const double birth_s =
		    ((double)simulation->leaks[i].birth_ns - (double)leaks->reference->start_ns) / 1e9;
		if (simulation->leaks[i].site == site && birth_s >= row->rate_from_s && birth_s <= row->rate_to_s)
			bytes += (double)simulation->leaks[i].size;
	}
	return bytes / (row->rate_to_s - row->rate_from_s);
}

static void score_interval(struct interval interval, double truth, unsigned *count, unsigned *covered)
{
	++*count;
	*covered += interval.low <= truth * (1 + 1e-9) && truth * (1 - 1e-9) <= interval.high;
}

static void score_row(struct score *score, const struct simulation *simulation, const struct leaks *leaks,
		      const struct leak_row *row)
{
	const uint32_t site = simulation_site(simulation, leaks->groups.groups[row->group].key);
	const double *in_use = simulation->in_use + (size_t)site * simulation->count;
	const double now = in_use[simulation->count - 1], then = in_use[leaks->middle_index];

	const struct interval in_use_bytes = leak_row_in_use(leaks, row);
	score_interval(in_use_bytes, now, &score->in_use_intervals, &score->in_use_covered);
	score->in_use_width += (in_use_bytes.high - in_use_bytes.low) / RATE;
	score_interval(row->growth_bytes, now - then, &score->growth_intervals, &score->growth_covered);
	score->growth_width += (row->growth_bytes.high - row->growth_bytes.low) / RATE;
	if (!simulation->is_leaking[site]) {
		score->verdicts++;
		score->called[row->verdict]++;
		score->false_leaks += row->verdict == LEAK_LEAK;
	} else if (row->verdict == LEAK_LEAK) {
		const double truth = true_leak_rate(simulation, site, leaks, row);
		score_interval(row->leak_interval, truth, &score->rate_intervals, &score->rate_covered);
		score->rate_width += truth > 0 ? (row->leak_interval.high - row->leak_interval.low) / truth : 0;
	}
}

static void score_run(struct score *score, enum pattern pattern, double leaked, uint64_t seed)
{
	struct simulation *simulation = simulation_run(pattern, RATE, leaked, seed);
	struct leaks leaks;
	bool found = false;

	leaks_of_profiles(&leaks, simulation->series, simulation->count, GROUP_BY_STACK);
	for (uint32_t i = 0; i < leaks.count; i++) {
		const uint32_t site = simulation_site(simulation, leaks.groups.groups[leaks.rows[i].group].key);
		score->first += i == 0 && simulation->is_leaking[site];
		found |= simulation->is_leaking[site] && leaks.rows[i].verdict == LEAK_LEAK;
		score_row(score, simulation, &leaks, &leaks.rows[i]);
		if (getenv("SIMULATED_SHOW_FALSE") && !simulation->is_leaking[site] &&
		    leaks.rows[i].verdict == LEAK_LEAK)
			fprintf(stderr, "%s seed %llu site %u: age %g s, %u survivors, %u deaths, p %g, plateau %g\n",
				pattern_name(pattern), (unsigned long long)seed, site,
				(double)leaks.rows[i].evidence.plateau_age_ns / 1e9,
				leaks.rows[i].evidence.old.survivors, leaks.rows[i].evidence.old.deaths,
				leaks.rows[i].evidence.p, leaks.rows[i].evidence.old.plateau);
	}
	score->runs++;
	score->found += found;
	leaks_free(&leaks);
	simulation_free(simulation);
}

/* "0.962" of all, or "-" where there is none. */
static const char *share(char text[static 16], double part, double whole)
{
	if (whole > 0)
		snprintf(text, 16, "%.3f", part / whole);
	else
		snprintf(text, 16, "-");
	return text;
}

static void print_score(enum pattern pattern, const struct score *score)
{
	const bool leaks = pattern < PATTERN_LEAKING_COUNT;
	char text[8][16];

	printf("%s\t%u\t%s\t%s\t%u\t%u", pattern_name(pattern), score->runs,
	       share(text[0], score->first, leaks ? score->runs : 0),
	       share(text[1], score->found, leaks ? score->runs : 0), score->verdicts, score->false_leaks);
	printf("\t%s\t%s\t%s\t%s\t%s\t%s", share(text[2], score->in_use_covered, score->in_use_intervals),
	       share(text[3], score->in_use_width, score->in_use_intervals),
	       share(text[4], score->growth_covered, score->growth_intervals),
	       share(text[5], score->growth_width, score->growth_intervals),
	       share(text[6], score->rate_covered, score->rate_intervals),
	       share(text[7], score->rate_width, score->rate_intervals));
	printf("\t%u\t%u\t%u\n", score->in_use_intervals, score->growth_intervals, score->rate_intervals);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const unsigned seeds = argc > 1 ? (unsigned)atoi(argv[1]) : 200;
	const double leaked = argc > 2 ? atof(argv[2]) : 20;

	puts(
	    "pattern\truns\tfirst\tfound\tverdicts\tfalse\tin_use_covered\tin_use_width\tgrowth_covered\tgrowth_width\t"
	    "rate_covered\trate_width\tin_use_count\tgrowth_count\trate_count");
	for (int pattern = 0; pattern < PATTERN_COUNT; pattern++) {
		struct score score = {0};
		/* Other seeds for other amounts, so that no two runs are of the same series. */
		for (unsigned seed = 1; seed <= seeds; seed++)
			score_run(&score, (enum pattern)pattern, leaked, seed + (uint64_t)(leaked * 1e6));
		print_score((enum pattern)pattern, &score);
	}
	return 0;
}
