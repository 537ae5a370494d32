/* SPDX-License-Identifier: Apache-2.0 */
/* Adds every stack to the lines, functions and inlined calls that it passes through. */
#include "source/line_table.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "base/string_pool.h"
#include "statistics/measure.h"

/* A stack that is being added to the table. */
struct stack {
	const struct profile *profile;
	const struct profile_site *site;
	struct frame_walk place;
	struct line_value value;
	uint32_t number;
};

/* The index of the element with this identity in an array; the array's length if it is new. */
static uint32_t index_find(struct numbering *known, const uint64_t *identity, size_t bytes)
{
	bool is_new;

	return numbering_put(known, hash_bytes(hash_secret(), identity, bytes), &is_new);
}

static const char *text_keep(struct line_table *table, const char *text)
{
	return text ? string_pool_intern(table->texts, text) : NULL;
}

static uint32_t module_find(struct line_table *table, const struct profile_module *module)
{
	const char *path = text_keep(table, module->path);
	const uint64_t identity[] = {(uintptr_t)path};
	const uint32_t index = index_find(&table->module_index, identity, sizeof identity);

	if (index == table->module_count) {
		ARRAY_RESERVE(table->modules, table->module_count, table->module_capacity);
		table->modules[table->module_count++] = (struct source_module){
		    path, text_keep(table, module->symbols), module->build_id, module->build_id_bytes};
	}
	return index;
}

static uint32_t row_find(struct line_table *table, const struct source_line *line, uint32_t module)
{
	const char *file = text_keep(table, line->file);
	const uint64_t identity[] = {(uintptr_t)file, line->line};
	const uint32_t index = index_find(&table->row_index, identity, sizeof identity);

	if (index == table->row_count) {
		ARRAY_RESERVE(table->rows, table->row_count, table->row_capacity);
		table->rows[table->row_count++] =
		    (struct source_row){.file = file, .line = line->line, .module = module};
	}
	return index;
}

uint32_t line_table_row(const struct line_table *table, const char *file, uint32_t line)
{
	const uint64_t identity[] = {(uintptr_t)file, line};

	return numbering_get(&table->row_index, hash_bytes(hash_secret(), identity, sizeof identity));
}

/* Functions of the same name in two files are two functions; if no file is known, those in two modules are. */
static uint32_t function_find(struct line_table *table, const struct source_line *line, uint32_t module)
{
	const char *name = text_keep(table, line->function), *file = text_keep(table, line->file);
	const uint64_t identity[] = {(uintptr_t)name, (uintptr_t)file, file ? UINT32_MAX : module};
	const uint32_t index = index_find(&table->function_index, identity, sizeof identity);

	if (index == table->function_count) {
		ARRAY_RESERVE(table->functions, table->function_count, table->function_capacity);
		table->functions[table->function_count++] =
		    (struct source_function){.name = name, .file = file, .module = module};
	}
	return index;
}

static void member_add(struct line_table *table, uint32_t function, uint32_t row)
{
	const uint64_t identity[] = {function, row};

	if (index_find(&table->member_index, identity, sizeof identity) != table->member_count)
		return;
	ARRAY_RESERVE(table->members, table->member_count, table->member_capacity);
	table->members[table->member_count++] = (struct source_member){function, row};
}

static void sum_join(struct seep_sum *to, const struct seep_sum *more)
{
	to->uncertain += more->uncertain;
	to->variance += more->variance;
	to->largest = more->largest > to->largest ? more->largest : to->largest;
	to->certain += more->certain;
}

void line_value_add(struct line_value *to, const struct line_value *more)
{
	sum_join(&to->more, &more->more);
	sum_join(&to->less, &more->less);
	to->largest = more->largest > to->largest ? more->largest : to->largest;
}

static void sum_add(struct line_sum *sum, const struct stack *stack, bool is_place)
{
	if (is_place)
		line_value_add(&sum->flat, &stack->value);
	if (sum->last_stack == stack->number + 1)
		return;
	sum->last_stack = stack->number + 1;
	line_value_add(&sum->cumulative, &stack->value);
}

/* Adds a call that was inlined into `row`. */
static void call_add(struct line_table *table, uint32_t row, uint32_t function, uint32_t line,
		     const struct stack *stack)
{
	const uint64_t identity[] = {row, function};
	const uint32_t index = index_find(&table->call_index, identity, sizeof identity);

	if (index == table->call_count) {
		ARRAY_RESERVE(table->calls, table->call_count, table->call_capacity);
		table->calls[table->call_count++] =
		    (struct source_call){.row = row, .function = function, .first_line = line};
	}
	struct source_call *call = &table->calls[index];
	call->first_line = line < call->first_line ? line : call->first_line;
	call->last_line = line > call->last_line ? line : call->last_line;
	sum_add(&call->sum, stack, false);
}

