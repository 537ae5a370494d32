/* SPDX-License-Identifier: Apache-2.0 */
/* A profile's life, sums over it, and the order of things that belong to its sites. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <seep/search.h>

#include "base/budget.h"
#include "base/map.h"
#include "base/memory.h"
#include "profile/profile.h"
#include "profile/profile_private.h"
#include "statistics/measure.h"
#include "symbols/label.h"

struct profile *profile_create(void)
{
	struct profile *profile = memory_allocate(1, sizeof *profile);

	profile->strings = string_pool_create();
	profile->storage = memory_allocate(1, sizeof(struct profile_storage));
	return profile;
}

static void late_samples_free(struct profile_storage *storage)
{
	if (storage->live)
		snapshot_view_free(storage->live);
	free(storage->live);
	free(storage->live_site);
	storage->live = NULL;
	storage->live_site = NULL;
}

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	struct profile_storage *storage = profile->storage;
	profile_stacks_free(profile);
	free(storage->lifetimes);
	free(storage->lines);
	free(storage->given_lines);
	for (size_t i = 0; i < storage->label_chunk_count; i++)
		free(storage->label_chunks[i]);
	free(storage->label_chunks);
	free(storage->recordings);
	free(storage->processes);
	free(storage->module_paths);
	free(storage->parts);
	late_samples_free(storage);
	free(storage);
	free(profile->modules);
	free(profile->sites);
	free(profile->freed);
	free(profile->samples);
	free(profile->ledger);
	free(profile->absences);
	free(profile->references);
	free(profile->contents);
	string_pool_free(profile->strings);
	free(profile);
}

bool profiles_are_same_process(const struct profile *before, const struct profile *after)
{
	return (before->pid != 0 || before->identity != 0) && before->pid == after->pid &&
	       before->identity == after->identity && before->start_ticks == after->start_ticks &&
	       before->start_ns == after->start_ns &&
	       memcmp(before->boot_id, after->boot_id, sizeof before->boot_id) == 0;
}

void profile_add_recording(struct profile *profile, const char *directory)
{
	struct profile_storage *storage = profile->storage;

	storage->recordings =
	    memory_resize(storage->recordings, storage->recording_count + 1u, sizeof *storage->recordings);
	storage->recordings[storage->recording_count++] = string_pool_intern(profile->strings, directory);
}

static struct symbol_process process_of(const struct profile *profile)
{
	struct symbol_process process = {.pid = profile->pid, .start_ticks = profile->start_ticks};

	memcpy(process.boot_id, profile->boot_id, sizeof process.boot_id);
	return process;
}

void profile_add_process(struct profile *profile, const struct profile *from)
{
	struct profile_storage *storage = profile->storage;

	if (!from->pid || !from->start_ticks)
		return;
	storage->processes = memory_resize(storage->processes, storage->process_count + 1u, sizeof *storage->processes);
	storage->processes[storage->process_count++] = process_of(from);
}

struct perf_map *profile_open_perf_map(const struct profile *profile, struct buffer *said)
{
	const bool is_end = profile->trigger == SEEP_TRIGGER_EXIT || profile->trigger == SEEP_TRIGGER_POSTMORTEM;
	struct perf_map_origin origin = {.owner = geteuid(), .started_unix_ns = profile->start_unix_ns};
	const struct symbol_process process = process_of(profile);
	struct stat status;

	if (profile->source && stat(profile->source, &status) == 0)
		origin.owner = status.st_uid;
	if (is_end && profile->time_ns > profile->start_ns)
		origin.ended_unix_ns = profile->start_unix_ns + (profile->time_ns - profile->start_ns);
	return perf_map_of_process(&process, origin, said);
}

bool profile_process_runs(const struct profile *profile)
{
	struct symbol_process process = process_of(profile);

	return profile->pid && symbol_process_here(&process) != 0;
}

void profile_site_add(struct profile_site *site, const struct profile_site *more)
{
	measure_add(&site->allocated, &more->allocated);
	measure_add(&site->freed, &more->freed);
	measure_add(&site->in_use, &more->in_use);
}

/* Makes another entry, all zero; returns its index. */
static uint32_t freed_make(struct profile *profile)
{
	struct profile_storage *storage = profile->storage;

	ARRAY_RESERVE(profile->freed, profile->freed_count, storage->freed_capacity);
	profile->freed[profile->freed_count] = (struct profile_freed){0};
	return profile->freed_count++;
}

void profile_freed_add(struct profile *profile, struct profile_site *site, const struct profile_freed *more)
{
	if (!more)
		return;
	if (!profile->freed)
		freed_make(profile);
	if (!site->freed_how)
		site->freed_how = freed_make(profile);
	struct profile_freed *freed = &profile->freed[site->freed_how];
	measure_add(&freed->remotely, &more->remotely);
	measure_add(&freed->shortly, &more->shortly);
	measure_add(&freed->grown, &more->grown);
}

struct seep_absence profile_residence(const struct profile *profile, const struct profile_sample *sample)
{
	const size_t low = SEEP_COUNT_BELOW(profile->absences, profile->absence_count, address, sample->address);

	if (low < profile->absence_count && profile->absences[low].address == sample->address)
		return profile->absences[low];
	return (struct seep_absence){.resident_bytes = sample->size};
}

enum call_value call_value_instead(enum call_value value, uint32_t lacks)
{
	static const enum call_value preferred[] = {CALL_INUSE_SPACE, CALL_ALLOC_SPACE, CALL_INUSE_OBJECTS,
						    CALL_ALLOC_OBJECTS};

	for (size_t i = 0; (lacks >> value & 1) && i < sizeof preferred / sizeof *preferred; i++)
		value = preferred[i];
	return value;
}

