/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often the interval of objects holds the truth, where a site allocates objects of one size and of several. Prints a
 * line for each case, tab separated, with a heading; `make accuracy` makes a table of docs/ACCURACY.md of them.
 *
 *	objects TRIALS			mixtures: in use, and growth by these objects less half as many
 *	objects TRIALS RECORDING		the blocks in use of a real program that was recorded at rate 1, sampled again
 *
 * A site that shows no sample is printed nowhere, and does not count.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "profile/profile.h"
#include "statistics/interval.h"
#include "statistics/measure.h"

#define RATE 524288
#define PORTIONS 8
#define ROWS_SEEN 10 /* of a table, on a screen */

static uint64_t random_state = 1;

/* Steele, Lea & Flood, SplitMix64; in (0, 1]. */
static double random_unit(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return ((double)(z >> 11) + 1) / 9007199254740992.0;
}

/* Objects of one size, and how many rates they are together. */
struct portion {
	uint64_t size;
	double rates;
};

static const struct {
	const char *name;
	struct portion portions[PORTIONS];
} mixtures[] = {
    {"64 B, 1 R", {{64, 1}}},
    {"64 B, 3 R", {{64, 3}}},
    {"64 B, 10 R", {{64, 10}}},
    {"64 B, 100 R", {{64, 100}}},
    {"R/2, 5 R", {{RATE / 2, 5}}},
    {"4 R, 3 blocks", {{4 * RATE, 12}}},
    {"16, 32, 64, 128 B, 1 R in all", {{16, 0.25}, {32, 0.25}, {64, 0.25}, {128, 0.25}}},
    {"16, 32, 64, 128 B, 3 R in all", {{16, 0.75}, {32, 0.75}, {64, 0.75}, {128, 0.75}}},
    {"16, 32, 64, 128 B, 10 R in all", {{16, 2.5}, {32, 2.5}, {64, 2.5}, {128, 2.5}}},
    {"eight sizes, 16 B to R/2, 1 R each",
     {{16, 1}, {64, 1}, {256, 1}, {1024, 1}, {4096, 1}, {16384, 1}, {65536, 1}, {262144, 1}}},
    {"1 R of 16 B, 3 R of R/2, 12 R of 4 R", {{16, 1}, {RATE / 2, 3}, {4 * RATE, 12}}},
    {"3 R of 16 B, 3 R of R/2, 12 R of 4 R", {{16, 3}, {RATE / 2, 3}, {4 * RATE, 12}}},
    {"2 R of 64 B, 3 R of 4 KiB", {{64, 2}, {4096, 3}}},
    {"1 R of 16 B, 12 R of 4 R", {{16, 1}, {4 * RATE, 12}}},
    {"0.5 R of 16 B, 5 R of R/2", {{16, 0.5}, {RATE / 2, 5}}},
};

struct score {
	unsigned shown, above, below; /* the truth is above the interval; below it */
};

static void score_add(struct score *score, struct interval interval, double truth)
{
	score->shown++;
	score->above += truth > interval.high;
	score->below += truth < interval.low;
}

static double portion_objects(const struct portion *portion, double part)
{
	return floor(part * portion->rates * RATE / (double)portion->size + 0.5);
}

/* Allocates a part of a mixture. After a sample the gap begins anew. */
static void allocate(struct seep_measure *measure, const struct portion *portions, double part)
{

	for (int i = 0; i < PORTIONS && portions[i].size; i++) {
		const double objects = portion_objects(&portions[i], part);
		double next = 0;
		while ((next = floor(next - RATE * log(random_unit()) / (double)portions[i].size)) < objects) {
			measure_add_sample(measure, portions[i].size, RATE);
			next++;
		}
	}
}

/* The objects that the interval covers: those that are no smaller than the smallest that was ever sampled. */
static double truth_of(const struct portion *portions, double part, const struct seep_measure *ever)
{
	const double least = measure_smallest(ever, RATE);
	double truth = 0;

	for (int i = 0; i < PORTIONS && portions[i].size; i++)
		truth += (double)portions[i].size > least - 0.5 ? portion_objects(&portions[i], part) : 0;
	return truth;
}

static void mixture_run(const struct portion *portions, struct score *in_use, struct score *growth, struct score *all)
{
	struct seep_measure fresh = {0}, gone = {0};

	allocate(&fresh, portions, 1);
	struct seep_measure ever = fresh;
	const struct interval interval = sum_interval(&fresh.objects, unseen_objects(RATE, &ever.objects), ALPHA);
	if (ever.samples) {
		score_add(in_use, interval, truth_of(portions, 1, &ever));
		score_add(all, interval, truth_of(portions, 1, &(struct seep_measure){.objects.largest = INFINITY}));
	}
	allocate(&gone, portions, 0.5);
	measure_add(&ever, &gone);
	if (ever.samples)
		score_add(
		    growth,
		    difference_interval(&fresh.objects, &gone.objects, unseen_objects(RATE, &ever.objects), ALPHA),
		    truth_of(portions, 1, &ever) - truth_of(portions, 0.5, &ever));
}

static int by_site(const void *left, const void *right)
{
	const struct profile_sample *a = left, *b = right;

	return (a->site > b->site) - (a->site < b->site);
}

/* How rows of a site's blocks do: all in use, and growth, where every other block is new and the rest is gone. */
enum { IN_USE_OBJECTS, IN_USE_BYTES, USUAL_BYTES, GROWTH_OBJECTS, GROWTH_BYTES, LARGEST_BYTES, SCORES };