static void stack_add(struct line_table *table, const struct stack *stack)
{
	const struct source_line *inner = NULL; /* the next call inwards, if it was inlined */
	uint32_t inner_function = 0;

	for (struct frame_walk at = frame_walk_leaf(stack->site); frame_walk_has(at);
	     at = frame_walk_next(stack->profile, at)) {
		const struct source_line *line = frame_walk_line(stack->profile, at);
		const struct profile_location *location = frame_walk_location(stack->profile, at);
		const bool is_place = frame_walk_is(at, stack->place);
		const bool has_line = line->file && line->line;
		const uint32_t module = module_find(table, &stack->profile->modules[location->module]);
		const uint32_t function = function_find(table, line, module);
		sum_add(&table->functions[function].sum, stack, is_place);
		if (has_line) {
			const uint32_t row = row_find(table, line, module);
			sum_add(&table->rows[row].sum, stack, is_place);
			member_add(table, function, row);
			if (inner)
				call_add(table, row, inner_function, inner->line, stack);
		}
		inner = line->inlined ? line : NULL;
		inner_function = function;
	}
}

static void table_begin(struct line_table *table, enum inventory_order order)
{
	*table = (struct line_table){.order = order, .texts = string_pool_create()};
}

void line_table_free(struct line_table *table)
{
	string_pool_free(table->texts);
	numbering_free(&table->row_index);
	numbering_free(&table->function_index);
	numbering_free(&table->call_index);
	numbering_free(&table->member_index);
	numbering_free(&table->module_index);
	free(table->rows);
	free(table->functions);
	free(table->calls);
	free(table->members);
	free(table->modules);
	*table = (struct line_table){0};
}

static bool order_is_bytes(enum inventory_order order)
{
	return order == ORDER_INUSE || order == ORDER_ALLOCATED;
}

static bool order_is_in_use(enum inventory_order order)
{
	return order == ORDER_INUSE || order == ORDER_OBJECTS;
}

bool line_table_is_growth(const struct line_table *table)
{
	return table->comparison && order_is_in_use(table->order);
}

bool line_table_has_intervals(const struct line_table *table)
{
	return table->comparison ? table->comparison->has_intervals : table->inventory->has_intervals;
}

const struct profile *line_table_profile(const struct line_table *table)
{
	return table->comparison ? table->comparison->after : table->inventory->profile;
}

static struct seep_sum sum_of(const struct seep_measure *measure, enum inventory_order order)
{
	return order_is_bytes(order) ? measure->bytes : measure->objects;
}

static struct line_value value_of_inventory(const struct inventory_row *row, enum inventory_order order)
{
	return (struct line_value){
	    .more = sum_of(order_is_in_use(order) ? &row->in_use : &row->allocated, order),
	    .largest = row->allocated.objects.largest,
	};
}

/* Without intervals, growth is the difference of the totals. */
static struct line_value value_of_comparison(const struct comparison *comparison, const struct comparison_row *row,
					     enum inventory_order order)
{
	const bool matched = comparison->has_intervals;
	const struct row_sums sums = comparison_sums(comparison, row);

	if (!order_is_in_use(order)) {
		const struct seep_measure allocated = churn_allocated(&comparison->churn_counters, row->group);
		return (struct line_value){.more = sum_of(&allocated, order), .largest = sums.ever.objects.largest};
	}
	return (struct line_value){
	    .more = sum_of(matched ? &sums.fresh : &sums.after, order),
	    .less = sum_of(matched ? &sums.gone : &sums.before, order),
	    .largest = sums.ever.objects.largest,
	};
}

static struct stack stack_of(const struct group *group, struct line_value value, uint32_t number)
{
	return (struct stack){group->profile, &group->profile->sites[group->site], group->place, value, number};
}

void line_table_of_inventory(struct line_table *table, const struct inventory *inventory, enum inventory_order order)
{
	table_begin(table, order);
	table->inventory = inventory;
	table->total = value_of_inventory(&inventory->total, order);
	for (uint32_t i = 0; i < inventory->row_count; i++) {
		const struct inventory_row *row = &inventory->rows[i];
		const struct stack stack =
		    stack_of(&inventory->groups.groups[row->group], value_of_inventory(row, order), i);
		stack_add(table, &stack);
	}
}

void line_table_of_comparison(struct line_table *table, const struct comparison *comparison, enum inventory_order order)
{
	table_begin(table, order);
	table->comparison = comparison;
	table->total = value_of_comparison(comparison, &comparison->total, order);
	for (uint32_t i = 0; i < comparison->count; i++) {
		const struct comparison_row *row = &comparison->rows[i];
		const struct stack stack =
		    stack_of(&comparison->groups.groups[row->group], value_of_comparison(comparison, row, order), i);
		stack_add(table, &stack);
	}
}

double line_value_estimate(const struct line_value *value)
{
	return sum_estimate(&value->more) - sum_estimate(&value->less);
}

/* What one sample that was not taken could have stood for. */
static double unseen_of(const struct line_table *table, const struct line_value *value)
{
	const double rate = table->comparison ? table->comparison->rate : (double)table->inventory->profile->rate;
	const struct seep_sum ever = {.largest = value->largest};

	if (table->comparison && (!table->comparison->could_miss || !(value->largest > 0)))
		return 0; /* no sample there ever stood for more than itself */
	return order_is_bytes(table->order) ? unseen_bytes(rate) : unseen_objects(rate, &ever);
}

struct interval line_value_interval(const struct line_table *table, const struct line_value *value)
{
	const double unseen = unseen_of(table, value);

	return line_table_is_growth(table) ? difference_interval(&value->more, &value->less, unseen, ALPHA)
					   : sum_interval(&value->more, unseen, ALPHA);
}
