/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot's nodes as those of a profile, with their locations and keys.
 *
 * A later snapshot of a recording has the stacks of an earlier one, and some more behind them. So if a command reads
 * two, the later one's nodes are compared with the earlier one's, which takes a fraction of making them; from the first
 * one on that the other does not have, they are added to the same tables.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/memory.h"
#include "base/message.h"
#include "profile/profile_private.h"

enum { ENTRIES_A_LOOK = 1 << 16 }; /* entries between looks at the clock */

static bool sharing;
static struct snapshot_stacks last; /* of the last profile that may share its tables; profile NULL: there is none */

/* Locations of this many nodes are looked up together, so that their places in memory can be prefetched. */
enum { NODES_AT_ONCE = 32 };

struct location_batch {
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

static uint64_t location_hash(const void *locations, uint32_t index)
{
	const struct profile_location *location = &((const struct profile_location *)locations)[index];

	return hash_word(hash_word(location->address ^ hash_secret()) +
			 ((uint64_t)location->module << 1 | location->exact));
}

static void batch_add(struct location_batch *batch, uint32_t k, const struct index_table *known, uint32_t module,
		      const struct seep_node *node)
{
	batch->wanted[k] = (struct profile_location){
	    .module = module, .address = node->address, .exact = (node->flags & SEEP_NODE_EXACT) != 0};
	batch->places[k] = location_hash(batch->wanted, k);
	__builtin_prefetch(index_table_slot(known, batch->places[k]), 1);
}

static void batch_find(struct snapshot_stacks *stacks, const struct location_batch *batch,
		       const struct index_table *known, uint32_t first, uint32_t count)
{
	struct profile *profile = stacks->profile;

	for (uint32_t k = 0; k < count; k++) {
		const uint32_t index = *index_table_slot(known, batch->places[k]);
		if (index)
			__builtin_prefetch(&profile->locations[index - 1]);
	}
	for (uint32_t k = 0; k < count; k++) {
		const uint32_t module = batch->wanted[k].module;
		if (profile->modules[module].flags & SEEP_MODULE_LABEL && !profile->nodes[first + k].parent)
			stacks->labels[first + k] = module;
		else
			profile->nodes[first + k].location =
			    location_find(profile, known, &batch->wanted[k], batch->places[k]);
	}
}

/*
 * A stack's key is made of its callers' key, and the calls of one stack follow each other as a rule. So that one need not wait
 * for the other, those of a batch that need no other's key come first, then those that need these.
 */
static void batch_key(struct snapshot_stacks *stacks, const struct location_batch *batch, uint32_t first,
		      uint32_t count)
{
	const struct profile_node *nodes = &stacks->profile->nodes[first];
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
		stacks->node_key[first + order[i]] =
		    stack_key_extend(stacks->node_key[nodes[order[i]].parent], stacks->identities[location->module],
				     location->address, location->exact);
	}
}

/* Room for the labels of nodes, if there are any. */
static void build_labels(struct snapshot_stacks *stacks)
{
	const struct profile *profile = stacks->profile;
	bool any = false;

	for (uint32_t i = 1; i < profile->module_count; i++)
		any |= (profile->modules[i].flags & SEEP_MODULE_LABEL) != 0;
	if (any)
		stacks->labels = memory_allocate(profile->node_count, sizeof *stacks->labels);
}

/* A label was the outermost frame of its stacks. They end below it, and their nodes have it instead; keys keep it. */
static void labels_take_off(struct snapshot_stacks *stacks)
{
	struct profile_node *nodes = stacks->profile->nodes;

	for (uint32_t i = 1; stacks->labels && i < stacks->profile->node_count; i++) {
		const uint32_t parent = nodes[i].parent;
		if (snapshot_node_is_label(stacks, i) || !stacks->labels[parent])
			continue;
		stacks->labels[i] = stacks->labels[parent];
		if (snapshot_node_is_label(stacks, parent))
			nodes[i].parent = 0;
	}
}

