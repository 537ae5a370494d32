/* SPDX-License-Identifier: Apache-2.0 */
/* The table of shapes, and the samples that come from them. Times in the table are fractions of the recording's
 * length. */
#include "support/shapes.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

#define START_NS UINT64_C(1000000000)
#define LENGTH_NS ((double)SHAPE_SECONDS * 1e9)
#define SMALL (1.0 / 256) /* of a rate */
#define NEVER INFINITY

/* When objects are born: the inverse of the share that was born until a time. */
enum arrival { EVEN, SATURATING, LOGARITHM, POWER, BURSTS, SWITCH, PERIODS };
/* How long each lives. */
enum life { KEPT, RANDOM, FIXED, PARETO, LOGNORMAL, RANDOM_CACHE, BATCH, PART, LATE };

struct part {
	double volume; /* born in all, in volumes */
	double size;   /* of an object, in rates; 0: small */
	enum arrival arrival;
	double a, b; /* its parameters */
	enum life life;
	double c, d, e;
};

struct shape {
	const char *name;
	enum shape_kind kind;
	struct part parts[3];
};

#define LEAKS(volume, size, ...)                                                                                       \
	{                                                                                                              \
		volume, size, __VA_ARGS__, KEPT, 0, 0, 0                                                               \
	}
#define FILLS(volume, until)                                                                                           \
	{                                                                                                              \
		volume, 0, EVEN, 0, until, KEPT, 0, 0, 0                                                               \
	}
#define NOISE(volume, life)                                                                                            \
	{                                                                                                              \
		volume, 0, EVEN, 0, 1, RANDOM, life, 0, 0                                                              \
	}
#define STEADY_CACHE(kind, volume, life)                                                                               \
	{                                                                                                              \
		(volume) / (life), 0, EVEN, 0, 1, kind, life, 0, 0                                                     \
	}

