/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a verified snapshot to a profile. Its nodes become locations (stacks/snapshot_stacks.c). Sites with equal stacks become one site (a module
 * that was loaded twice, or that two threads registered at once, has several indices), and lifetimes and live samples
 * go to the site that theirs became a part of.
 *
 * Stacks are compared by a 64-bit hash. It is made node by node, from the root down, of module identity and address,
 * which are the same in every process.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/memory.h"
#include "base/message.h"
#include "profile/profile_private.h"
#include "statistics/measure.h"

enum { ENTRIES_A_LOOK = 1 << 16 }; /* entries between looks at the clock */

struct builder {
	const struct snapshot_view *view;
	struct profile *profile;
	struct profile_storage *storage;
	struct snapshot_stacks stacks;
	uint32_t *site_of; /* by the snapshot's site: the profile's */
};

static void build_modules(struct builder *builder)
{
	struct profile *profile = builder->profile;
	uint32_t count = snapshot_count(builder->view, SEEP_SECTION_MODULES);
	struct map *first_of = map_create();

	profile->modules = memory_allocate(count, sizeof *profile->modules);
	profile->module_count = count;
	builder->storage->module_paths = memory_allocate(count, sizeof *builder->storage->module_paths);
	builder->stacks.identities = memory_allocate(count, sizeof *builder->stacks.identities);
	builder->stacks.canonical = memory_allocate(count, sizeof *builder->stacks.canonical);
	profile->modules[0].path = builder->storage->module_paths[0] = string_pool_intern(profile->strings, "");
	for (uint32_t i = 1; i < count; i++) {
		struct seep_module module = snapshot_module(builder->view, i);
		const char *path = snapshot_text(builder->view, module.path);
		bool is_first;
		profile->modules[i] = (struct profile_module){
		    .path = profile_text_from(profile, builder->view, module.path, PROFILE_PATH_BYTES),
		    .build_id_bytes = module.build_id_bytes,
		    .start = module.start,
		    .end = module.end,
		    .bias = module.bias,
		    .flags = module.flags};
		memcpy(profile->modules[i].build_id, module.build_id, module.build_id_bytes);
		builder->storage->module_paths[i] =
		    string_pool_intern_bytes(profile->strings, path, strnlen(path, PROFILE_PATH_BYTES));
		builder->stacks.identities[i] = profile_module_identity(module.build_id, module.build_id_bytes, path);
		uint64_t *first = map_put(first_of, builder->stacks.identities[i], &is_first);
		if (is_first)
			*first = i;
		builder->stacks.canonical[i] = (uint32_t)*first;
	}
	map_free(first_of);
}

static struct profile_site site_of_entry(const struct builder *builder, const struct seep_site *entry, uint64_t key)
{
	const uint32_t label = builder->stacks.labels ? builder->stacks.labels[entry->node] : 0;

	return (struct profile_site){.key = key,
				     .node = snapshot_node_is_label(&builder->stacks, entry->node) ? 0 : entry->node,
				     .depth = builder->stacks.checks.depths[entry->node] - (label != 0),
				     .label = label,
				     .truncated = (entry->flags & SEEP_SITE_TRUNCATED) != 0,
				     .retired = site_is_retired(entry->flags, entry->node),
				     .allocated = entry->allocated,
				     .freed = entry->freed,
				     .in_use = entry->in_use};
}

static bool measure_is_there(const struct seep_measure *measure)
{
	return measure->samples || measure->bytes.uncertain != 0 || measure->bytes.certain != 0;
}

static void site_add_freed(struct profile *profile, struct profile_site *site, const struct seep_site *entry)
{
	const struct profile_freed freed = {entry->freed_remotely, entry->freed_shortly, entry->freed_grown};

	if (measure_is_there(&freed.remotely) || measure_is_there(&freed.shortly) || measure_is_there(&freed.grown))
		profile_freed_add(profile, site, &freed);
}

/* Keys of this many sites are made together, so that their places can be prefetched. */
enum { SITES_AT_ONCE = 32 };

static uint64_t site_key(const struct builder *builder, uint32_t index)
{
	struct {
		uint32_t node, flags;
	} head;

	_Static_assert(offsetof(struct seep_site, node) == 0 && offsetof(struct seep_site, flags) == 4, "as above");
	snapshot_entry(builder->view, SEEP_SECTION_SITES, index, &head, sizeof head);
	if (head.node >= builder->profile->node_count)
		return 0; /* the caller refuses it */
	return stack_key_close(builder->stacks.node_key[head.node], head.flags, head.node);
}

