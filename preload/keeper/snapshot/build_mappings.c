/* SPDX-License-Identifier: Apache-2.0 */
/* The program's mappings in a snapshot: see build_private.h. Those of its allocator belong to the heap. */
#include "keeper/snapshot/build_private.h"

#include <string.h>

#include <seep/search.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/syscall.h"
#include "keeper/ledger/places.h"
#include "keeper/ledger/pages.h"

#define LOOK_NS UINT64_C(100000000)

/* For calls that were lost: drops the pieces that the kernel does not know any more. A piece that such a call mapped
 * stays unknown. */
static void pieces_correct(struct mapping_table *table, uint64_t pid)
{
	struct ledger mapped;
	if (!ledger_read(&mapped, pid))
		return;
	for (uint32_t i = 0; i < table->count && !mapped.cut_bytes;) {
		const uint64_t end = table->mappings[i].end;
		uint64_t gap_end;
		const uint64_t gap = ledger_gap(&mapped, table->mappings[i].start, end, &gap_end);
		if (gap == end)
			i++;
		else
			mapping_table_correct(table, i, gap, gap_end);
	}
	ledger_free(&mapped);
}

static bool is_allocators(const struct build_mappings *mappings, uint32_t site)
{
	return mappings->table.sites[site].sort & SEEP_MAPPING_ALLOCATOR;
}

static bool is_reserved(const struct build_mappings *mappings, uint32_t site)
{
	return mappings->table.sites[site].sort & SEEP_MAPPING_RESERVED;
}

/* Parts of a piece come in order; those that the kernel tells apart become one where they meet. */
static void part_add(struct build_mappings *mappings, uint64_t start, uint64_t end, uint32_t piece)
{
	struct mapping_part *last = mappings->part_count ? &mappings->parts[mappings->part_count - 1] : NULL;
	struct mapping_number *number = &mappings->numbers[mappings->table.mappings[piece].site];
	const bool joins = last && last->piece == piece && last->end == start;
	if (!joins && mappings->part_count == mappings->part_capacity)
		return;
	number->opened += !joins;
	number->opened_bytes += end - start;
	if (joins)
		last->end = end;
	else
		mappings->parts[mappings->part_count++] = (struct mapping_part){start, end, piece};
}

/* Memory that was mapped without access is in use where it may be accessed by now: mprotect() is not recorded. */
static void opened_add(struct build_mappings *mappings, uint32_t piece, const struct ledger *mapped)
{
	const struct seep_heap_mapping *all = &mappings->table.mappings[piece];
	for (size_t i = SEEP_COUNT_TO(mapped->mappings, mapped->count, end, all->start);
	     i < mapped->count && mapped->mappings[i].start < all->end; i++) {
		const struct ledger_mapping *mapping = &mapped->mappings[i];
		if (mapping->permission & (LEDGER_READ | LEDGER_WRITE | LEDGER_EXECUTE))
			part_add(mappings, mapping->start > all->start ? mapping->start : all->start,
				 mapping->end < all->end ? mapping->end : all->end, piece);
	}
}

/* Finds what is in use. Once the program has ended, nothing says how much of its reserved memory was. */
static bool parts_find(struct build *build)
{
	struct build_mappings *mappings = &build->mappings;
	const struct mapping_table *table = &mappings->table;
	struct ledger mapped = {0};
	bool asks = false;
	for (uint32_t i = 0; i < table->count && !build->options->dead; i++)
		asks |=
		    is_reserved(mappings, table->mappings[i].site) && !is_allocators(mappings, table->mappings[i].site);
	if (asks && !ledger_read(&mapped, heap_pid(build->heap)))
		mapped = (struct ledger){0};
	mappings->part_capacity = table->count + mapped.count;
	mappings->parts = scratch_map(mappings->part_capacity * sizeof *mappings->parts);
	for (uint32_t i = 0; mappings->parts && i < table->count; i++)
		if (!is_allocators(mappings, table->mappings[i].site) &&
		    !is_reserved(mappings, table->mappings[i].site))
			part_add(mappings, table->mappings[i].start, table->mappings[i].end, i);
	for (uint32_t i = 0; mappings->parts && i < table->count; i++)
		if (!is_allocators(mappings, table->mappings[i].site) && is_reserved(mappings, table->mappings[i].site))
			opened_add(mappings, i, &mapped);
	ledger_free(&mapped);
	return mappings->parts != NULL;
}

