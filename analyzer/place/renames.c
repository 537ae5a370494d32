/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions whose names changed between two builds. A function that only the earlier build has and one that only the
 * later has are the same if their names differ only by template arguments and parameters, or if the same functions call
 * them and they call the same ones, as far as stacks show. Besides, about as much must be allocated below them, and no
 * other pair of functions may fit. Neighbours that only one build has say nothing, so one renamed function in a chain
 * is found, and two in a row are not.
 */
#include <math.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "place/builds.h"
#include "place/stable_name.h"
#include "statistics/measure.h"

/* the largest ratio between the amounts that two builds allocate in one function, unless samples explain more */
#define AMOUNT_RATIO 2.5
#define AMOUNT_APART 3 /* standard errors that samples explain */
#define ALIKE_MOST 64  /* functions with the same neighbours that are still told apart */

/* A function of one profile. */
struct function {
	uint64_t key;
	uint64_t shared;  /* its key in both profiles; 0: the other one lacks it */
	uint64_t context; /* if the other lacks it: equal for the same family, or for the same neighbours */
	const char *name; /* NULL: only the address is known */
	double allocated; /* by the function and what it calls */
	double variance;  /* of that amount, by sampling */
};

struct functions {
	const struct profile *profile;
	struct numbering keys;
	struct function *items; /* by number */
	size_t capacity;
	uint32_t *of_line; /* by line of a location (those of location i from first[i] on): the function's number */
	uint32_t *first;
};

static void functions_collect(struct functions *functions, const struct profile *profile)
{
	uint32_t lines = 0;
	bool is_new;

	*functions = (struct functions){.profile = profile,
					.first = memory_allocate(profile->location_count + 1u, sizeof(uint32_t))};
	for (uint32_t i = 0; i < profile->location_count; i++) {
		functions->first[i] = lines;
		lines += profile->locations[i].labelled ? 1 : profile->locations[i].line_count;
	}
	functions->of_line = memory_allocate(lines + 1u, sizeof(uint32_t));
	/* Walks nodes to find locations: only those that are in a stack count. */
	for (uint32_t node = 1; node < profile->node_count; node++) {
		const uint32_t location = profile->nodes[node].location;
		if (functions->of_line[functions->first[location]])
			continue;
		for (uint32_t line = 0; line == 0 || line < profile->locations[location].line_count; line++) {
			const struct frame_walk at = {node, line};
			const uint64_t key = call_own_key(profile, at);
			const uint32_t number = numbering_put(&functions->keys, key, &is_new);
			if (is_new) {
				ARRAY_RESERVE(functions->items, number, functions->capacity);
				functions->items[number] = (struct function){.key = key};
			}
			if (is_new && !profile->locations[location].labelled)
				functions->items[number].name = frame_walk_line(profile, at)->function;
			functions->of_line[functions->first[location] + line] = number + 1;
			if (profile->locations[location].labelled)
				break;
		}
	}
}

static void functions_free(struct functions *functions)
{
	numbering_free(&functions->keys);
	free(functions->items);
	free(functions->of_line);
	free(functions->first);
}

static uint32_t function_of(const struct functions *functions, struct frame_walk at)
{
	return functions->of_line[functions->first[functions->profile->nodes[at.node].location] + at.line] - 1;
}

/* Finds the functions that both have, by name or by known renames. */
static void shared_find(struct functions *functions, const struct functions *other, const struct rebuilt *rebuilt)
{
	for (uint32_t i = 0; i < functions->keys.count; i++) {
		struct function *function = &functions->items[i];
		const uint32_t was = numbering_get(&rebuilt->former, function->key);
		const bool is_there = numbering_get(&other->keys, function->key) != NUMBERING_NONE ||
				      numbering_get(&rebuilt->latter, function->key) != NUMBERING_NONE;
		function->shared = is_there ? function->key : was != NUMBERING_NONE ? rebuilt->renames[was].key : 0;
		function->context = 0;
	}
}

/* Adds a neighbour to a function that the other profile lacks; `edges` has those that were added already. */
static void neighbour_add(struct functions *functions, struct numbering *edges, uint32_t function, uint32_t neighbour,
			  uint64_t side)
{
	struct function *of = &functions->items[function];
	const uint64_t key = functions->items[neighbour].shared;
	const uint64_t words[] = {of->key, key, side};
	bool is_new;

	if (of->shared || !key)
		return;
	numbering_put(edges, hash_bytes(3, words, sizeof words), &is_new);
	if (!is_new)
		return;
	of->context += hash_word(key ^ side); /* so that their order does not matter */
}

static void neighbours_add(struct functions *functions)
{
	const struct profile *profile = functions->profile;
	struct numbering edges = {0};

	for (uint32_t node = 1; node < profile->node_count; node++) {
		struct frame_walk at = {node, 0};
		for (struct frame_walk caller = frame_walk_next(profile, at); at.node == node && frame_walk_has(caller);
		     at = caller, caller = frame_walk_next(profile, at)) {
			const uint32_t inner = function_of(functions, at), outer = function_of(functions, caller);
			neighbour_add(functions, &edges, inner, outer, 1);
			neighbour_add(functions, &edges, outer, inner, 2);
		}
	}
	numbering_free(&edges);
}