/* A row's bytes in use, and those of a recording that are the largest. */
struct row {
	double estimate, truth;
	struct interval interval;
};

struct largest {
	struct row rows[ROWS_SEEN];
	int count;
};

static void largest_add(struct largest *largest, struct row row)
{
	int place = largest->count;

	while (place > 0 && largest->rows[place - 1].estimate < row.estimate)
		place--;
	if (place == ROWS_SEEN)
		return;
	largest->count += largest->count < ROWS_SEEN;
	for (int i = largest->count - 1; i > place; i--)
		largest->rows[i] = largest->rows[i - 1];
	largest->rows[place] = row;
}

/* One site's blocks, sampled at a rate. */
static void site_run(const struct profile_sample *blocks, uint32_t count, uint64_t rate, struct score *scores,
		     struct largest *largest)
{
	struct seep_measure of[2] = {{0}}, all = {0}; /* gone, new */
	double objects[2] = {0}, bytes[2] = {0};

	for (uint32_t i = 0; i < count; i++) {
		const double size = blocks[i].size ? (double)blocks[i].size : 1;
		bytes[i % 2] += (double)blocks[i].size;
		if (random_unit() < -expm1(-size / (double)rate))
			measure_add_sample(&of[i % 2], blocks[i].size, rate);
	}
	measure_add(&all, &of[0]);
	measure_add(&all, &of[1]);
	if (!all.samples)
		return;
	const double unseen = unseen_objects((double)rate, &all.objects), most = unseen_bytes((double)rate);
	const double least = measure_smallest(&all, (double)rate) - 0.5;
	for (uint32_t i = 0; i < count; i++)
		objects[i % 2] += (double)(blocks[i].size ? blocks[i].size : 1) > least;
	score_add(&scores[IN_USE_OBJECTS], sum_interval(&all.objects, unseen, ALPHA), objects[0] + objects[1]);
	const struct row row = {sum_estimate(&all.bytes), bytes[0] + bytes[1], sum_interval(&all.bytes, most, ALPHA)};
	score_add(&scores[IN_USE_BYTES], row.interval, row.truth);
	const struct interval usual = {sum_low_selected(&all.bytes, 0, ALPHA), row.interval.high};
	score_add(&scores[USUAL_BYTES], usual, row.truth);
	largest_add(largest, row);
	score_add(&scores[GROWTH_OBJECTS], difference_interval(&of[1].objects, &of[0].objects, unseen, ALPHA),
		  objects[1] - objects[0]);
	score_add(&scores[GROWTH_BYTES], difference_interval(&of[1].bytes, &of[0].bytes, most, ALPHA),
		  bytes[1] - bytes[0]);
}

static void score_print(const struct score *score)
{
	printf("\t%u\t%u\t%u", score->shown, score->above, score->below);
}

/* Samples of all sites, once. */
static void recording_run(const struct profile *profile, uint64_t rate, struct score *scores)
{
	struct largest largest = {.count = 0};

	for (uint32_t begin = 0, end; begin < profile->sample_count; begin = end) {
		for (end = begin;
		     end < profile->sample_count && profile->samples[end].site == profile->samples[begin].site;)
			end++;
		site_run(profile->samples + begin, end - begin, rate, scores, &largest);
	}
	for (int i = 0; i < largest.count; i++)
		score_add(&scores[LARGEST_BYTES], largest.rows[i].interval, largest.rows[i].truth);
}

static int resample(const char *path, unsigned trials)
{
	struct error error;
	struct profile *profile = profile_open(path, &error); /* as of its end */

	if (!profile) {
		fprintf(stderr, "%s\n", error.text);
		return EXIT_FAILURE;
	}
	profile_samples(profile);
	qsort(profile->samples, profile->sample_count, sizeof *profile->samples, by_site);
	for (uint64_t rate = 256; rate <= 65536; rate *= 4) {
		struct score scores[SCORES] = {{0}};
		for (unsigned trial = 0; trial < trials; trial++)
			recording_run(profile, rate, scores);
		printf("%s at %llu B", profile->command, (unsigned long long)rate);
		for (int i = 0; i < SCORES; i++)
			score_print(&scores[i]);
		puts("");
	}
	profile_free(profile);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const unsigned trials = argc > 1 ? (unsigned)atoi(argv[1]) : 2000;

	if (argc > 2) {
		puts("case\tshown\tabove\tbelow\tbytes_shown\tbytes_above\tbytes_below\tusual_shown\tusual_"
		     "above\tusual_below\tgrowth_shown\tgrowth_above\t"
		     "growth_below\tgrowth_bytes_shown\tgrowth_bytes_above\tgrowth_bytes_below\tlargest_shown\tlargest_"
		     "above\t"
		     "largest_below");
		return resample(argv[2], trials);
	}
	puts("case\tshown\tabove\tbelow\tgrowth_shown\tgrowth_above\tgrowth_below\tall_shown\tall_above\tall_below");
	for (size_t i = 0; i < sizeof mixtures / sizeof *mixtures; i++) {
		struct score in_use = {0}, growth = {0}, all = {0};
		for (unsigned trial = 0; trial < trials; trial++)
			mixture_run(mixtures[i].portions, &in_use, &growth, &all);
		printf("%s", mixtures[i].name);
		score_print(&in_use);
		score_print(&growth);
		score_print(&all);
		puts("");
	}
	return EXIT_SUCCESS;
}