bool build_mappings_read(struct build *build)
{
	struct build_mappings *mappings = &build->mappings;
	if (!mapping_table_read(&mappings->table, build->heap, build->options->dead))
		return false;
	const bool is_lossy = mappings->table.lost || load_relaxed(&build->heap->header->losses[SEEP_LOSS_MAPPINGS]);
	if (is_lossy && !build->options->dead)
		pieces_correct(&mappings->table, heap_pid(build->heap));
	mappings->numbers = scratch_map(mappings->table.site_count * sizeof *mappings->numbers);
	return mappings->numbers && parts_find(build);
}

/* Pieces overlap only where a thread was slow to say what it had mapped. */
const struct ledger_piece *build_mappings_owners(struct build *build, uint32_t *count)
{
	struct build_mappings *mappings = &build->mappings;
	const struct mapping_table *table = &mappings->table;
	struct place *order = scratch_map(table->count * sizeof *order);
	mappings->owners = scratch_map(table->count * sizeof *mappings->owners);
	*count = 0;
	for (uint32_t i = 0; order && i < table->count; i++)
		order[i] = (struct place){table->mappings[i].start, i};
	if (order)
		places_sort(order, table->count);
	for (uint32_t i = 0; order && mappings->owners && i < table->count; i++) {
		const struct seep_heap_mapping *piece = &table->mappings[order[i].value];
		const enum ledger_owner owner =
		    is_allocators(mappings, piece->site) ? LEDGER_OWNER_ALLOCATOR : LEDGER_OWNER_PROGRAM;
		if (!*count || piece->start >= mappings->owners[*count - 1].end)
			mappings->owners[(*count)++] = (struct ledger_piece){piece->start, piece->end, owner};
	}
	scratch_unmap(order, table->count * sizeof *order);
	return mappings->owners;
}

static bool has_given_up(const struct build_mappings *mappings)
{
	return mappings->table.sites[0].mapped != 0;
}

void build_mappings_number(struct build *build)
{
	struct build_mappings *mappings = &build->mappings;
	uint32_t number = has_given_up(mappings);
	for (uint32_t i = 1; i < mappings->table.site_count; i++) {
		const struct seep_heap_mapping_site *site = &mappings->table.sites[i];
		struct mapping_number *in_snapshot = &mappings->numbers[i];
		if (is_allocators(mappings, i)) {
			mappings->allocator_bytes += site->mapped_bytes - site->unmapped_bytes;
			continue;
		}
		in_snapshot->number = number++;
		in_snapshot->node = tree_add_site(&build->tree, site->stack, &in_snapshot->flags);
	}
}

/* Which pieces are not all in memory. */
void build_mappings_look(struct build *build)
{
	struct build_mappings *mappings = &build->mappings;
	const struct mapping_table *table = &mappings->table;
	struct pages pages;
	void *scratch = scratch_map(PAGES_SCRATCH_BYTES);
	mappings->absences = scratch_map(mappings->part_count * sizeof *mappings->absences);
	if (scratch && mappings->absences &&
	    pages_open(&pages, heap_pid(build->heap), scratch, clock_read_ns(CLOCK_THREAD_CPUTIME_ID) + LOOK_NS)) {
		for (uint32_t i = 0; i < mappings->part_count; i++) {
			const struct mapping_part *part = &mappings->parts[i];
			const uint32_t sort = table->sites[table->mappings[part->piece].site].sort;
			struct page_counts counts = {0};
			pages_count(&pages, part->start, part->end, sort & (SEEP_MAPPING_SHARED | SEEP_MAPPING_FILE),
				    &counts);
			const uint64_t resident = counts.anonymous + counts.file + counts.unread;
			mappings->resident_bytes += counts.anonymous + counts.file;
			if (resident < part->end - part->start || counts.huge)
				mappings->absences[mappings->absence_count++] =
				    (struct seep_absence){part->start, resident, counts.swapped, counts.huge};
		}
		pages_close(&pages);
	}
	scratch_unmap(scratch, PAGES_SCRATCH_BYTES);
}

static struct seep_measure exactly(uint64_t calls, uint64_t bytes)
{
	return (struct seep_measure){
	    .samples = calls, .bytes = {.certain = (double)bytes}, .objects = {.certain = (double)calls}};
}

