/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. A table's rows are in the order of its stacks, so two tables of the same inventory have the same
 * rows. */
#include "source/source_excerpt.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "base/string_pool.h"
#include "source/line_table.h"
#include "source/source_text.h"

/* A line with values. */
struct candidate {
	const struct source_row *row;
	double weight;
	uint32_t file; /* index into files */
};

static double share(const struct line_value *value, const struct line_table *table)
{
	const double whole = line_value_estimate(&table->total);

	return whole > 0 ? line_value_estimate(value) / whole : 0;
}

/* A line that itself asked for memory outweighs one through which stacks only pass. */
static double row_weight(const struct line_table *in_use, const struct line_table *allocated, uint32_t row)
{
	const struct line_sum *now = &in_use->rows[row].sum, *ever = &allocated->rows[row].sum;

	return 1e6 * (share(&now->flat, in_use) + share(&ever->flat, allocated)) + share(&now->cumulative, in_use) +
	       share(&ever->cumulative, allocated);
}

static int candidate_compare(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

static uint32_t file_find(struct source_excerpt *excerpt, struct map *files, const struct line_table *table,
			  const struct source_row *row, uint64_t start_unix_ns)
{
	uint64_t *slot = map_put(files, (uint64_t)(uintptr_t)row->file, NULL);

	if (*slot)
		return (uint32_t)*slot - 1;
	const struct source_module *module = &table->modules[row->module];
	const struct source *source =
	    sources_find(excerpt->sources, row->file, (struct source_build){module->build_id, module->build_id_bytes});
	ARRAY_RESERVE(excerpt->files, excerpt->count, excerpt->capacity);
	excerpt->files[excerpt->count++] = (struct excerpt_file){
	    .name = string_pool_intern(excerpt->texts, row->file),
	    .source = source,
	    .is_newer = source->file.line_count && source_is_newer(&source->file, module->path, start_unix_ns),
	};
	*slot = excerpt->count;
	return excerpt->count - 1;
}

/* Takes the line and those around it, unless there may be no room for all of them. `taken` has the lines by file. */
static bool lines_take(struct source_excerpt *excerpt, struct map *taken, const struct candidate *candidate,
		       size_t *bytes)
{
	struct excerpt_file *file = &excerpt->files[candidate->file];
	const uint32_t number = candidate->row->line, end = file->source->file.line_count;
	const uint32_t first = number > EXCERPT_CONTEXT ? number - EXCERPT_CONTEXT : 1;

	if (excerpt->lines + 2 * EXCERPT_CONTEXT + 1 > EXCERPT_LINES || *bytes > EXCERPT_BYTES)
		return false;
	for (uint32_t at = first; at <= end && at <= number + EXCERPT_CONTEXT; at++) {
		const char *text;
		size_t length;
		bool is_new;
		uint64_t *slot = map_put(taken, (uint64_t)candidate->file << 32 | at, &is_new);
		if (!is_new || !source_file_line(&file->source->file, at, &text, &length))
			continue;
		*slot = 1;
		*bytes += length < SOURCE_LINE_BYTES ? length : SOURCE_LINE_BYTES;
		ARRAY_RESERVE(file->numbers, file->count, file->capacity);
		file->numbers[file->count++] = at;
		excerpt->lines++;
	}
	return true;
}

static int number_compare(const void *left, const void *right)
{
	const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static void excerpt_fill(struct source_excerpt *excerpt, struct candidate *candidates, uint32_t count)
{
	struct map *taken = map_create();
	size_t bytes = 0;
	uint32_t at = 0;

	qsort(candidates, count, sizeof *candidates, candidate_compare);
	while (at < count && lines_take(excerpt, taken, &candidates[at], &bytes))
		at++;
	for (; at < count; at++)
		excerpt->left_out +=
		    candidates[at].row->line <= excerpt->files[candidates[at].file].source->file.line_count;
	for (uint32_t i = 0; i < excerpt->count; i++)
		if (excerpt->files[i].count) /* otherwise there is no array to sort */
			qsort(excerpt->files[i].numbers, excerpt->files[i].count, sizeof *excerpt->files[i].numbers,
			      number_compare);
	map_free(taken);
}

/* Gathers the lines with most memory, and those around them. */
static void excerpt_gather(struct source_excerpt *excerpt, const struct profile *profile)
{
	struct map *files = map_create();
	struct inventory inventory;
	struct line_table in_use, allocated;

	inventory_build(&inventory, profile, GROUP_BY_STACK, ORDER_INUSE, UINT32_MAX);
	line_table_of_inventory(&in_use, &inventory, ORDER_INUSE);
	line_table_of_inventory(&allocated, &inventory, ORDER_ALLOCATED);
	struct candidate *candidates = memory_allocate(in_use.row_count + 1u, sizeof *candidates);
	for (uint32_t i = 0; i < in_use.row_count; i++)
		candidates[i] =
		    (struct candidate){&in_use.rows[i], row_weight(&in_use, &allocated, i),
				       file_find(excerpt, files, &in_use, &in_use.rows[i], profile->start_unix_ns)};
	excerpt_fill(excerpt, candidates, in_use.row_count);
	free(candidates);
	line_table_free(&in_use);
	line_table_free(&allocated);
	inventory_free(&inventory);
	map_free(files);
}

static bool has_source_lines(const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];
		for (uint32_t k = 0; !location->labelled && k < location->line_count; k++)
			if (location->lines[k].file && location->lines[k].line)
				return true;
	}
	return false;
}

struct source_excerpt *source_excerpt_create(const struct profile *profile, const struct source_search *search)
{
	struct source_excerpt *excerpt = memory_allocate(1, sizeof *excerpt);

	*excerpt = (struct source_excerpt){.texts = string_pool_create(), .sources = sources_create(search)};
	if (has_source_lines(profile))
		excerpt_gather(excerpt, profile);
	return excerpt;
}

void source_excerpt_free(struct source_excerpt *excerpt)
{
	if (!excerpt)
		return;
	for (uint32_t i = 0; i < excerpt->count; i++)
		free(excerpt->files[i].numbers);
	free(excerpt->files);
	sources_free(excerpt->sources);
	string_pool_free(excerpt->texts);
	free(excerpt);
}
