/* SPDX-License-Identifier: Apache-2.0 */
/* Traces and their sampling. A stream is all allocations of one kind at one site; each of them is simulated. */
#include "support/series_simulator.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "support/series_maker.h"

enum { SNAPSHOTS = 24, SITES_MAX = 200 };
#define INTERVAL_NS UINT64_C(10000000000)
#define START_NS UINT64_C(1000000000)
#define LENGTH ((double)SNAPSHOTS) /* times below are in intervals since the start */
#define NEVER INFINITY

struct run {
	struct simulation *simulation;
	struct taken *samples;
	size_t count, capacity;
	uint64_t rate, random;
	double countdown;
};

static double uniform(struct run *run) /* (0, 1] */
{
	uint64_t z = run->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ z >> 31) >> 11) * 0x1p-53 + 0x1p-53;
}

static double exponential(struct run *run, double mean)
{
	return -mean * log(uniform(run));
}

static double between(struct run *run, double low, double high)
{
	return low + (high - low) * uniform(run);
}

/* Index of the first snapshot at or after a time. */
static size_t snapshot_at(double time)
{
	return time >= LENGTH ? SNAPSHOTS : time <= 1 ? 0 : (size_t)ceil(time) - 1;
}

static uint64_t time_to_ns(double time)
{
	return START_NS + (uint64_t)(time * (double)INTERVAL_NS);
}

/* One allocation: its truth, and whether the countdown meets it. */
static void allocate(struct run *run, uint32_t site, uint64_t size, double birth, double death, bool remote)
{
	struct simulation *simulation = run->simulation;
	double *in_use = simulation->in_use + (size_t)site * SNAPSHOTS;
	const size_t until = snapshot_at(death);

	if (birth >= LENGTH)
		return;
	for (size_t i = snapshot_at(birth); i < until; i++)
		in_use[i] += (double)size;
	if (death == NEVER && simulation->is_leaking[site]) {
		ARRAY_RESERVE(simulation->leaks, simulation->leak_count, simulation->leak_capacity);
		simulation->leaks[simulation->leak_count++] = (struct simulated_leak){time_to_ns(birth), size, site};
	}
	run->countdown -= (double)size;
	if (run->countdown > 0)
		return;
	run->countdown = exponential(run, (double)run->rate);
	ARRAY_RESERVE(run->samples, run->count, run->capacity);
	run->samples[run->count++] = (struct taken){
	    .birth_ns = time_to_ns(birth),
	    .death_ns = death == NEVER ? UINT64_MAX : time_to_ns(death),
	    .size = size,
	    .site = site,
	    .remote = remote,
	};
}

/* Objects that live for `life` on average. One in `leak_every` lives for ever; 0: none does. */
static void churn(struct run *run, uint32_t site, uint64_t size, double count, double life, uint64_t leak_every,
		  bool remote)
{
	const uint64_t first = leak_every ? (uint64_t)(uniform(run) * (double)leak_every) : 0;

	for (uint64_t i = 0; (double)i < count; i++) {
		const double birth = ((double)i + uniform(run)) / count * LENGTH;
		const bool leaks = leak_every && i % leak_every == first % leak_every;
		allocate(run, site, size, birth, leaks ? NEVER : birth + exponential(run, life), remote);
	}
}

/* In order: the oldest goes first. At random: once the cache is full, each has the same chance. */
static void cache(struct run *run, uint32_t site, uint64_t size, double count, double filled, bool in_order)
{
	for (uint64_t i = 0; (double)i < count; i++) {
		const double birth = ((double)i + uniform(run)) / count * LENGTH;
		const double full = fmax(birth, filled);
		allocate(run, site, size, birth, in_order ? birth + filled : full + exponential(run, filled), false);
	}
}

static void pool(struct run *run, uint32_t site, uint64_t size, double count, double filled)
{
	for (uint64_t i = 0; (double)i < count; i++)
		allocate(run, site, size, ((double)i + uniform(run)) / count * filled, NEVER, false);
}