uint64_t profile_module_identity(const uint8_t *build_id, uint32_t build_id_bytes, const char *path)
{
	if (build_id_bytes)
		return hash_bytes(1, build_id, build_id_bytes);
	return hash_bytes(2, path, strnlen(path, BUDGET_NAME_BYTES));
}

uint64_t stack_key_extend(uint64_t callers, uint64_t module_identity, uint64_t address, bool exact)
{
	const uint64_t words[] = {module_identity, address, exact};

	return hash_bytes(callers, words, sizeof words);
}

uint64_t stack_key_close(uint64_t stack, uint32_t site_flags, uint32_t node)
{
	const uint64_t truncated = site_flags & SEEP_SITE_TRUNCATED;
	const uint64_t key = hash_bytes(stack, &truncated, sizeof truncated);

	return site_is_retired(site_flags, node) ? hash_bytes(key, "retired", sizeof "retired") : key;
}

bool profile_line_is_named(const struct profile_module *module, const struct source_line *line)
{
	return !label_is(module->path, line->function);
}

bool profile_location_is_named(const struct profile *profile, const struct profile_location *location)
{
	const struct profile_module *module = &profile->modules[location->module];

	return !label_is(module->path, location->labelled ? module->label : location->lines->function);
}

uint64_t profile_call_address(const struct profile *profile, const struct profile_location *location,
			      const struct source_line *line)
{
	const char *offset = strrchr(line->function, '+');

	if (!location->module || line->file || profile_line_is_named(&profile->modules[location->module], line) ||
	    (offset && strtoull(offset + 1, NULL, 16) == location->address))
		return 0;
	return location->address;
}

void profile_totals(const struct profile *profile, struct profile_totals *totals)
{
	*totals = (struct profile_totals){0};
	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct profile_site *site = &profile->sites[i];
		measure_add(&totals->allocated, &site->allocated);
		measure_add(&totals->freed, &site->freed);
		measure_add(&totals->in_use, &site->in_use);
	}
}

static int filed_lifetime_compare(const void *left, const void *right)
{
	const struct filed_lifetime *a = left, *b = right;

	if (a->site != b->site)
		return a->site < b->site ? -1 : 1;
	return (a->lifetime.bin > b->lifetime.bin) - (a->lifetime.bin < b->lifetime.bin);
}

static void lifetime_add(struct profile_lifetime *lifetime, const struct profile_lifetime *more)
{
	lifetime->samples += more->samples;
	lifetime->objects += more->objects;
	lifetime->bytes += more->bytes;
	lifetime->objects_squared += more->objects_squared;
	lifetime->bytes_squared += more->bytes_squared;
}

void profile_file_lifetimes(struct profile *profile, struct filed_lifetime *filed, size_t count)
{
	struct profile_storage *storage = profile->storage;
	struct profile_lifetime *lifetimes = storage->lifetimes = memory_allocate(count, sizeof *lifetimes);
	size_t used = 0;

	qsort(filed, count, sizeof *filed, filed_lifetime_compare);
	for (size_t i = 0; i < count; i++) {
		struct profile_site *site = &profile->sites[filed[i].site];
		if (i > 0 && filed_lifetime_compare(&filed[i - 1], &filed[i]) == 0) {
			lifetime_add(&lifetimes[used - 1], &filed[i].lifetime);
			continue;
		}
		if (site->lifetime_count++ == 0)
			site->lifetimes = &lifetimes[used];
		lifetimes[used++] = filed[i].lifetime;
	}
}

static int sample_compare(const void *left, const void *right)
{
	const struct profile_sample *a = left, *b = right;

	if (a->site != b->site)
		return a->site < b->site ? -1 : 1;
	if (a->birth_ns != b->birth_ns)
		return a->birth_ns < b->birth_ns ? -1 : 1;
	return (a->address > b->address) - (a->address < b->address);
}

static bool samples_are_in_order(const struct profile_sample *samples, uint32_t count,
				 int (*compare)(const void *left, const void *right))
{
	for (uint32_t i = 1; i < count; i++)
		if (compare(&samples[i - 1], &samples[i]) > 0)
			return false;
	return true;
}

static int sample_compare_sites(const void *left, const void *right)
{
	const struct profile_sample *a = left, *b = right;

	return (a->site > b->site) - (a->site < b->site);
}

/* Writers usually go from site to site: then only each site's few samples need sorting. */
void profile_sort_samples(struct profile *profile)
{
	struct profile_sample *samples = profile->samples;
	const uint32_t count = profile->sample_count;
	const bool is_by_site = samples_are_in_order(samples, count, sample_compare_sites);

	for (uint32_t begin = 0, end; begin < count; begin = end) {
		end = is_by_site ? begin + 1 : count;
		while (end < count && samples[end].site == samples[begin].site)
			end++;
		if (!samples_are_in_order(samples + begin, end - begin, sample_compare))
			qsort(samples + begin, end - begin, sizeof *samples, sample_compare);
	}
}

static void samples_unpack(struct profile *profile)
{
	struct profile_storage *storage = profile->storage;

	profile->samples = memory_allocate(profile->sample_count, sizeof *profile->samples);
	for (uint32_t i = 0; i < profile->sample_count; i++) {
		const struct seep_live live = snapshot_live(storage->live, i);
		profile->samples[i] =
		    (struct profile_sample){.address = live.address,
					    .size = live.size,
					    .birth_ns = live.birth_ns,
					    .rate = live.rate,
					    .site = storage->live_site ? storage->live_site[live.site] : live.site,
					    .thread = live.thread};
	}
	late_samples_free(storage);
	profile_sort_samples(profile);
}

const struct profile_sample *profile_samples(const struct profile *profile)
{
	if (!profile->samples && profile->sample_count)
		samples_unpack((struct profile *)profile); /* unpacking does not change what the profile says */
	return profile->samples;
}
