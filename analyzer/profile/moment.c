/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a moment of a verified snapshot. Snapshots of one recording begin with the same modules and nodes, because a
 * recording's tables grow at their end. What a snapshot shares with the one before keeps its keys.
 */
#include "profile/moment.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "profile/profile_private.h"
#include "reader/input.h"
#include "reader/snapshot_reader.h"

struct moment_reader {
	struct input input;
	struct snapshot_view view;
	uint64_t *identities; /* of the last snapshot's modules */
	uint32_t module_count, module_room;
	bool modules_stay;       /* it has all modules of the snapshot before */
	struct seep_node *nodes; /* the last snapshot's, with their keys */
	uint64_t *node_keys;
	uint32_t node_count, node_room;
	uint64_t *keys;
	double *in_use;
	uint32_t site_room;
	struct seep_live *live; /* a copy, for bytes that can't be used in place */
	uint32_t live_room;
};

struct moment_reader *moment_reader_create(void)
{
	struct moment_reader *reader = memory_allocate(1, sizeof *reader);

	reader->input.descriptor = -1;
	return reader;
}

void moment_reader_free(struct moment_reader *reader)
{
	if (!reader)
		return;
	input_close(&reader->input);
	snapshot_view_free(&reader->view);
	free(reader->identities);
	free(reader->nodes);
	free(reader->node_keys);
	free(reader->keys);
	free(reader->in_use);
	free(reader->live);
	free(reader);
}

/* Returns how many of the first modules are those of the snapshot before. */
static uint32_t modules_take(struct moment_reader *reader, const struct snapshot_view *view)
{
	const uint32_t count = snapshot_count(view, SEEP_SECTION_MODULES);
	uint32_t shared = 0;

	if (count > reader->module_room) {
		reader->identities = memory_resize(reader->identities, count, sizeof *reader->identities);
		reader->module_room = count;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct seep_module module = snapshot_module(view, i);
		const uint64_t identity = i ? profile_module_identity(module.build_id, module.build_id_bytes,
								      snapshot_text(view, module.path))
					    : 0;
		shared += shared == i && i < reader->module_count && reader->identities[i] == identity;
		reader->identities[i] = identity;
	}
	reader->modules_stay = shared == reader->module_count;
	reader->module_count = count;
	return shared;
}

static bool node_is_known(const struct moment_reader *reader, uint32_t index, const struct seep_node *node,
			  uint32_t modules)
{
	return node->module < modules && memcmp(&reader->nodes[index], node, sizeof *node) == 0;
}

static void nodes_take(struct moment_reader *reader, const struct snapshot_view *view, uint32_t modules)
{
	const uint32_t count = snapshot_count(view, SEEP_SECTION_NODES);
	uint32_t i = 0, shared = reader->node_count < count ? reader->node_count : count;

	if (count > reader->node_room) {
		const uint32_t room = count + count / 4;
		reader->node_room = room > count ? room : count;
		reader->nodes = memory_resize(reader->nodes, reader->node_room, sizeof *reader->nodes);
		reader->node_keys = memory_resize(reader->node_keys, reader->node_room, sizeof *reader->node_keys);
	}
	if (reader->modules_stay && view->shared_nodes <= shared)
		i = view->shared_nodes;
	for (; i < shared; i++) {
		const struct seep_node node = snapshot_node(view, i);
		if (!node_is_known(reader, i, &node, modules))
			break;
	}
	for (; i < count; i++) {
		const struct seep_node node = snapshot_node(view, i);
		reader->nodes[i] = node;
		reader->node_keys[i] =
		    i ? stack_key_extend(reader->node_keys[node.parent], reader->identities[node.module], node.address,
					 node.flags & SEEP_NODE_EXACT)
		      : 0;
	}
	reader->node_count = count;
}

static double sum_bytes(const struct seep_measure *measure)
{
	return measure->bytes.uncertain + measure->bytes.certain;
}

static void sites_take(struct moment_reader *reader, const struct snapshot_view *view, struct moment *moment)
{
	const struct snapshot_table *table = &view->tables[SEEP_SECTION_SITES];
	struct seep_sum in_use = {0}, allocated = {0};

	if (table->count > reader->site_room || !reader->keys) {
		reader->site_room = table->count;
		reader->keys = memory_resize(reader->keys, table->count, sizeof *reader->keys);
		reader->in_use = memory_resize(reader->in_use, table->count, sizeof *reader->in_use);
	}
	for (uint32_t i = 0; i < table->count; i++) {
		struct seep_site copy;
		const struct seep_site *site = snapshot_site_in_place(view, i, &copy);
		reader->keys[i] = stack_key_close(reader->node_keys[site->node], site->flags, site->node);
		reader->in_use[i] = sum_bytes(&site->in_use);
		in_use.uncertain += site->in_use.bytes.uncertain;
		in_use.certain += site->in_use.bytes.certain;
		in_use.variance += site->in_use.bytes.variance;
		allocated.uncertain += site->allocated.bytes.uncertain;
		allocated.certain += site->allocated.bytes.certain;
	}
	moment->keys = reader->keys;
	moment->site_in_use = reader->in_use;
	moment->site_count = table->count;
	moment->sites = table->entries;
	moment->site_bytes = table->stride_bytes;
	moment->in_use = in_use.uncertain + in_use.certain;
	moment->in_use_variance = in_use.variance;
	moment->allocated = allocated.uncertain + allocated.certain;
}

