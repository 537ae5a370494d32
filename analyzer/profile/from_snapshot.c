/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a verified snapshot to a profile. Its nodes become locations. Sites with equal stacks become one site (a module
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
	uint64_t *identities; /* by module; the same code has the same one, in this process and in others */
	uint32_t *canonical;  /* by module: the first one with its identity */
	struct stack_checks checks;
	uint64_t *node_key; /* by node: hash of the stack from the root to here */
	uint32_t *site_of;  /* by the snapshot's site: the profile's */
	uint32_t *labels;   /* by node: the label's module, or 0; NULL: the snapshot has none */
};

static void build_modules(struct builder *builder)
{
	struct profile *profile = builder->profile;
	uint32_t count = snapshot_count(builder->view, SEEP_SECTION_MODULES);
	struct map *first_of = map_create();

	profile->modules = memory_allocate(count, sizeof *profile->modules);
	profile->module_count = count;
	builder->storage->module_paths = memory_allocate(count, sizeof *builder->storage->module_paths);
	builder->identities = memory_allocate(count, sizeof *builder->identities);
	builder->canonical = memory_allocate(count, sizeof *builder->canonical);
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
		builder->identities[i] = profile_module_identity(module.build_id, module.build_id_bytes, path);
		uint64_t *first = map_put(first_of, builder->identities[i], &is_first);
		if (is_first)
			*first = i;
		builder->canonical[i] = (uint32_t)*first;
	}
	map_free(first_of);
}

/* Locations of this many nodes are looked up together, so that their places in memory can be prefetched. */
enum { NODES_AT_ONCE = 32 };

struct location_batch {
	uint64_t secret;
	struct profile_location wanted[NODES_AT_ONCE];
	size_t places[NODES_AT_ONCE]; /* where each may be in the table */
};

/* Finds the location's index, making the location if it is new. */
static uint32_t location_find(struct profile *profile, const struct index_table *known,
			      const struct profile_location *wanted, size_t place)
{
	for (size_t at = place;; at++) {
		uint32_t *slot = index_table_slot(known, at);
		if (*slot == 0) {
			profile->locations[profile->location_count] = *wanted;
			*slot = ++profile->location_count;
			return *slot - 1;
		}
		const struct profile_location *found = &profile->locations[*slot - 1];
		if (found->module == wanted->module && found->address == wanted->address &&
		    found->exact == wanted->exact)
			return *slot - 1;
	}
}

static void batch_add(struct location_batch *batch, uint32_t k, const struct index_table *known, uint32_t module,
		      const struct seep_node *node)
{
	const bool exact = node->flags & SEEP_NODE_EXACT;
	const uint64_t where = (uint64_t)module << 1 | exact;

	batch->wanted[k] = (struct profile_location){.module = module, .address = node->address, .exact = exact};
	batch->places[k] = hash_word(hash_word(node->address ^ batch->secret) + where);
	__builtin_prefetch(index_table_slot(known, batch->places[k]), 1);
}

static void batch_find(struct builder *builder, const struct location_batch *batch, const struct index_table *known,
		       uint32_t first, uint32_t count)
{
	struct profile *profile = builder->profile;

	for (uint32_t k = 0; k < count; k++) {
		const uint32_t index = *index_table_slot(known, batch->places[k]);
		if (index)
			__builtin_prefetch(&profile->locations[index - 1]);
	}
	for (uint32_t k = 0; k < count; k++) {
		const uint32_t module = batch->wanted[k].module;
		if (profile->modules[module].flags & SEEP_MODULE_LABEL && !profile->nodes[first + k].parent)
			builder->labels[first + k] = module;
		else
			profile->nodes[first + k].location =
			    location_find(profile, known, &batch->wanted[k], batch->places[k]);
	}
}

/* Is the node a label, and no frame? A frame below one is deeper. */
static bool is_label(const struct builder *builder, uint32_t node)
{
	return builder->labels && builder->labels[node] && builder->checks.depths[node] == 1;
}

/*
 * A stack's key is made of its callers' key, and the calls of one stack follow each other as a rule. So that one need not wait
 * for the other, those of a batch that need no other's key come first, then those that need these.
 */