/* A split makes two pieces of one: it has freed one less. */
static void site_write(struct build *build, uint32_t i)
{
	const struct seep_heap_mapping_site *from = &build->mappings.table.sites[i];
	const struct mapping_number *number = &build->mappings.numbers[i];
	struct seep_site *site = writer_add(&build->image, sizeof *site);
	if (!site)
		return;
	*site = (struct seep_site){
	    .node = number->node,
	    .flags = number->flags | from->sort << SEEP_SITE_MAPPING_SORT | (i == 0 ? SEEP_SITE_RETIRED : 0u),
	    .allocated = exactly(from->mapped, from->mapped_bytes),
	    .freed = exactly(from->ended > from->split ? from->ended - from->split : 0, from->unmapped_bytes)};
	if (from->sort & SEEP_MAPPING_RESERVED)
		site->in_use = exactly(number->opened, number->opened_bytes);
	else
		site->in_use = exactly(mapping_site_live(from), from->mapped_bytes - from->unmapped_bytes);
}

static void part_write(struct build *build, const struct mapping_part *part)
{
	const struct seep_heap_mapping *from = &build->mappings.table.mappings[part->piece];
	struct seep_live *live = writer_add(&build->image, sizeof *live);
	if (live)
		*live = (struct seep_live){.address = part->start,
					   .size = part->end - part->start,
					   .birth_ns = from->birth_ns,
					   .rate = 1,
					   .site = build->mappings.numbers[from->site].number,
					   .thread = from->thread};
}

void build_mappings_add_values(struct build *build)
{
	const struct build_mappings *mappings = &build->mappings;
	uint64_t bytes = 0, mapped = 0;
	for (uint32_t i = 0; i < mappings->table.count; i++)
		if (!is_allocators(mappings, mappings->table.mappings[i].site))
			mapped += mappings->table.mappings[i].end - mappings->table.mappings[i].start;
	for (uint32_t i = 0; i < mappings->part_count; i++)
		bytes += mappings->parts[i].end - mappings->parts[i].start;
	build_value_add(&build->image, SEEP_MEMORY_ALLOCATOR_MAPPINGS, mappings->allocator_bytes);
	build_value_add(&build->image, SEEP_MEMORY_MAPPINGS, bytes);
	build_value_add(&build->image, SEEP_MEMORY_MAPPINGS_COUNT, mappings->part_count);
	build_value_add(&build->image, SEEP_MEMORY_MAPPINGS_RESERVED, mapped - bytes);
	if (mappings->absences)
		build_value_add(&build->image, SEEP_MEMORY_MAPPINGS_RESIDENT, mappings->resident_bytes);
}

void build_mappings_write(struct build *build)
{
	const struct build_mappings *mappings = &build->mappings;
	const struct mapping_table *table = &mappings->table;
	struct snapshot_writer *image = &build->image;
	writer_section_begin(image, SEEP_SECTION_MAPPING_SITES, sizeof(struct seep_site));
	for (uint32_t i = !has_given_up(mappings); i < table->site_count; i++)
		if (!is_allocators(mappings, i))
			site_write(build, i);
	writer_section_end(image, SEEP_SECTION_MAPPING_SITES);
	writer_section_begin(image, SEEP_SECTION_MAPPINGS, sizeof(struct seep_live));
	for (uint32_t i = 0; i < mappings->part_count; i++)
		part_write(build, &mappings->parts[i]);
	writer_section_end(image, SEEP_SECTION_MAPPINGS);
	writer_section_begin(image, SEEP_SECTION_MAPPING_ABSENT, sizeof *mappings->absences);
	const size_t bytes = mappings->absence_count * sizeof *mappings->absences;
	void *absences = bytes ? writer_add(image, bytes) : NULL;
	if (absences)
		memcpy(absences, mappings->absences, bytes);
	writer_section_end(image, SEEP_SECTION_MAPPING_ABSENT);
}

void build_mappings_free(struct build *build)
{
	struct build_mappings *mappings = &build->mappings;
	scratch_unmap(mappings->numbers, mappings->table.site_count * sizeof *mappings->numbers);
	scratch_unmap(mappings->absences, mappings->part_count * sizeof *mappings->absences);
	scratch_unmap(mappings->parts, mappings->part_capacity * sizeof *mappings->parts);
	scratch_unmap(mappings->owners, mappings->table.count * sizeof *mappings->owners);
	mapping_table_free(&mappings->table);
}