static const struct shape shapes[] = {
    /* leaks */
    {"plain", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0, 1)}},
    {"plain, blocks of R/2", SHAPE_LEAK, {LEAKS(1, 0.5, EVEN, 0, 1)}},
    {"plain, blocks of 4 R", SHAPE_LEAK, {LEAKS(1, 4, EVEN, 0, 1)}},
    {"plain, small and blocks of R", SHAPE_LEAK, {LEAKS(0.5, 0, EVEN, 0, 1), LEAKS(0.5, 1, EVEN, 0, 1)}},
    {"50 bursts", SHAPE_LEAK, {LEAKS(1, 0, BURSTS, 50, 0)}},
    {"20 bursts", SHAPE_LEAK, {LEAKS(1, 0, BURSTS, 20, 0)}},
    {"from 0.25 L on", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0.25, 1)}},
    {"from 0.5 L on", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0.5, 1)}},
    {"from 0.75 L on", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0.75, 1)}},
    {"from 0.5 L on, blocks from the start", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0.5, 1), FILLS(1, 0.02)}},
    {"from 0.75 L on, blocks from the start", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0.75, 1), FILLS(1, 0.02)}},
    {"beside a third of its size from the start", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0, 1), FILLS(0.33, 0.02)}},
    {"beside its size from the start", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0, 1), FILLS(1, 0.02)}},
    {"beside three times its size from the start", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0, 1), FILLS(3, 0.05)}},
    {"half of the traffic, noise lives 0.01 L", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0, 1), NOISE(1, 0.01)}},
    {"10 % of the traffic, noise lives 0.01 L", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0, 1), NOISE(9, 0.01)}},
    {"10 % of the traffic, noise lives 0.03 L", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0, 1), NOISE(9, 0.03)}},
    {"10 % of the traffic, noise lives 0.1 L", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0, 1), NOISE(9, 0.1)}},
    {"3 % of the traffic, noise lives 0.03 L", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0, 1), NOISE(30, 0.03)}},
    {"a third of the traffic, noise lives 0.1 L", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0, 1), NOISE(2, 0.1)}},
    {"beside a random cache of its size, 0.15 L", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0, 1), STEADY_CACHE(RANDOM, 1, 0.15)}},
    {"beside a random cache of 2 V, 0.15 L", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0, 1), STEADY_CACHE(RANDOM, 2, 0.15)}},
    {"beside a FIFO cache of 1 V, 0.15 L", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0, 1), STEADY_CACHE(FIXED, 1, 0.15)}},
    {"beside batches", SHAPE_LEAK, {LEAKS(1, 0, EVEN, 0, 1), {4, 0, EVEN, 0, 1, BATCH, 0.1, 0, 0}}},
    {"load falls to a third", SHAPE_LEAK, {LEAKS(1, 0, SWITCH, 0.5, 0.333)}},
    {"load falls tenfold", SHAPE_LEAK, {LEAKS(1, 0, SWITCH, 0.5, 0.1)}},
    {"load rises tenfold", SHAPE_LEAK, {LEAKS(1, 0, SWITCH, 0.5, 10)}},
    {"t^1.5", SHAPE_LEAK, {LEAKS(1, 0, POWER, 1.5, 0)}},
    {"t^2", SHAPE_LEAK, {LEAKS(1, 0, POWER, 2, 0)}},
    {"load in 12 periods", SHAPE_LEAK, {LEAKS(1, 0, PERIODS, 12, 0.1)}},
    {"load in 6 periods", SHAPE_LEAK, {LEAKS(1, 0, PERIODS, 6, 0.1)}},
    {"load in 3 periods", SHAPE_LEAK, {LEAKS(1, 0, PERIODS, 3, 0.1)}},
    {"10 % die late", SHAPE_LEAK, {{1.05, 0, EVEN, 0, 1, LATE, 0.1, 0.05, 0.5}}},
    {"30 % die late", SHAPE_LEAK, {{1.15, 0, EVEN, 0, 1, LATE, 0.3, 0.05, 0.5}}},
    {"half of it dies young", SHAPE_LEAK, {{2, 0, EVEN, 0, 1, PART, 0.5, 0.02, 0}}},
    {"90 % die young", SHAPE_LEAK, {{10, 0, EVEN, 0, 1, PART, 0.9, 0.02, 0}}},
    /* has stopped */
    {"filled until 0.02 L", SHAPE_STOPPED, {FILLS(1, 0.02)}},
    {"filled until 0.1 L", SHAPE_STOPPED, {FILLS(1, 0.1)}},
    {"filled until 0.25 L", SHAPE_STOPPED, {FILLS(1, 0.25)}},
    {"filled until 0.4 L", SHAPE_STOPPED, {FILLS(1, 0.4)}},
    {"filled until 0.5 L", SHAPE_STOPPED, {FILLS(1, 0.5)}},
    {"filled until 0.6 L", SHAPE_STOPPED, {FILLS(1, 0.6)}},
    {"filled until 0.7 L", SHAPE_STOPPED, {FILLS(1, 0.7)}},
    {"filled until 0.8 L", SHAPE_STOPPED, {FILLS(1, 0.8)}},
    {"filled until 0.85 L", SHAPE_STOPPED, {FILLS(1, 0.85)}},
    {"filled from 0.5 L to 0.7 L", SHAPE_STOPPED, {LEAKS(1, 0, EVEN, 0.5, 0.7)}},
    {"filled until 0.7 L, noise lives 0.01 L", SHAPE_STOPPED, {FILLS(1, 0.7), NOISE(3, 0.01)}},
    {"filled until 0.85 L, noise lives 0.01 L", SHAPE_STOPPED, {FILLS(1, 0.85), NOISE(3, 0.01)}},
    {"filled until 0.7 L by blocks of 2 R", SHAPE_STOPPED, {LEAKS(1, 2, EVEN, 0, 0.7)}},
    {"filled until 0.85 L by blocks of 2 R", SHAPE_STOPPED, {LEAKS(1, 2, EVEN, 0, 0.85)}},
    {"a burst at 0.5 L", SHAPE_STOPPED, {LEAKS(1, 0, BURSTS, 1, 0)}},
    {"two bursts", SHAPE_STOPPED, {LEAKS(1, 0, BURSTS, 2, 0)}},
    /* ramps */
    {"ramp 1 - exp(-t / 0.1 L)", SHAPE_RAMP, {LEAKS(1, 0, SATURATING, 0.1, 0)}},
    {"ramp 1 - exp(-t / 0.2 L)", SHAPE_RAMP, {LEAKS(1, 0, SATURATING, 0.2, 0)}},
    {"ramp 1 - exp(-t / 0.3 L)", SHAPE_RAMP, {LEAKS(1, 0, SATURATING, 0.3, 0)}},
    {"logarithm, 0.05 L", SHAPE_RAMP, {LEAKS(1, 0, LOGARITHM, 0.05, 0)}},
    {"logarithm, 0.2 L", SHAPE_RAMP, {LEAKS(1, 0, LOGARITHM, 0.2, 0)}},
    {"root of t", SHAPE_RAMP, {LEAKS(1, 0, POWER, 0.5, 0)}},
    /* caches and other comings and goings */
    {"random eviction, full at 0.15 L", SHAPE_CACHE, {{1 / 0.15, 0, EVEN, 0, 1, RANDOM_CACHE, 0.15, 0, 0}}},
    {"random eviction, full at 0.4 L", SHAPE_CACHE, {{1 / 0.4, 0, EVEN, 0, 1, RANDOM_CACHE, 0.4, 0, 0}}},
    {"random eviction, full at 0.7 L", SHAPE_CACHE, {{1 / 0.7, 0, EVEN, 0, 1, RANDOM_CACHE, 0.7, 0, 0}}},
    {"random eviction, full at 0.85 L", SHAPE_CACHE, {{1 / 0.85, 0, EVEN, 0, 1, RANDOM_CACHE, 0.85, 0, 0}}},
    {"FIFO, full at 0.15 L", SHAPE_CACHE, {STEADY_CACHE(FIXED, 1, 0.15)}},
    {"FIFO, full at 0.4 L", SHAPE_CACHE, {STEADY_CACHE(FIXED, 1, 0.4)}},
    {"FIFO, full at 0.7 L", SHAPE_CACHE, {STEADY_CACHE(FIXED, 1, 0.7)}},
    {"FIFO, full at 0.85 L", SHAPE_CACHE, {STEADY_CACHE(FIXED, 1, 0.85)}},
    {"LRU, drifting", SHAPE_CACHE, {STEADY_CACHE(RANDOM, 0.5, 0.2), STEADY_CACHE(FIXED, 0.5, 0.4)}},
    {"churn, 0.001 L", SHAPE_CACHE, {STEADY_CACHE(RANDOM, 0.02, 0.001)}},
    {"sessions, 0.05 L", SHAPE_CACHE, {STEADY_CACHE(RANDOM, 1, 0.05)}},
    {"sessions, 0.3 L", SHAPE_CACHE, {STEADY_CACHE(RANDOM, 1, 0.3)}},
    {"sessions at rising load, 0.1 L", SHAPE_CACHE, {{5, 0, POWER, 2, 0, RANDOM, 0.1, 0, 0}}},
    {"batches, 0.1 L", SHAPE_CACHE, {{10, 0, EVEN, 0, 1, BATCH, 0.1, 0, 0}}},
    {"batches, 0.4 L", SHAPE_CACHE, {{2.5, 0, EVEN, 0, 1, BATCH, 0.4, 0, 0}}},
    {"batches, 0.37 L, and a pool", SHAPE_CACHE, {{2.7, 0, EVEN, 0, 1, BATCH, 0.37, 0, 0}, FILLS(1, 0.05)}},
    {"Pareto lifetimes, 1", SHAPE_CACHE, {{20, 0, EVEN, 0, 1, PARETO, 0.005, 1, 0}}},
    {"Pareto lifetimes, 1.5", SHAPE_CACHE, {{20, 0, EVEN, 0, 1, PARETO, 0.01, 1.5, 0}}},
    {"lognormal lifetimes, 1", SHAPE_CACHE, {{10, 0, EVEN, 0, 1, LOGNORMAL, 0.05, 1, 0}}},
    {"lognormal lifetimes, 1.5", SHAPE_CACHE, {{10, 0, EVEN, 0, 1, LOGNORMAL, 0.03, 1.5, 0}}},
    {"load up and down, 0.03 L", SHAPE_CACHE, {{10, 0, PERIODS, 3, 0.1, RANDOM, 0.03, 0, 0}}},
    /* nobody can tell */
    {"t^0.75", SHAPE_EITHER, {LEAKS(1, 0, POWER, 0.75, 0)}},
    {"four reload steps, kept", SHAPE_EITHER, {LEAKS(1, 0, BURSTS, 4, 0)}},
    {"a cache that is full at 2 L", SHAPE_EITHER, {LEAKS(1, 0, EVEN, 0, 1)}},
};