static void sawtooth(struct run *run, uint32_t site, uint64_t size, double count, double period, double phase)
{
	for (uint64_t i = 0; (double)i < count; i++) {
		const double birth = ((double)i + uniform(run)) / count * LENGTH;
		allocate(run, site, size, birth, (floor(birth / period + phase) + 1 - phase) * period, false);
	}
}

/* The load rises in proportion to time, from half of its mean. */
static void sessions(struct run *run, uint32_t site, uint64_t size, double count, double life)
{
	for (uint64_t i = 0; (double)i < count; i++) {
		const double u = ((double)i + uniform(run)) / count;
		const double birth = (sqrt(1 + 8 * u) - 1) / 2 * LENGTH; /* inverse of (t/L + (t/L)^2) / 2 */
		allocate(run, site, size, birth, birth + exponential(run, life), false);
	}
}

/* Sizes from 16 bytes to half a rate, uniform on a logarithmic scale. */
static void fragments(struct run *run, uint32_t site, double bytes, double life)
{
	const double span = log((double)run->rate / 32);

	for (double sum = 0; sum < bytes;) {
		const uint64_t size = (uint64_t)(16 * exp(span * uniform(run)));
		const double birth = uniform(run) * LENGTH;
		allocate(run, site, size, birth, birth + exponential(run, life), false);
		sum += (double)size;
	}
}

/* An array that doubles whenever `count` entries have come in, from 1/1024 of its last size. */
static void doubling(struct run *run, uint32_t site, double last_bytes)
{
	double birth = 0;

	for (double bytes = last_bytes / 1024; bytes <= last_bytes; bytes *= 2) {
		const double death = fmax(bytes / last_bytes, 1e-3) * LENGTH;
		allocate(run, site, (uint64_t)bytes, birth, death >= LENGTH ? NEVER : death, false);
		birth = death;
	}
}

/* A buffer that grows in steps of a kilobyte to 16, then is freed; one step in ten leaves the old one behind. */
static void ladders(struct run *run, uint32_t site, double leaked_bytes)
{
	const double steps = leaked_bytes / 8704 * 10;

	for (uint64_t i = 0; (double)i < steps; i++) {
		const double birth = ((double)i + uniform(run)) / steps * LENGTH;
		const bool forgets = i % 10 == 3;
		allocate(run, site, (i / 10 % 16 + 1) * 1024, birth, forgets ? NEVER : birth + exponential(run, 0.01),
			 false);
	}
}

/* A few sites beside the one that a leaking pattern is about. */
static void company(struct run *run, uint32_t first)
{
	const double rate = (double)run->rate;
	const uint64_t size = run->rate / 32 + 1;

	churn(run, first, size, 32 * between(run, 50, 300), 0.2, 0, false);
	pool(run, first + 1, size, 32 * between(run, 10, 60), 2);
	sessions(run, first + 2, size, 32 * between(run, 50, 200), between(run, 1, 4));
	cache(run, first + 3, size, 32 * between(run, 50, 200), between(run, 5, 12), uniform(run) < 0.5);
	sawtooth(run, first + 4, size, 32 * between(run, 50, 200), between(run, 2, 9), uniform(run));
	fragments(run, first + 5, rate * between(run, 50, 200), between(run, 0.5, 3));
}

enum { COMPANY = 6, QUIET_SITES = 10 };

static uint32_t run_leaking(struct run *run, enum pattern pattern, double leaked)
{
	const double rate = (double)run->rate;
	const double bytes = leaked * rate;
	const uint64_t small = run->rate / 64 + 1;
	bool *is_leaking = run->simulation->is_leaking;

	is_leaking[0] = true;
	if (pattern == PATTERN_ONE_OF_200) {
		for (uint32_t site = 0; site < SITES_MAX; site++)
			churn(run, site, 8 * small, 100 * bytes / (8 * (double)small), 0.3, site == 0 ? 100 : 0, false);
		return SITES_MAX;
	}
	company(run, 2);
	if (pattern == PATTERN_CHURN_1000 || pattern == PATTERN_CHURN_10000) {
		const uint64_t every = pattern == PATTERN_CHURN_1000 ? 1000 : 10000;
		const uint64_t size = pattern == PATTERN_CHURN_1000 ? 4 * small : 16 * small;
		churn(run, 0, size, (double)every * bytes / (double)size, 0.01, every, false);
	} else if (pattern == PATTERN_BUFFERS) {
		churn(run, 0, 2 * run->rate, leaked / 2, 1, 1, false);
	} else if (pattern == PATTERN_TABLE) {
		is_leaking[1] = true;
		churn(run, 0, small, bytes / (double)small, 1, 1, false);
		doubling(run, 1, bytes / 2);
	} else if (pattern == PATTERN_LIST) {
		churn(run, 0, run->rate / 512 + 1, 512 * leaked, 1, 1, false);
	} else {
		ladders(run, 0, bytes);
	}
	return 2 + COMPANY;
}