/* Makes one site of those that share a stack. */
static bool build_sites(struct builder *builder, struct error *error)
{
	struct profile *profile = builder->profile;
	const uint32_t count = snapshot_count(builder->view, SEEP_SECTION_SITES);
	struct numbering known = {0};
	uint64_t keys[SITES_AT_ONCE];
	bool fine = true;

	numbering_reserve(&known, count);
	profile->sites = memory_allocate(count, sizeof *profile->sites);
	builder->site_of = memory_allocate(count, sizeof *builder->site_of);
	for (uint32_t i = 0; i < count && fine; i++) {
		for (uint32_t k = i; i % SITES_AT_ONCE == 0 && k < count && k < i + SITES_AT_ONCE; k++) {
			keys[k - i] = site_key(builder, k);
			numbering_prefetch(&known, keys[k - i]);
		}
		struct seep_site copy;
		const struct seep_site *entry = snapshot_site_in_place(builder->view, i, &copy);
		const uint64_t key = keys[i % SITES_AT_ONCE];
		bool is_new;
		fine = snapshot_site_verify(&builder->stacks.checks, i, entry, error);
		if (!fine)
			break;
		const uint32_t index = numbering_put(&known, key, &is_new);
		builder->site_of[i] = index;
		if (is_new)
			profile->sites[profile->site_count++] = site_of_entry(builder, entry, key);
		else
			profile_site_add(&profile->sites[index], &(struct profile_site){.allocated = entry->allocated,
											.freed = entry->freed,
											.in_use = entry->in_use});
		site_add_freed(profile, &profile->sites[index], entry);
		if (i % ENTRIES_A_LOOK == 0)
			message_progress_within("reading site", i, count);
	}
	numbering_free(&known);
	return fine;
}

static void build_lifetimes(struct builder *builder)
{
	uint32_t count = snapshot_count(builder->view, SEEP_SECTION_LIFETIMES);
	struct filed_lifetime *filed = memory_allocate(count, sizeof *filed);

	for (uint32_t i = 0; i < count; i++) {
		struct seep_lifetime entry = snapshot_lifetime(builder->view, i);
		filed[i] = (struct filed_lifetime){.site = builder->site_of[entry.site],
						   .lifetime = {.bin = entry.bin,
								.samples = entry.samples,
								.objects = entry.objects,
								.bytes = entry.bytes,
								.objects_squared = entry.objects_squared,
								.bytes_squared = entry.bytes_squared}};
	}
	profile_file_lifetimes(builder->profile, filed, count);
	free(filed);
}

static void build_samples(struct builder *builder)
{
	struct profile_storage *storage = builder->storage;

	builder->profile->sample_count = snapshot_count(builder->view, SEEP_SECTION_LIVE);
	storage->live = memory_allocate(1, sizeof *storage->live);
	snapshot_view_keep(storage->live, builder->view, SEEP_SECTION_LIVE);
	if (builder->profile->site_count < snapshot_count(builder->view, SEEP_SECTION_SITES))
		storage->live_site = builder->site_of;
	else
		free(builder->site_of);
}

/* If entries can't be unpacked, other faults of theirs are not worth a complaint. */
static bool build_stacks(struct builder *builder, struct error *error)
{
	const bool fine = snapshot_stacks_build(&builder->stacks, error) && build_sites(builder, error);

	return snapshot_compact_verify(builder->view, error) && fine;
}

struct profile *profile_from_snapshot(const struct snapshot_view *view, bool shares, struct error *error)
{
	struct profile *profile = profile_create();
	struct builder builder = {.view = view,
				  .profile = profile,
				  .storage = profile->storage,
				  .stacks = {.view = view, .profile = profile, .shares = shares}};

	profile_fill_header(profile, view);
	profile_fill_process(profile, view);
	build_modules(&builder);
	const bool fine = build_stacks(&builder, error);
	snapshot_stacks_end(&builder.stacks, fine);
	if (fine) {
		build_lifetimes(&builder);
		build_samples(&builder);
		return profile;
	}
	free(builder.site_of);
	profile_free(profile);
	return NULL;
}

struct profile *profile_head_from_snapshot(const struct snapshot_view *view, uint32_t **canonical)
{
	struct profile *profile = profile_create();
	struct builder builder = {.view = view, .profile = profile, .storage = profile->storage};

	profile_fill_header(profile, view);
	build_modules(&builder);
	free(builder.stacks.identities);
	*canonical = builder.stacks.canonical;
	return profile;
}