/* Adds the amounts below each node to its functions; callers have smaller indices. */
static void amounts_add(struct functions *functions)
{
	const struct profile *profile = functions->profile;
	struct seep_sum *below = memory_allocate(profile->node_count + 1u, sizeof *below);

	for (uint32_t i = 0; i < profile->site_count; i++)
		sum_include(&below[profile->sites[i].node], &profile->sites[i].allocated.bytes);
	for (uint32_t node = profile->node_count; node-- > 1;) {
		sum_include(&below[profile->nodes[node].parent], &below[node]);
		for (struct frame_walk at = {node, 0}; at.node == node; at = frame_walk_next(profile, at)) {
			struct function *function = &functions->items[function_of(functions, at)];
			function->allocated += sum_estimate(&below[node]);
			function->variance += below[node].variance;
		}
	}
	free(below);
}

static void families_add(struct functions *functions)
{
	for (uint32_t i = 0; i < functions->keys.count; i++) {
		struct function *function = &functions->items[i];
		struct buffer family = {0};
		if (function->shared || !function->name)
			continue;
		family_name_append(&family, function->name);
		function->context = hash_bytes(2, family.data, family.length);
		buffer_free(&family);
	}
}

static int context_compare(const void *left, const void *right)
{
	const struct function *a = *(const struct function *const *)left, *b = *(const struct function *const *)right;

	if (a->context != b->context)
		return a->context < b->context ? -1 : 1;
	return (a->key > b->key) - (a->key < b->key);
}

/* The functions that the other profile lacks, sorted by context. */
struct lacking {
	const struct function **items;
	uint32_t count;
};

static struct lacking lacking_find(const struct functions *functions)
{
	struct lacking lacking = {memory_allocate(functions->keys.count + 1u, sizeof *lacking.items), 0};

	for (uint32_t i = 0; i < functions->keys.count; i++) {
		const struct function *function = &functions->items[i];
		if (function->name && !function->shared && function->context)
			lacking.items[lacking.count++] = function;
	}
	qsort(lacking.items, lacking.count, sizeof *lacking.items, context_compare);
	return lacking;
}

static bool may_be_same_amount(const struct function *one, const struct function *other)
{
	const double a = one->allocated, b = other->allocated;

	return (a <= b * AMOUNT_RATIO && b <= a * AMOUNT_RATIO) ||
	       fabs(a - b) <= AMOUNT_APART * sqrt(one->variance + other->variance);
}

/* The only one among these that may be the function under another name; NULL: none, or several. */
static const struct function *counterpart(const struct lacking *among, const struct function *function)
{
	const struct function *found = NULL;
	uint32_t first = 0, alike = 0;

	for (uint32_t last = among->count; first < last;) {
		const uint32_t middle = first + (last - first) / 2;
		if (among->items[middle]->context < function->context)
			first = middle + 1;
		else
			last = middle;
	}
	for (uint32_t i = first; i < among->count && among->items[i]->context == function->context; i++) {
		if (++alike > ALIKE_MOST)
			return NULL;
		if (!may_be_same_amount(among->items[i], function))
			continue;
		if (found)
			return NULL;
		found = among->items[i];
	}
	return found;
}

static void rename_add(struct rebuilt *rebuilt, const struct function *was, const struct function *is)
{
	bool is_new;

	if (numbering_get(&rebuilt->former, was->key) != NUMBERING_NONE ||
	    numbering_get(&rebuilt->latter, is->key) != NUMBERING_NONE)
		return;
	const uint32_t number = numbering_put(&rebuilt->former, was->key, &is_new);
	numbering_put(&rebuilt->latter, is->key, &is_new);
	rebuilt->renames = memory_resize(rebuilt->renames, number + 1u, sizeof *rebuilt->renames);
	rebuilt->renames[number] = (struct rename){is->key, was->name};
}

/* Finds the pairs with equal contexts; `contexts_add` fills these in. */
static void pairs_find(struct rebuilt *rebuilt, struct functions *is, struct functions *was,
		       void (*contexts_add)(struct functions *))
{
	shared_find(is, was, rebuilt);
	shared_find(was, is, rebuilt);
	contexts_add(is);
	contexts_add(was);
	struct lacking latter = lacking_find(is), former = lacking_find(was);
	for (uint32_t i = 0; i < former.count; i++) {
		const struct function *theirs = counterpart(&latter, former.items[i]);
		if (theirs && counterpart(&former, theirs) == former.items[i])
			rename_add(rebuilt, former.items[i], theirs);
	}
	free(latter.items);
	free(former.items);
}

void renames_find(struct rebuilt *rebuilt, const struct profile *later, const struct profile *earlier)
{
	struct functions is, was;

	functions_collect(&is, later);
	functions_collect(&was, earlier);
	amounts_add(&is);
	amounts_add(&was);
	pairs_find(rebuilt, &is, &was, families_add);
	pairs_find(rebuilt, &is, &was, neighbours_add);
	functions_free(&is);
	functions_free(&was);
}
