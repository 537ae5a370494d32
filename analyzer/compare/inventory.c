/* SPDX-License-Identifier: Apache-2.0 */
/* Adds up the sites of a profile by group; sums add, so each group's interval is that of its own sum. */
#include "compare/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "statistics/measure.h"

const char *const inventory_order_names[] = {"inuse", "objects", "allocated", "allocations", NULL};

const char *inventory_order_name(enum inventory_order order)
{
	return inventory_order_names[order];
}

static const enum call_value order_values[ORDER_COUNT] = {
    [ORDER_INUSE] = CALL_INUSE_SPACE,
    [ORDER_OBJECTS] = CALL_INUSE_OBJECTS,
    [ORDER_ALLOCATED] = CALL_ALLOC_SPACE,
    [ORDER_ALLOCATIONS] = CALL_ALLOC_OBJECTS,
};

enum call_value inventory_order_value(enum inventory_order order)
{
	return order_values[order];
}

enum inventory_order inventory_order_of(enum call_value value)
{
	enum inventory_order order = ORDER_INUSE;

	for (int i = 0; i < ORDER_COUNT; i++)
		if (order_values[i] == value)
			order = (enum inventory_order)i;
	return order;
}

double inventory_row_value(const struct inventory_row *row, enum inventory_order order)
{
	const struct seep_measure *measure = order <= ORDER_OBJECTS ? &row->in_use : &row->allocated;
	const bool is_bytes = order == ORDER_INUSE || order == ORDER_ALLOCATED;

	return sum_estimate(is_bytes ? &measure->bytes : &measure->objects);
}

static int row_compare(const void *left, const void *right, void *context)
{
	const struct inventory *inventory = context;
	const struct inventory_row *a = left;
	const struct inventory_row *b = right;
	/* By the value that the caller asked for, then by bytes allocated, so that groups of which everything was freed
	 * are in order, too. */
	const enum inventory_order orders[] = {inventory->order, ORDER_ALLOCATED};

	for (int i = 0; i < 2; i++) {
		const double x = inventory_row_value(a, orders[i]);
		const double y = inventory_row_value(b, orders[i]);
		if (x != y)
			return x > y ? -1 : 1;
	}
	const uint64_t left_key = inventory->groups.groups[a->group].key;
	const uint64_t right_key = inventory->groups.groups[b->group].key;
	return (left_key > right_key) - (left_key < right_key);
}

struct interval inventory_in_use(const struct inventory *inventory, const struct inventory_row *row)
{
	return sum_interval(&row->in_use.bytes, unseen_bytes((double)inventory->profile->rate), ALPHA);
}

struct interval inventory_allocated(const struct inventory *inventory, const struct inventory_row *row)
{
	return sum_interval(&row->allocated.bytes, unseen_bytes((double)inventory->profile->rate), ALPHA);
}

void inventory_build(struct inventory *inventory, const struct profile *profile, enum group_by by,
		     enum inventory_order order)
{
	*inventory = (struct inventory){.profile = profile, .order = order, .has_intervals = profile->rate > 0};
	group_table_init(&inventory->groups, by);
	uint32_t *groups = group_table_add(&inventory->groups, profile);

	inventory->count = inventory->groups.count;
	inventory->rows = memory_allocate(inventory->count ? inventory->count : 1, sizeof *inventory->rows);
	for (uint32_t i = 0; i < inventory->count; i++)
		inventory->rows[i].group = i;
	for (uint32_t i = 0; i < profile->site_count; i++) {
		struct inventory_row *row = &inventory->rows[groups[i]];
		measure_add(&row->in_use, &profile->sites[i].in_use);
		measure_add(&row->allocated, &profile->sites[i].allocated);
		measure_add(&inventory->total.in_use, &profile->sites[i].in_use);
		measure_add(&inventory->total.allocated, &profile->sites[i].allocated);
	}
	free(groups);
	qsort_r(inventory->rows, inventory->count, sizeof *inventory->rows, row_compare, inventory);
}

void inventory_free(struct inventory *inventory)
{
	group_table_free(&inventory->groups);
	free(inventory->rows);
	*inventory = (struct inventory){0};
}