/* Room for so many nodes in the tables, whoever else has them. */
static void tables_resize(struct snapshot_stacks *stacks, struct profile *other, uint32_t nodes, uint32_t locations)
{
	struct profile *profile = stacks->profile;

	profile->locations = memory_resize(profile->locations, locations, sizeof *profile->locations);
	profile->nodes = memory_resize(profile->nodes, nodes, sizeof *profile->nodes);
	if (!other)
		return;
	other->locations = profile->locations;
	other->nodes = profile->nodes;
}

static void last_forget(void)
{
	stack_checks_end(&last.checks);
	free(last.node_key);
	free(last.identities);
	free(last.canonical);
	index_table_free(&last.known);
	last = (struct snapshot_stacks){0};
}

void profile_share_stacks(bool shares)
{
	sharing = shares;
	if (!shares)
		last_forget();
}

/* Whether the modules that both have are the same. */
static bool modules_are_those_of_last(const struct snapshot_stacks *stacks)
{
	const uint32_t mine = stacks->profile->module_count, others = last.profile->module_count;
	const uint32_t both = mine < others ? mine : others;

	return memcmp(stacks->identities + 1, last.identities + 1, (both - 1) * sizeof *last.identities) == 0 &&
	       memcmp(stacks->canonical, last.canonical, both * sizeof *last.canonical) == 0;
}

/* How many of the first nodes the last profile has, too; `locations` gets the number of theirs. */
static uint32_t nodes_of_last(const struct snapshot_stacks *stacks, uint32_t *locations)
{
	const struct profile *other = last.profile;
	const uint32_t count =
	    stacks->profile->node_count < other->node_count ? stacks->profile->node_count : other->node_count;
	uint32_t i = 1;

	*locations = 0;
	for (; i < count; i++) {
		const struct seep_node node = snapshot_node(stacks->view, i);
		const struct profile_location *location = &other->locations[other->nodes[i].location];
		if (node.parent != other->nodes[i].parent || node.module >= stacks->profile->module_count ||
		    stacks->canonical[node.module] != location->module || node.address != location->address ||
		    location->exact != ((node.flags & SEEP_NODE_EXACT) != 0))
			break;
		if (other->nodes[i].location >= *locations)
			*locations = other->nodes[i].location + 1;
	}
	return i;
}

/* Takes over the last profile's tables if one of the two has all nodes of the other. Returns how many it then has. */
static uint32_t tables_take_over(struct snapshot_stacks *stacks)
{
	struct profile *profile = stacks->profile, *other = last.profile;
	uint32_t locations;

	if (!stacks->shares || !other || stacks->labels || !modules_are_those_of_last(stacks))
		return 0;
	const uint32_t same = nodes_of_last(stacks, &locations);
	if (same < profile->node_count && same < other->node_count)
		return 0;
	profile->nodes = other->nodes;
	profile->locations = other->locations;
	profile->location_count = same == other->node_count ? other->location_count : locations;
	stack_checks_end(&stacks->checks);
	stacks->checks.depths = last.checks.depths;
	stacks->node_key = last.node_key;
	stacks->known = last.known;
	last.checks.depths = NULL;
	last.node_key = NULL;
	last.known = (struct index_table){0};
	((struct profile_storage *)profile->storage)->twin = other;
	((struct profile_storage *)other->storage)->twin = profile;
	if (same < profile->node_count) {
		const uint32_t most = profile->location_count + (profile->node_count - same);
		tables_resize(stacks, other, profile->node_count, most);
		stacks->checks.depths =
		    memory_resize(stacks->checks.depths, profile->node_count, sizeof *stacks->checks.depths);
		stacks->node_key = memory_resize(stacks->node_key, profile->node_count, sizeof *stacks->node_key);
		index_table_reserve(&stacks->known, most, profile->location_count, location_hash, profile->locations);
	}
	last_forget();
	return same;
}

