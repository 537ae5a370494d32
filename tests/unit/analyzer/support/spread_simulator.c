/* SPDX-License-Identifier: Apache-2.0 */
/* Stack of a site, leaf first: place_N, handler_N / 20, subsystem_N / 80, main. */
#include "support/spread_simulator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

enum { SNAPSHOTS = 24, DEPTH = 4, MODULES = 3, NAME = 24 };
#define START_NS UINT64_C(1000000000)
#define STEP_NS UINT64_C(10000000000)
#define LENGTH_NS ((double)SNAPSHOTS * (double)STEP_NS)
#define LOCATIONS (SPREAD_SITES + SPREAD_HANDLERS + SPREAD_SUBSYSTEMS + 1)

struct names {
	char functions[LOCATIONS][NAME];
	struct source_line lines[LOCATIONS];
	struct profile_location locations[LOCATIONS];
	struct profile_module modules[MODULES];
	struct profile_node nodes[1 + SPREAD_SITES * DEPTH];
};

static double uniform(uint64_t *random) /* (0, 1] */
{
	uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ z >> 31) >> 11) * 0x1p-53 + 0x1p-53;
}

static void name_location(struct names *names, uint32_t index, const char *kind, uint32_t number, uint32_t module)
{
	snprintf(names->functions[index], NAME, "%s_%u", kind, number);
	names->lines[index] = (struct source_line){.function = names->functions[index]};
	names->locations[index] = (struct profile_location){
	    .module = module, .line_count = 1, .lines = &names->lines[index], .address = 16 * index, .given = true};
}

static struct names *names_make(void)
{
	struct names *names = memory_allocate(1, sizeof *names);
	const uint32_t handlers = SPREAD_SITES, subsystems = handlers + SPREAD_HANDLERS,
		       main_index = subsystems + SPREAD_SUBSYSTEMS;

	names->modules[0].path = "";
	names->modules[1] = (struct profile_module){.path = "/srv/app", .flags = SEEP_MODULE_EXECUTABLE};
	names->modules[2].path = "/srv/plugin.so";
	for (uint32_t site = 0; site < SPREAD_SITES; site++) {
		const uint32_t handler = site * SPREAD_HANDLERS / SPREAD_SITES;
		const uint32_t subsystem = handler * SPREAD_SUBSYSTEMS / SPREAD_HANDLERS;
		const uint32_t module = subsystem == SPREAD_SUBSYSTEMS - 1 ? 2 : 1;
		const uint32_t stack[DEPTH] = {site, handlers + handler, subsystems + subsystem, main_index};
		name_location(names, site, "place", site, module);
		name_location(names, handlers + handler, "handler", handler, module);
		name_location(names, subsystems + subsystem, "subsystem", subsystem, module);
		for (uint32_t i = 0; i < DEPTH; i++)
			names->nodes[1 + site * DEPTH + i] =
			    (struct profile_node){i ? site * DEPTH + i : 0, stack[DEPTH - 1 - i]};
	}
	name_location(names, main_index, "main", 0, 1);
	return names;
}

/* Each lives for an eighth of the time on average, and as many as follow from that exist from the start. */
static size_t steady_samples(struct taken *samples, uint32_t site, double count, uint64_t size, uint64_t *random)
{
	const double life = 0.125;
	size_t filled = 0;

	for (double time = -life; time < 1;) {
		time += -log(uniform(random)) * life / count;
		const double birth = fmax(time, 0), death = birth - life * log(uniform(random));
		if (time >= 1)
			break;
		samples[filled++] = (struct taken){
		    .birth_ns = START_NS + (uint64_t)(birth * LENGTH_NS),
		    .death_ns = death < 1 ? START_NS + (uint64_t)(death * LENGTH_NS) : UINT64_MAX,
		    .size = size,
		    .site = site,
		};
	}
	return filled;
}

void spread_program_run(struct spread_program *program, uint64_t rate, double leaked, double steady, uint64_t seed)
{
	uint64_t times_ns[SNAPSHOTS], random = seed * UINT64_C(1000003);
	const uint64_t size = rate / 256;
	struct names *names = names_make();
	struct taken *samples = memory_allocate((size_t)(leaked + 30 * steady) * 4 + 10000, sizeof *samples);
	size_t count = 0;

	for (size_t i = 0; i < SNAPSHOTS; i++)
		times_ns[i] = START_NS + (i + 1) * STEP_NS;
	for (uint32_t site = 0; site < SPREAD_SITES; site++)
		count += steady_samples(samples + count, site, steady / SPREAD_SITES, size, &random);
	for (double left = -log(uniform(&random)); left < leaked; left -= log(uniform(&random)))
		samples[count++] = (struct taken){
		    .birth_ns = START_NS + (uint64_t)(uniform(&random) * LENGTH_NS),
		    .death_ns = UINT64_MAX,
		    .size = size,
		    .site = (uint32_t)(uniform(&random) * 0.9999 * SPREAD_SITES / SPREAD_HANDLERS),
		};
	const struct series_plan plan = {START_NS, times_ns, SNAPSHOTS, rate, SPREAD_SITES};
	*program = (struct spread_program){series_make(&plan, samples, count), SNAPSHOTS, names};
	free(samples);
	for (size_t i = 0; i < SNAPSHOTS; i++) {
		struct profile *profile = program->series[i];
		profile->modules = names->modules;
		profile->module_count = MODULES;
		profile->locations = names->locations;
		profile->location_count = LOCATIONS;
		profile->nodes = names->nodes;
		profile->node_count = 1 + SPREAD_SITES * DEPTH;
		for (uint32_t site = 0; site < SPREAD_SITES; site++) {
			profile->sites[site].node = (site + 1) * DEPTH;
			profile->sites[site].depth = DEPTH;
		}
	}
}

void spread_program_free(struct spread_program *program)
{
	series_free_profiles(program->series, program->count);
	free(program->storage);
	*program = (struct spread_program){0};
}