struct run {
	struct taken *samples;
	size_t count, capacity;
	uint64_t rate, random;
};

static double uniform(struct run *run) /* (0, 1] */
{
	uint64_t z = run->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ z >> 31) >> 11) * 0x1p-53 + 0x1p-53;
}

static double normal(struct run *run)
{
	return sqrt(-2 * log(uniform(run))) * cos(2 * M_PI * uniform(run));
}

/* The time until which a share of u is born. */
static double birth_of(const struct part *part, double u)
{
	const double a = part->a, b = part->b;
	double whole;

	switch (part->arrival) {
	case EVEN:
		return a + u * (b - a);
	case SATURATING:
		return -a * log(1 - u * (1 - exp(-1 / a)));
	case LOGARITHM:
		return a * (pow(1 + 1 / a, u) - 1);
	case POWER:
		return pow(u, 1 / a);
	case BURSTS:
		return (fmin(floor(u * a), a - 1) + 0.5 + (u * a - floor(u * a)) * 0.02) / a;
	case SWITCH: /* rate 1 until a, then b */
		whole = a + b * (1 - a);
		return u * whole < a ? u * whole : a + (u * whole - a) / b;
	default: /* a periods, in the second half of each rate b for 1 */
		whole = u * a - floor(u * a);
		whole = whole < 1 / (1 + b) ? whole * (1 + b) / 2 : 0.5 + (whole - 1 / (1 + b)) * (1 + b) / b / 2;
		return (floor(u * a) + whole) / a;
	}
}