static void tables_begin(struct snapshot_stacks *stacks)
{
	struct profile *profile = stacks->profile;

	profile->locations = memory_allocate(profile->node_count, sizeof *profile->locations);
	profile->nodes = memory_allocate(profile->node_count, sizeof *profile->nodes);
	stacks->node_key = memory_allocate(profile->node_count, sizeof *stacks->node_key);
	stacks->known = index_table_create(profile->node_count);
}

/* Adds the nodes from `first` on. */
static bool nodes_add(struct snapshot_stacks *stacks, uint32_t first, struct error *error)
{
	struct profile *profile = stacks->profile;
	const uint32_t count = profile->node_count;
	struct location_batch batch;
	bool fine = true;

	for (uint32_t i = first; i < count && fine; i++) {
		const uint32_t k = (i - first) % NODES_AT_ONCE;
		const struct seep_node node = snapshot_node(stacks->view, i);
		fine = snapshot_node_verify(&stacks->checks, i, &node, error);
		if (!fine)
			break;
		profile->nodes[i].parent = node.parent;
		batch_add(&batch, k, &stacks->known, stacks->canonical[node.module], &node);
		if (k + 1 == NODES_AT_ONCE || i + 1 == count) {
			batch_key(stacks, &batch, i - k, k + 1);
			batch_find(stacks, &batch, &stacks->known, i - k, k + 1);
		}
		if (i % ENTRIES_A_LOOK == 0)
			message_progress_within("reading stacks, call", i, count);
	}
	return fine;
}

bool snapshot_stacks_build(struct snapshot_stacks *stacks, struct error *error)
{
	struct profile *profile = stacks->profile;
	const struct seep_node root = snapshot_node(stacks->view, 0);

	stacks->checks = stack_checks_begin(stacks->view);
	stacks->shares &= sharing;
	profile->node_count = snapshot_count(stacks->view, SEEP_SECTION_NODES);
	if (!snapshot_node_verify(&stacks->checks, 0, &root, error))
		return false;
	build_labels(stacks);
	uint32_t first = tables_take_over(stacks);
	const bool is_longer = first < profile->node_count;
	if (!first) {
		tables_begin(stacks);
		first = 1;
	}
	const bool fine = nodes_add(stacks, first, error);
	if (fine)
		labels_take_off(stacks);
	/* at least one: a label's node has none of its own */
	if (is_longer)
		tables_resize(stacks, ((struct profile_storage *)profile->storage)->twin, profile->node_count,
			      profile->location_count + 1u);
	if (!stacks->shares)
		index_table_free(&stacks->known); /* nobody will add more, and sites take much memory */
	return fine;
}

void snapshot_stacks_end(struct snapshot_stacks *stacks, bool is_read)
{
	const bool is_shared = ((struct profile_storage *)stacks->profile->storage)->twin != NULL;

	if (is_read && stacks->shares && !stacks->labels && !is_shared) {
		last_forget();
		last = *stacks;
		last.view = last.checks.view = NULL;
		return;
	}
	stack_checks_end(&stacks->checks);
	free(stacks->node_key);
	free(stacks->labels);
	free(stacks->identities);
	free(stacks->canonical);
	index_table_free(&stacks->known);
}

void profile_stacks_free(struct profile *profile)
{
	struct profile_storage *storage = profile->storage;

	if (last.profile == profile)
		last_forget();
	if (storage->twin) {
		((struct profile_storage *)storage->twin->storage)->twin = NULL;
		return;
	}
	free(profile->nodes);
	free(profile->locations);
}

static void *copy_of(const void *array, size_t count, size_t size)
{
	void *copy = memory_allocate(count, size);

	return count ? memcpy(copy, array, count * size) : copy;
}

void profile_stacks_part(struct profile *profile)
{
	struct profile_storage *storage = profile->storage;

	if (!storage->twin)
		return;
	profile->nodes = copy_of(profile->nodes, profile->node_count, sizeof *profile->nodes);
	profile->locations = copy_of(profile->locations, profile->location_count + 1u, sizeof *profile->locations);
	((struct profile_storage *)storage->twin->storage)->twin = NULL;
	storage->twin = NULL;
}
