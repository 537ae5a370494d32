/* SPDX-License-Identifier: Apache-2.0 */
/* The table of mappings: see mapping_table.h. */
#include "keeper/mappings/mapping_table.h"

#include "keeper/base/syscall.h"

bool mapping_table_make(struct mapping_table *table, uint32_t capacity, uint32_t site_capacity)
{
	*table = (struct mapping_table){.mappings = scratch_map(capacity * sizeof *table->mappings),
					.sites = scratch_map(site_capacity * sizeof *table->sites),
					.site_count = 1,
					.capacity = capacity,
					.site_capacity = site_capacity};
	if (table->mappings && table->sites)
		return true;
	mapping_table_free(table);
	return false;
}

void mapping_table_free(struct mapping_table *table)
{
	scratch_unmap(table->mappings, table->capacity * sizeof *table->mappings);
	scratch_unmap(table->sites, table->site_capacity * sizeof *table->sites);
	*table = (struct mapping_table){0};
}

/* The row of a site of which nothing is mapped: its sums go to the first row. 0: there is none. */
static uint32_t site_give_up(struct mapping_table *table)
{
	for (uint32_t i = 1; i < table->site_count; i++) {
		const struct seep_heap_mapping_site *site = &table->sites[i];
		if (mapping_site_live(site))
			continue;
		table->sites[0].mapped += site->mapped;
		table->sites[0].split += site->split;
		table->sites[0].ended += site->ended;
		table->sites[0].mapped_bytes += site->mapped_bytes;
		table->sites[0].unmapped_bytes += site->unmapped_bytes;
		return i;
	}
	return 0;
}

static uint32_t site_find(struct mapping_table *table, uint32_t stack, uint32_t sort)
{
	uint32_t i = 1;
	while (i < table->site_count && (table->sites[i].stack != stack || table->sites[i].sort != sort))
		i++;
	if (i < table->site_count)
		return i;
	i = table->site_count < table->site_capacity ? table->site_count++ : site_give_up(table);
	if (i)
		table->sites[i] = (struct seep_heap_mapping_site){.stack = stack, .sort = sort};
	return i;
}

/* Takes [start, end) out of a piece that overlaps it. False: nothing of the piece is left. */
static bool piece_cut(struct mapping_table *table, struct seep_heap_mapping *piece, uint64_t start, uint64_t end)
{
	struct seep_heap_mapping_site *site = &table->sites[piece->site];
	const struct seep_heap_mapping whole = *piece;
	const uint64_t from = start > whole.start ? start : whole.start, to = end < whole.end ? end : whole.end;
	site->unmapped_bytes += to - from;
	if (from > whole.start) {
		piece->end = from;
		if (to == whole.end)
			return true;
		if (table->count < table->capacity) {
			site->split++;
			table->mappings[table->count] = whole;
			table->mappings[table->count++].start = to;
		} else { /* what is behind the hole is forgotten */
			site->unmapped_bytes += whole.end - to;
			table->lost++;
		}
		return true;
	}
	piece->start = to;
	site->ended += to == whole.end;
	return to < whole.end;
}

bool mapping_table_correct(struct mapping_table *table, uint32_t index, uint64_t start, uint64_t end)
{
	if (piece_cut(table, &table->mappings[index], start, end))
		return true;
	table->mappings[index] = table->mappings[--table->count];
	return false;
}

/* [start, end) is no longer what it was before the ring's position `since`. */
static void range_cut(struct mapping_table *table, uint64_t start, uint64_t end, uint64_t since)
{
	for (uint32_t i = 0; i < table->count;) {
		const struct seep_heap_mapping *piece = &table->mappings[i];
		const bool overlaps = piece->start < end && start < piece->end && piece->position < since;
		i += !overlaps || mapping_table_correct(table, i, start, end);
	}
}

static void piece_add(struct mapping_table *table, const struct mapping_event *event, uint32_t sort, uint64_t position)
{
	if (table->count == table->capacity) {
		table->lost++;
		return;
	}
	const uint32_t site = site_find(table, event->site, sort);
	table->sites[site].mapped++;
	table->sites[site].mapped_bytes += event->length;
	table->mappings[table->count++] = (struct seep_heap_mapping){.start = event->address,
								     .end = event->address + event->length,
								     .birth_ns = event->time_ns,
								     .position = position,
								     .site = site,
								     .thread = event->thread};
}

/* The piece at an address; NULL: there is none. */
static const struct seep_heap_mapping *piece_at(const struct mapping_table *table, uint64_t address)
{
	for (uint32_t i = 0; i < table->count; i++)
		if (table->mappings[i].start <= address && address < table->mappings[i].end)
			return &table->mappings[i];
	return NULL;
}

/* A mapping that shrinks where it is stays its site's; one that grows or moves is the one that mremap made. */
static void piece_move(struct mapping_table *table, const struct mapping_event *event, uint64_t position)
{
	const struct seep_heap_mapping *old = piece_at(table, event->old_address);
	const uint32_t sort = old ? table->sites[old->site].sort : event->sort;
	const uint64_t end = event->address + event->length, old_end = event->old_address + event->old_length;
	if (event->address == event->old_address && end <= old_end) {
		range_cut(table, end, old_end, event->since);
		return;
	}
	range_cut(table, event->old_address, old_end, event->since);
	range_cut(table, event->address, end, event->since);
	piece_add(table, event, sort, position);
}

/* A segment is attached as a whole and detached as a whole. */
static void segment_detach(struct mapping_table *table, const struct mapping_event *event)
{
	const struct seep_heap_mapping *piece = piece_at(table, event->address);
	if (piece && piece->start == event->address && table->sites[piece->site].sort & SEEP_MAPPING_SEGMENT)
		range_cut(table, piece->start, piece->end, event->since);
}

void mapping_table_apply(struct mapping_table *table, const struct mapping_event *event, uint64_t position)
{
	const uint64_t end = event->address + event->length, old_end = event->old_address + event->old_length;
	if (end < event->address || old_end < event->old_address) { /* damage */
		table->lost++;
		return;
	}
	switch (event->kind) {
	case SEEP_MAPPING_MAPPED:
		range_cut(table, event->address, end, event->since);
		piece_add(table, event, event->sort, position);
		return;
	case SEEP_MAPPING_UNMAPPED:
		range_cut(table, event->address, end, event->since);
		return;
	case SEEP_MAPPING_MOVED:
		piece_move(table, event, position);
		return;
	case SEEP_MAPPING_DETACHED:
		segment_detach(table, event);
	}
}