static double death_of(struct run *run, const struct part *part, double birth)
{
	const double c = part->c, d = part->d;

	switch (part->life) {
	case KEPT:
		return NEVER;
	case RANDOM:
		return birth - c * log(uniform(run));
	case FIXED:
		return birth + c;
	case PARETO:
		return birth + c * pow(uniform(run), -1 / d);
	case LOGNORMAL:
		return birth + c * exp(d * normal(run));
	case RANDOM_CACHE:
		return fmax(birth, c) - c * log(uniform(run));
	case BATCH:
		return (floor(birth / c) + 1) * c;
	case PART:
		return uniform(run) < c ? birth - d * log(uniform(run)) : NEVER;
	default:
		return uniform(run) < c ? birth + d + (part->e - d) * uniform(run) : NEVER;
	}
}

/* In a leak, blocks that stay for good are lost, except those that the program has from its start on. */
static bool is_lost(const struct part *part, uint32_t shape, double death)
{
	return shapes[shape].kind == SHAPE_LEAK && death == NEVER && !(part->arrival == EVEN && part->b < 1);
}

/* Arrivals of a Poisson process, thinned: the gaps in the count of sampled objects are exponential. */
static void part_run(struct run *run, const struct part *part, uint32_t site, double volume)
{
	const double size = part->size > 0 ? part->size : SMALL;
	const double expected = part->volume * volume / size * -expm1(-size);

	for (double at = -log(uniform(run)); at < expected; at -= log(uniform(run))) {
		const double birth = birth_of(part, at / expected), death = death_of(run, part, birth);
		ARRAY_RESERVE(run->samples, run->count, run->capacity);
		run->samples[run->count++] = (struct taken){
		    .birth_ns = START_NS + (uint64_t)(birth * LENGTH_NS),
		    .death_ns = death < 1 ? START_NS + (uint64_t)(death * LENGTH_NS) : UINT64_MAX,
		    .size = (uint64_t)(size * (double)run->rate),
		    .site = site,
		    .lost = is_lost(part, site, death),
		};
	}
}

/* Young: every 1.25 s, 2.5 s, 5 s, eight of each, then 10 s; no snapshot from 0.5 to 0.6 of the time. */
static size_t grid_make(enum shape_grid grid, uint64_t *times_ns)
{
	const double length = SHAPE_SECONDS;
	size_t count = 0;
	double now = 0, step = grid == GRID_EVEN ? 10 : 1.25;

	while (now + step <= length + 1e-9) {
		now += step;
		if (grid == GRID_EVEN || now < 0.5 * length || now > 0.6 * length)
			times_ns[count++] = START_NS + (uint64_t)(now * 1e9);
		if (grid == GRID_YOUNG && step < 10 && count % 8 == 0)
			step *= 2;
	}
	return count;
}

struct profile **shapes_run(enum shape_grid grid, uint64_t rate, double volume, uint64_t seed, size_t *count)
{
	struct run run = {.rate = rate, .random = seed * 7919 + (uint64_t)volume};
	uint64_t times_ns[2 * SHAPE_SECONDS];

	for (size_t i = 0; i < shape_count(); i++) {
		for (size_t k = 0; k < sizeof shapes->parts / sizeof *shapes->parts; k++)
			part_run(&run, &shapes[i].parts[k], (uint32_t)i, volume);
	}
	*count = grid_make(grid, times_ns);
	const struct series_plan plan = {START_NS, times_ns, *count, rate, (uint32_t)shape_count()};
	struct profile **series = series_make(&plan, run.samples, run.count);
	free(run.samples);
	return series;
}

double shape_pace(size_t shape, double from, double to)
{
	enum { STEPS = 4000 };
	double volume = 0;

	for (size_t k = 0; k < sizeof shapes->parts / sizeof *shapes->parts; k++) {
		const struct part *part = &shapes[shape].parts[k];
		const double kept = part->life == KEPT ? 1 : part->life == PART || part->life == LATE ? 1 - part->c : 0;
		for (int i = 0; i < STEPS && part->volume > 0; i++) {
			const double birth = birth_of(part, (i + 0.5) / STEPS);
			volume += birth > from && birth <= to ? kept * part->volume / STEPS : 0;
		}
	}
	return volume / (to - from);
}

size_t shape_count(void)
{
	return sizeof shapes / sizeof *shapes;
}

const char *shape_name(size_t shape)
{
	return shapes[shape].name;
}

enum shape_kind shape_kind_of(size_t shape)
{
	return shapes[shape].kind;
}

const char *shape_kind_name(enum shape_kind kind)
{
	static const char *const names[SHAPE_KINDS] = {"leak", "stopped", "ramp", "cache", "either"};

	return names[kind];
}
