/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdicts of `seep leaks` on every shape of support/shapes.c. Prints a line for each shape and volume, tab
 * separated, with a heading; `make accuracy` makes docs/ACCURACY.md of them.
 *
 *	shapes SEEDS [FIRST]		FIRST: the first seed, 1 unless given; others than a rule was made with check it
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "leaks/leaks.h"
#include "leaks/referenced.h"
#include "support/shapes.h"

#define RATE (512 * 1024)

struct score {
	unsigned runs, verdicts[LEAK_VERDICTS], sure, sure_referenced, rate_count, rate_covered;
};

/* `looked`: the result that a search for references would have. */
static void score_row(struct score *score, const struct leak_row *row, const struct reference_sum *looked,
		      uint64_t looked_ns, size_t shape, double volume)
{
	struct leak_row referenced = *row;

	score->runs++;
	score->verdicts[row->verdict]++;
	if (row->verdict != LEAK_LEAK)
		return;
	const double pace = shape_pace(shape, row->rate_from_s / SHAPE_SECONDS, row->rate_to_s / SHAPE_SECONDS) *
			    volume * RATE / SHAPE_SECONDS;
	score->sure += leak_is_sure(row);
	row_take_references(&referenced, looked, looked_ns);
	score->sure_referenced += leak_is_sure(&referenced);
	score->rate_count++;
	score->rate_covered += row->leak_interval.low <= pace && pace <= row->leak_interval.high;
	if (getenv("SHAPES_SHOW_RATES"))
		fprintf(stderr, "%s\t%g\t%x\t%g-%g\tT %g\t%g\t%g\t%g\t%g\n", shape_name(shape), volume, row->cautions,
			row->rate_from_s, row->rate_to_s, (double)row->evidence.plateau_age_ns / 1e9, pace,
			row->leak_interval.low, row->leak_rate, row->leak_interval.high);
}

/* By shape. The caller frees the array. */
static struct reference_sum *look(const struct profile *profile)
{
	struct reference_sum *sums = calloc(shape_count(), sizeof *sums);

	for (uint32_t i = 0; i < profile->sample_count; i++) {
		const struct profile_sample *sample = &profile->samples[i];
		reference_sum_add(&sums[sample->site], sample, profile->references[i].state != SEEP_REFERENCE_LIVE);
	}
	return sums;
}

static void score_run(struct score *scores, enum shape_grid grid, double volume, uint64_t seed)
{
	size_t count;
	struct profile **series = shapes_run(grid, RATE, volume, seed, &count);
	struct reference_sum *looked = look(series[count - 1]);
	struct leaks leaks;

	leaks_of_profiles(&leaks, series, count, GROUP_BY_STACK);
	for (uint32_t i = 0; i < leaks.count; i++) {
		const size_t shape = series_site(leaks.groups.groups[leaks.rows[i].group].key, (uint32_t)shape_count());
		score_row(&scores[shape], &leaks.rows[i], &looked[shape], series[count - 1]->time_ns, shape, volume);
	}
	free(looked);
	leaks_free(&leaks);
	series_free_profiles(series, count);
}

int main(int argc, char **argv)
{
	static const double volumes[] = {20, 60, 300};
	static const char *const grids[GRID_KINDS] = {"even", "young"};
	const unsigned seeds = argc > 1 ? (unsigned)atoi(argv[1]) : 60;
	const unsigned first = argc > 2 ? (unsigned)atoi(argv[2]) : 1;

	printf("grid\tvolume\tkind\tshape\truns\tsure\tsure_referenced\trate_count\trate_covered");
	for (int verdict = 0; verdict < LEAK_VERDICTS; verdict++)
		printf("\t%s", leak_verdict_name((enum leak_verdict)verdict));
	puts("");
	for (int grid = 0; grid < GRID_KINDS; grid++)
		for (size_t v = 0; v < sizeof volumes / sizeof *volumes; v++) {
			struct score *scores = calloc(shape_count(), sizeof *scores);
			for (unsigned seed = first; seed < first + seeds; seed++)
				score_run(scores, (enum shape_grid)grid, volumes[v], seed);
			for (size_t shape = 0; shape < shape_count(); shape++) {
				const struct score *score = &scores[shape];
				printf("%s\t%g\t%s\t%s\t%u\t%u\t%u\t%u\t%u", grids[grid], volumes[v],
				       shape_kind_name(shape_kind_of(shape)), shape_name(shape), score->runs,
				       score->sure, score->sure_referenced, score->rate_count, score->rate_covered);
				for (int verdict = 0; verdict < LEAK_VERDICTS; verdict++)
					printf("\t%u", score->verdicts[verdict]);
				puts("");
			}
			free(scores);
		}
	return 0;
}
