/* SPDX-License-Identifier: Apache-2.0 */
/* Adds up the sites of a profile by group; sums add, so each group's interval is that of its own sum. */
#include "compare/inventory.h"

#include <stdlib.h>

#include "base/memory.h"
#include "work/first_few.h"
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

static const struct seep_sum *measure_sum(const struct seep_measure *in_use, const struct seep_measure *allocated,
					  enum inventory_order order)
{
	const struct seep_measure *measure = order <= ORDER_OBJECTS ? in_use : allocated;

	return order == ORDER_INUSE || order == ORDER_ALLOCATED ? &measure->bytes : &measure->objects;
}

double inventory_row_value(const struct inventory_row *row, enum inventory_order order)
{
	return sum_estimate(measure_sum(&row->in_use, &row->allocated, order));
}

/* The values by which a group is sorted: the one that was asked for, then bytes allocated, so that groups with nothing
 * in use have an order, too. Most groups are shown to nobody, and have no other sums than these. */
enum { VALUES = 2 };
struct rank {
	double uncertain[VALUES], certain[VALUES];
};
struct ranking {
	const struct rank *ranks;
	const struct group *groups;
};

static double rank_value(const struct rank *rank, int value)
{
	return rank->uncertain[value] + rank->certain[value];
}

static int group_compare(const void *left, const void *right, void *context)
{
	const struct ranking *ranking = context;
	const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	for (int value = 0; value < VALUES; value++) {
		const double x = rank_value(&ranking->ranks[a], value), y = rank_value(&ranking->ranks[b], value);
		if (x != y)
			return x > y ? -1 : 1;
	}
	const uint64_t left_key = ranking->groups[a].key, right_key = ranking->groups[b].key;
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

/* Sums up what the groups are sorted by, and the totals: a pass over millions of sites takes long. */
static struct rank *ranks_sum(struct inventory *inventory, const uint32_t *groups)
{
	const struct profile *profile = inventory->profile;
	const enum inventory_order orders[VALUES] = {inventory->order, ORDER_ALLOCATED};
	struct rank *ranks = memory_allocate(inventory->count + 1u, sizeof *ranks);

	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct profile_site *site = &profile->sites[i];
		for (int value = 0; value < VALUES; value++) {
			const struct seep_sum *sum = measure_sum(&site->in_use, &site->allocated, orders[value]);
			ranks[groups[i]].uncertain[value] += sum->uncertain;
			ranks[groups[i]].certain[value] += sum->certain;
		}
		measure_add(&inventory->total.in_use, &site->in_use);
		measure_add(&inventory->total.allocated, &site->allocated);
	}
	return ranks;
}

/* Chooses the groups that get a row, in order; returns, for each group, its row + 1. */
static uint32_t *rows_choose(struct inventory *inventory, const struct rank *ranks)
{
	uint32_t *row_of = memory_allocate(inventory->count + 1u, sizeof *row_of);
	uint32_t *order = memory_allocate(inventory->count + 1u, sizeof *order);

	for (uint32_t i = 0; i < inventory->count; i++)
		order[i] = i;
	top_sort(order, inventory->count, inventory->row_count, group_compare,
		 &(struct ranking){ranks, inventory->groups.groups});
	inventory->rows = memory_allocate(inventory->row_count + 1u, sizeof *inventory->rows);
	for (uint32_t i = 0; i < inventory->row_count; i++) {
		inventory->rows[i].group = order[i];
		row_of[order[i]] = i + 1;
	}
	for (uint32_t i = 0; i < inventory->count; i++) {
		const double value = rank_value(&ranks[i], 0);
		inventory->worth += value > 0;
		inventory->filled += value > 0 || rank_value(&ranks[i], 1) > 0;
		inventory->the_rest += value > 0 && !row_of[i] ? value : 0;
	}
	free(order);
	return row_of;
}

static void rows_sum(struct inventory *inventory)
{
	const struct profile *profile = inventory->profile;

	for (uint32_t i = 0; i < profile->site_count; i++) {
		if (!inventory->site_rows[i])
			continue;
		const struct profile_site *site = &profile->sites[i];
		struct inventory_row *row = &inventory->rows[inventory->site_rows[i] - 1];
		measure_add(&row->in_use, &site->in_use);
		measure_add(&row->allocated, &site->allocated);
	}
}

void inventory_build(struct inventory *inventory, const struct profile *profile, enum group_by by,
		     enum inventory_order order, uint32_t top)
{
	*inventory = (struct inventory){.profile = profile, .order = order, .has_intervals = profile->rate > 0};
	group_table_init(&inventory->groups, by);
	uint32_t *groups = group_table_add_only(&inventory->groups, profile);

	inventory->count = inventory->groups.count;
	inventory->row_count = inventory->count < top ? inventory->count : top;
	struct rank *ranks = ranks_sum(inventory, groups);
	uint32_t *row_of = rows_choose(inventory, ranks);
	for (uint32_t i = 0; i < profile->site_count; i++)
		groups[i] = row_of[groups[i]];
	inventory->site_rows = groups;
	rows_sum(inventory);
	free(ranks);
	free(row_of);
}

void inventory_free(struct inventory *inventory)
{
	group_table_free(&inventory->groups);
	free(inventory->rows);
	free(inventory->site_rows);
	*inventory = (struct inventory){0};
}
