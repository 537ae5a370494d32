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

/* Allocates a part of a mixture, and returns its objects. After a sample the gap begins anew. */
static double allocate(struct seep_measure *measure, const struct portion *portions, double part)
{
	double truth = 0;

	for (int i = 0; i < PORTIONS && portions[i].size; i++) {
		const double objects = floor(part * portions[i].rates * RATE / (double)portions[i].size + 0.5);
		double next = 0;
		while ((next = floor(next - RATE * log(random_unit()) / (double)portions[i].size)) < objects) {
			measure_add_sample(measure, portions[i].size, RATE);
			next++;
		}
		truth += objects;
	}
	return truth;
}

static void mixture_run(const struct portion *portions, struct score *in_use, struct score *growth)
{
	struct seep_measure fresh = {0}, gone = {0};
	double truth = allocate(&fresh, portions, 1);
	struct seep_measure ever = fresh;

	measure_expect_smaller(&ever, RATE);
	if (ever.samples)
		score_add(in_use, sum_interval(&fresh.objects, unseen_objects(RATE, &ever.objects), ALPHA), truth);
	truth -= allocate(&gone, portions, 0.5);
	ever = fresh;
	measure_add(&ever, &gone);
	measure_expect_smaller(&ever, RATE);
	if (ever.samples)
		score_add(
		    growth,
		    difference_interval(&fresh.objects, &gone.objects, unseen_objects(RATE, &ever.objects), ALPHA),
		    truth);
}

static int by_site(const void *left, const void *right)
{
	const struct profile_sample *a = left, *b = right;

	return (a->site > b->site) - (a->site < b->site);
}

/* One site's blocks, sampled at a rate. */
static void site_run(const struct profile_sample *blocks, uint32_t count, uint64_t rate, struct score *objects,
		     struct score *bytes)
{
	struct seep_measure measure = {0};
	double asked = 0;

	for (uint32_t i = 0; i < count; i++) {
		const double size = blocks[i].size ? (double)blocks[i].size : 1;
		asked += (double)blocks[i].size;
		if (random_unit() < -expm1(-size / (double)rate))
			measure_add_sample(&measure, blocks[i].size, rate);
	}
	if (!measure.samples)
		return;
	struct seep_measure ever = measure;
	measure_expect_smaller(&ever, rate);
	score_add(objects, sum_interval(&measure.objects, unseen_objects((double)rate, &ever.objects), ALPHA), count);
	score_add(bytes, sum_interval(&measure.bytes, unseen_bytes((double)rate), ALPHA), asked);
}

static void score_print(const struct score *score)
{
	printf("\t%u\t%u\t%u", score->shown, score->above, score->below);
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
		struct score objects = {0}, bytes = {0};
		for (unsigned trial = 0; trial < trials; trial++)
			for (uint32_t begin = 0, end; begin < profile->sample_count; begin = end) {
				for (end = begin; end < profile->sample_count &&
						  profile->samples[end].site == profile->samples[begin].site;)
					end++;
				site_run(profile->samples + begin, end - begin, rate, &objects, &bytes);
			}
		printf("%s at %llu B", profile->command, (unsigned long long)rate);
		score_print(&objects);
		score_print(&bytes);
		puts("");
	}
	profile_free(profile);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const unsigned trials = argc > 1 ? (unsigned)atoi(argv[1]) : 2000;

	puts("case\tshown\tabove\tbelow\tother_shown\tother_above\tother_below");
	if (argc > 2)
		return resample(argv[2], trials);
	for (size_t i = 0; i < sizeof mixtures / sizeof *mixtures; i++) {
		struct score in_use = {0}, growth = {0};
		for (unsigned trial = 0; trial < trials; trial++)
			mixture_run(mixtures[i].portions, &in_use, &growth);
		printf("%s", mixtures[i].name);
		score_print(&in_use);
		score_print(&growth);
		puts("");
	}
	return EXIT_SUCCESS;
}