static void run_quiet_site(struct run *run, enum pattern pattern, uint32_t site)
{
	const uint64_t size = (uint64_t)((double)run->rate * exp(between(run, log(0.002), log(2.5)))) + 1;
	const double bytes = (double)run->rate * between(run, 30, 400);
	const double count = bytes / (double)size;

	switch (pattern) {
	case PATTERN_CACHE:
		cache(run, site, size, count, between(run, 0.1, 0.6) * LENGTH, site % 2);
		break;
	case PATTERN_POOL:
		pool(run, site, size, count / 2, between(run, 0.02, 0.25) * LENGTH);
		if (site % 2)
			churn(run, site, size, count, 0.2, 0, false);
		break;
	case PATTERN_SAWTOOTH:
		sawtooth(run, site, size, count, between(run, 0.05, 0.45) * LENGTH, uniform(run));
		break;
	case PATTERN_SESSIONS:
		sessions(run, site, size, count, between(run, 0.05, 0.35) * LENGTH);
		break;
	case PATTERN_FRAGMENTATION:
		fragments(run, site, bytes, between(run, 0.02, 0.2) * LENGTH);
		break;
	default:
		churn(run, site, size, count, between(run, 0.05, 1), 0, true);
	}
}

struct simulation *simulation_run(enum pattern pattern, uint64_t rate, double leaked, uint64_t seed)
{
	struct simulation *simulation = memory_allocate(1, sizeof *simulation);
	struct run run = {.simulation = simulation, .rate = rate, .random = seed * 1000003 + (uint64_t)pattern};

	simulation->count = SNAPSHOTS;
	simulation->in_use = memory_allocate((size_t)SITES_MAX * SNAPSHOTS, sizeof *simulation->in_use);
	simulation->is_leaking = memory_allocate(SITES_MAX, sizeof *simulation->is_leaking);
	run.countdown = exponential(&run, (double)rate);
	simulation->site_count = QUIET_SITES;
	if (pattern < PATTERN_LEAKING_COUNT)
		simulation->site_count = run_leaking(&run, pattern, leaked);
	for (uint32_t site = 0; pattern >= PATTERN_LEAKING_COUNT && site < QUIET_SITES; site++)
		run_quiet_site(&run, pattern, site);
	uint64_t times_ns[SNAPSHOTS];
	for (size_t i = 0; i < SNAPSHOTS; i++)
		times_ns[i] = START_NS + (i + 1) * INTERVAL_NS;
	const struct series_plan plan = {START_NS, times_ns, SNAPSHOTS, rate, simulation->site_count};
	simulation->series = series_make(&plan, run.samples, run.count);
	free(run.samples);
	return simulation;
}

void simulation_free(struct simulation *simulation)
{
	series_free_profiles(simulation->series, simulation->count);
	free(simulation->in_use);
	free(simulation->is_leaking);
	free(simulation->leaks);
	free(simulation);
}

uint32_t simulation_site(const struct simulation *simulation, uint64_t key)
{
	return series_site(key, simulation->site_count);
}

const char *pattern_name(enum pattern pattern)
{
	static const char *const names[PATTERN_COUNT] = {
	    "churn-1000", "churn-10000", "buffers",  "table",    "list",          "one-of-200", "realloc",
	    "cache",      "pool",        "sawtooth", "sessions", "fragmentation", "threads",
	};

	return names[pattern];
}
