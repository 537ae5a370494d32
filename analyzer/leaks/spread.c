/* SPDX-License-Identifier: Apache-2.0 */
/* The growth of many places together (compare/spreads.h) since the middle of the recording, judged by the histories of
 * all its blocks. */
#include "leaks/spread.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "compare/comparison.h"
#include "compare/spreads.h"
#include "leaks/group_lives.h"
#include "leaks/judge.h"
#include "leaks/referenced.h"

static bool is_explained(enum leak_verdict verdict)
{
	return verdict == LEAK_LEAK || verdict == LEAK_GROWING || verdict == LEAK_STOPPED;
}

/* Keeps the spreads that have a verdict of growth. Their series, behind those of the groups, stay in the same place. */
static void spreads_keep(struct leaks *leaks, const double *in_use)
{
	const size_t times = leaks->time_count, groups = leaks->groups.count;
	uint32_t kept = 0;

	leaks->in_use = memory_resize(leaks->in_use, (groups + leaks->spread_count) * times, sizeof *leaks->in_use);
	for (uint32_t i = 0; i < leaks->spread_count; i++) {
		if (!is_explained(leaks->spreads[i].row.verdict))
			continue;
		memcpy(leaks->in_use + (groups + kept) * times, in_use + i * times, times * sizeof *in_use);
		leaks->spreads[kept] = leaks->spreads[i];
		leaks->spreads[kept].row.group = (uint32_t)groups + kept;
		kept++;
	}
	leaks->spread_count = kept;
}

static struct spread spread_of(const struct spread_place *place, uint32_t number)
{
	struct spread spread = {.place = *place,
				.row = {.group = number,
					.in_use = place->in_use,
					.allocated = place->allocated,
					.growth = place->growth,
					.growth_bytes = place->growth_bytes,
					.q = place->q}};

	return spread;
}

/* Judges the spreads like rows: with the histories of all their blocks. */
static void spreads_judge(struct leaks *leaks, const struct spreads *found, const struct series *series)
{
	const struct history *history = &series->history;
	struct reference_sum *references = references_by_group(series, found->of_site, found->count);
	struct leaks view = *leaks;
	struct group_lives lives;

	leaks->spread_count = view.count = found->count;
	view.detail = LEAK_JUDGED; /* those that have not grown are dropped */
	leaks->spreads = memory_allocate(found->count, sizeof *leaks->spreads);
	group_lives_init(&lives, history, &view, found->of_site);
	struct follow_up *room = memory_allocate(lives.objects_most, sizeof *room);
	for (uint32_t i = 0; i < found->count; i++) {
		leaks->spreads[i] = spread_of(&found->items[i], i);
		leak_row_judge(&leaks->spreads[i].row, &lives, room);
		if (references)
			row_take_references(&leaks->spreads[i].row, &references[i], leaks->referenced->time_ns);
	}
	spreads_keep(leaks, view.in_use);
	free(references);
	free(view.in_use);
	free(room);
	group_lives_free(&lives);
}

static int spread_compare(const void *left, const void *right)
{
	return leak_row_compare(&((const struct spread *)left)->row, &((const struct spread *)right)->row);
}

void leaks_find_spreads(struct leaks *leaks, const struct series *series)
{
	struct spreads found;

	if (!leaks->can_judge)
		return;
	bool *explained = memory_allocate(leaks->groups.count + 1u, sizeof *explained);
	for (uint32_t i = 0; i < leaks->count; i++)
		explained[leaks->rows[i].group] = is_explained(leaks->rows[i].verdict);
	spreads_find(&found, &(struct spread_question){.before = leaks->middle,
						       .after = leaks->reference,
						       .groups = &leaks->groups,
						       .explained = explained,
						       .q = CALL_Q});
	free(explained);
	if (found.count)
		spreads_judge(leaks, &found, series);
	spreads_free(&found);
	if (leaks->spread_count)
		qsort(leaks->spreads, leaks->spread_count, sizeof *leaks->spreads, spread_compare);
	for (uint32_t i = 0; i < leaks->spread_count; i++)
		leaks->spreads[i].row.spread = &leaks->spreads[i];
	leaks_add_rates(leaks);
}