static void batch_key(struct builder *builder, const struct location_batch *batch, uint32_t first, uint32_t count)
{
	const struct profile_node *nodes = &builder->profile->nodes[first];
	uint8_t level[NODES_AT_ONCE], order[NODES_AT_ONCE], places[NODES_AT_ONCE + 1] = {0};

	for (uint32_t k = 0; k < count; k++) {
		level[k] = nodes[k].parent < first ? 0 : level[nodes[k].parent - first] + 1;
		places[level[k] + 1]++;
	}
	for (uint32_t k = 1; k < count; k++)
		places[k] += places[k - 1];
	for (uint32_t k = 0; k < count; k++)
		order[places[level[k]]++] = (uint8_t)k;
	for (uint32_t i = 0; i < count; i++) {
		const struct profile_location *location = &batch->wanted[order[i]];
		builder->node_key[first + order[i]] =
		    stack_key_extend(builder->node_key[nodes[order[i]].parent], builder->identities[location->module],
				     location->address, location->exact);
	}
}

/* Room for the labels of nodes, if there are any. */
static void build_labels(struct builder *builder)
{
	const struct profile *profile = builder->profile;
	bool any = false;

	for (uint32_t i = 1; i < profile->module_count; i++)
		any |= (profile->modules[i].flags & SEEP_MODULE_LABEL) != 0;
	if (any)
		builder->labels = memory_allocate(profile->node_count, sizeof *builder->labels);
}

/* A label was the outermost frame of its stacks. They end below it, and their nodes have it instead; keys keep it. */
static void labels_take_off(struct builder *builder)
{
	struct profile_node *nodes = builder->profile->nodes;

	for (uint32_t i = 1; builder->labels && i < builder->profile->node_count; i++) {
		const uint32_t parent = nodes[i].parent;
		if (is_label(builder, i) || !builder->labels[parent])
			continue;
		builder->labels[i] = builder->labels[parent];
		if (is_label(builder, parent))
			nodes[i].parent = 0;
	}
}

static bool build_locations(struct builder *builder, struct error *error)
{
	struct profile *profile = builder->profile;
	uint32_t count = snapshot_count(builder->view, SEEP_SECTION_NODES);
	struct index_table known = index_table_create(count);
	struct location_batch batch = {.secret = hash_secret()};
	struct seep_node node = snapshot_node(builder->view, 0);
	bool fine = snapshot_node_verify(&builder->checks, 0, &node, error);

	profile->locations = memory_allocate(count, sizeof *profile->locations);
	profile->nodes = memory_allocate(count, sizeof *profile->nodes);
	profile->node_count = count;
	builder->node_key = memory_allocate(count, sizeof *builder->node_key);
	build_labels(builder);
	for (uint32_t i = 1; i < count && fine; i++) {
		const uint32_t k = (i - 1) % NODES_AT_ONCE;
		node = snapshot_node(builder->view, i);
		fine = snapshot_node_verify(&builder->checks, i, &node, error);
		if (!fine)
			break;
		profile->nodes[i].parent = node.parent;
		batch_add(&batch, k, &known, builder->canonical[node.module], &node);
		if (k + 1 == NODES_AT_ONCE || i + 1 == count) {
			batch_key(builder, &batch, i - k, k + 1);
			batch_find(builder, &batch, &known, i - k, k + 1);
		}
		if (i % ENTRIES_A_LOOK == 0)
			message_progress_within("reading stacks, call", i, count);
	}
	index_table_free(&known);
	if (fine)
		labels_take_off(builder);
	/* at least one: a label's node has none of its own */
	profile->locations =
	    memory_resize(profile->locations, profile->location_count + 1u, sizeof *profile->locations);
	return fine;
}

static struct profile_site site_of_entry(const struct builder *builder, const struct seep_site *entry, uint64_t key)
{
	const uint32_t label = builder->labels ? builder->labels[entry->node] : 0;

	return (struct profile_site){.key = key,
				     .node = is_label(builder, entry->node) ? 0 : entry->node,
				     .depth = builder->checks.depths[entry->node] - (label != 0),
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
	return stack_key_close(builder->node_key[head.node], head.flags, head.node);
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
		fine = snapshot_site_verify(&builder->checks, i, entry, error);
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
	builder->checks = stack_checks_begin(builder->view);
	const bool fine = build_locations(builder, error) && build_sites(builder, error);

	stack_checks_end(&builder->checks);
	free(builder->node_key);
	free(builder->labels);
	return snapshot_compact_verify(builder->view, error) && fine;
}

struct profile *profile_from_snapshot(const struct snapshot_view *view, struct error *error)
{
	struct profile *profile = profile_create();
	struct builder builder = {.view = view, .profile = profile, .storage = profile->storage};

	profile_fill_header(profile, view);
	profile_fill_process(profile, view);
	build_modules(&builder);
	const bool fine = build_stacks(&builder, error);
	free(builder.identities);
	free(builder.canonical);
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
	free(builder.identities);
	*canonical = builder.canonical;
	return profile;
}
