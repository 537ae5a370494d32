/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `seep leaks` says about leaks that are spread over many places (support/spread_simulator.c), and of the same
 * program without one. Prints a line for each amount that leaks and each amount that comes and goes beside it, tab
 * separated, with a heading; `make accuracy` makes docs/ACCURACY.md from them.
 *
 * *       spreads RUNS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "leaks/spread.h"
#include "support/spread_simulator.h"

#define RATE (512 * 1024)
#define RUNS_PER_SEED 1000000

struct score {
	unsigned runs;
	unsigned with_place;        /* runs in which a single place was called a leak or growing */
	unsigned found;             /* runs in which growth is told of a function, module or program that does leak */
	unsigned at_function, leak; /* of the function that leaks itself; that it leaks */
	unsigned with_false;        /* runs in which it is told of one that does not */
	double false_share;         /* of all that is told in a run, summed */
};

static bool has_leak(const struct spread *spread)
{
	static const char *const guilty[] = {"handler_0", "subsystem_0", "main_0"};

	if (spread->place.level == SPREAD_PROCESS)
		return true;
	if (spread->place.level == SPREAD_MODULE)
		return strcmp(spread->place.module, "/srv/app") == 0;
	for (size_t i = 0; i < sizeof guilty / sizeof *guilty; i++)
		if (strcmp(spread->place.line->function, guilty[i]) == 0)
			return true;
	return false;
}

static void score_run(struct score *score, double leaked, double steady, uint64_t seed)
{
	struct spread_program program;
	struct leaks leaks;
	unsigned right = 0, wrong = 0;

	spread_program_run(&program, RATE, leaked, steady, seed);
	leaks_and_spreads_of_profiles(&leaks, program.series, program.count, GROUP_BY_PLACE);
	for (uint32_t i = 0; i < leaks.spread_count; i++) {
		const struct spread *spread = &leaks.spreads[i];
		const bool is_right = leaked > 0 && has_leak(spread);
		right += is_right;
		wrong += !is_right;
		if (is_right && spread->place.line && strcmp(spread->place.line->function, "handler_0") == 0) {
			score->at_function++;
			score->leak += spread->row.verdict == LEAK_LEAK;
		}
	}
	score->runs++;
	score->with_place += leaks.verdicts[LEAK_LEAK] + leaks.verdicts[LEAK_GROWING] > 0;
	score->found += right > 0;
	score->with_false += wrong > 0;
	score->false_share += wrong ? (double)wrong / (right + wrong) : 0;
	leaks_free(&leaks);
	spread_program_free(&program);
}

int main(int argc, char **argv)
{
	static const double amounts[] = {0, 40, 80}, steadies[] = {30, 120, 480};
	const unsigned runs = argc > 1 ? (unsigned)atoi(argv[1]) : 200;

	puts("leaked\tsteady\truns\twith_place\tfound\tat_function\tleak\twith_false\tfalse_share");
	for (size_t a = 0; a < 3; a++)
		for (size_t s = 0; s < 3; s++) {
			struct score score = {0};
			for (unsigned run = 1; run <= runs; run++)
				score_run(&score, amounts[a], steadies[s], run + RUNS_PER_SEED * (3 * a + s));
			printf("%g\t%g\t%u\t%u\t%u\t%u\t%u\t%u\t%.4f\n", amounts[a], steadies[s], score.runs,
			       score.with_place, score.found, score.at_function, score.leak, score.with_false,
			       score.false_share / score.runs);
			fflush(stdout);
		}
	return 0;
}