static void live_take(struct moment_reader *reader, const struct snapshot_view *view, struct moment *moment)
{
	const struct snapshot_table *table = &view->tables[SEEP_SECTION_LIVE];

	moment->has_samples = table->offset != 0;
	moment->live_count = table->count;
	if (table->stride_bytes == sizeof *moment->live &&
	    (uintptr_t)table->entries % _Alignof(struct seep_live) == 0) {
		moment->live = (const struct seep_live *)(const void *)table->entries;
		return;
	}
	if (table->count > reader->live_room || !reader->live) {
		reader->live_room = table->count;
		reader->live = memory_resize(reader->live, table->count, sizeof *reader->live);
	}
	for (uint32_t i = 0; i < table->count; i++)
		reader->live[i] = snapshot_live(view, i);
	moment->live = reader->live;
}

static void memory_take(const struct snapshot_view *view, struct moment *moment)
{
	for (uint32_t i = 0; i < snapshot_count(view, SEEP_SECTION_MEMORY); i++) {
		const struct seep_value value = snapshot_memory(view, i);
		if (value.key >= sizeof moment->memory / sizeof *moment->memory)
			continue;
		moment->memory[value.key] = value.value;
		moment->memory_known |= UINT64_C(1) << value.key;
	}
}

void class_sums_close(struct class_sums *sums, double rss_before, double rss_after)
{
	double pages = 0;

	for (int class = 0; class < SEEP_LEDGER_CLASSES; class ++)
		pages += class == SEEP_LEDGER_HUGE ? 0 : sums->resident[class];
	sums->rss = (rss_before + rss_after) / 2;
	sums->resident[SEEP_LEDGER_UNEXPLAINED] += sums->rss - pages;
	sums->is_known = true;
}

void class_sums_take_kept(struct class_sums *sums, uint64_t known, const uint64_t memory[static 64])
{
	static const enum seep_memory_key keys[KEPT_PARTS] = {[KEPT_CACHED] = SEEP_MEMORY_HEAP_CACHED,
							      [KEPT_FREE_PAGES] = SEEP_MEMORY_HEAP_FREE_PAGES,
							      [KEPT_PINNED] = SEEP_MEMORY_HEAP_PINNED,
							      [KEPT_METADATA] = SEEP_MEMORY_HEAP_METADATA};

	sums->has_kept = known >> SEEP_MEMORY_HEAP_STATE & 1 && memory[SEEP_MEMORY_HEAP_STATE] == SEEP_ACCOUNT_KNOWN;
	for (int part = 0; part < KEPT_PARTS; part++) {
		sums->has_kept &= known >> keys[part] & 1;
		sums->kept[part] = (double)memory[keys[part]];
	}
}

static void classes_take(const struct snapshot_view *view, struct moment *moment)
{
	const uint64_t needed = UINT64_C(1) << SEEP_MEMORY_LEDGER_BEFORE | UINT64_C(1) << SEEP_MEMORY_LEDGER_AFTER;
	const uint32_t count = snapshot_count(view, SEEP_SECTION_LEDGER);

	if (!count || (moment->memory_known & needed) != needed)
		return;
	for (uint32_t i = 0; i < count; i++) {
		const struct seep_ledger_row row = snapshot_ledger(view, i);
		moment->classes.resident[snapshot_ledger_class(&row)] +=
		    (double)row.anonymous_bytes + (double)row.file_bytes;
	}
	class_sums_close(&moment->classes, (double)moment->memory[SEEP_MEMORY_LEDGER_BEFORE],
			 (double)moment->memory[SEEP_MEMORY_LEDGER_AFTER]);
	class_sums_take_kept(&moment->classes, moment->memory_known, moment->memory);
}

bool moment_read(struct moment_reader *reader, const void *data, size_t bytes, const char *name, struct moment *moment,
		 struct error *error)
{
	struct snapshot_view *view = &reader->view;

	if (!snapshot_verify_brief(view, data, bytes, name, error)) {
		reader->node_count = 0; /* the next one shares nothing with a snapshot that is missing */
		return false;
	}
	const struct seep_process process = snapshot_process(view, 0);
	*moment = (struct moment){
	    .trigger = view->header.trigger < SEEP_TRIGGER_COUNT ? view->header.trigger : SEEP_TRIGGER_UNKNOWN,
	    .number = view->header.number,
	    .time_ns = view->header.time_ns,
	    .start_ns = process.start_ns,
	    .pid = process.pid,
	    .start_ticks = process.start_ticks,
	    .rate = process.rate,
	};
	memcpy(moment->boot_id, process.boot_id, sizeof moment->boot_id);
	nodes_take(reader, view, modules_take(reader, view));
	sites_take(reader, view, moment);
	live_take(reader, view, moment);
	memory_take(view, moment);
	classes_take(view, moment);
	return true;
}

bool moment_read_file(struct moment_reader *reader, const char *path, struct moment *moment, struct error *error)
{
	struct input *input = &reader->input;

	return input_open_next(input, path, error) &&
	       (!snapshot_is_snapshot(input->data, input->bytes) ||
		input_read_rest(input, SNAPSHOT_BYTES_LIMIT, error)) &&
	       moment_read(reader, input->data, input->bytes, path, moment, error);
}
