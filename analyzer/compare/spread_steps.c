/* SPDX-License-Identifier: Apache-2.0 */
/* An element is in a function's set once, even if the function calls itself: the outermost of its calls in a stack counts,
 * since all that is below an inner one is below it, too. */
#include "compare/spread_sets.h"

#include <stdlib.h>

#include "base/memory.h"

static uint32_t step_add(struct spread_sets *sets, size_t *capacity, uint32_t set, uint32_t outer)
{
	ARRAY_RESERVE(sets->steps, sets->step_count, *capacity);
	sets->steps[sets->step_count] = (struct spread_step){set, outer};
	return sets->step_count++;
}

void spread_steps_make(struct spread_sets *sets)
{
	const struct profile *profile = sets->profile;
	size_t capacity = 0;

	step_add(sets, &capacity, NUMBERING_NONE, 0); /* stands for none */
	sets->step_of = memory_allocate(profile->node_count + 1u, sizeof *sets->step_of);
	for (uint32_t node = 1; node < profile->node_count; node++) {
		const uint32_t location = profile->nodes[node].location;
		uint32_t step = sets->step_of[profile->nodes[node].parent];
		for (uint32_t line = profile->locations[location].line_count; line-- > 0;) {
			const uint32_t set = spread_set_of(sets, location, line);
			step = set == NUMBERING_NONE ? step : step_add(sets, &capacity, set, step);
		}
		sets->step_of[node] = step;
	}
}

/* A step's elements, and its place in the tree: the first step inwards, and the next one with the same callers. */
struct step_sum {
	uint32_t size, inner, sibling;
	uint64_t content;
};

static struct step_sum *elements_add(const struct spread_sets *sets, const uint32_t *sites)
{
	struct step_sum *sums = memory_allocate(sets->step_count, sizeof *sums);

	for (uint32_t element = 0; element < sets->hierarchy.element_count; element++) {
		struct step_sum *sum = &sums[spread_step(sets, sites[element])];
		sum->size++;
		sum->content += spread_content(element);
	}
	for (uint32_t i = sets->step_count; i-- > 1;) {
		struct step_sum *outer = &sums[sets->steps[i].outer];
		outer->size += sums[i].size;
		outer->content += sums[i].content;
		sums[i].sibling = outer->inner;
		outer->inner = i;
	}
	return sums;
}

void spread_steps_sum(struct spread_sets *sets, const uint32_t *sites)
{
	struct step_sum *sums = elements_add(sets, sites);
	uint32_t *open =
	    memory_allocate(sets->hierarchy.set_count + 1, sizeof *open); /* calls outwards of here, by set */

	for (uint32_t at = sums[0].inner; at;) {
		struct spread_set *set = &sets->sets[sets->steps[at].set];
		if (open[sets->steps[at].set]++ == 0) {
			set->size += sums[at].size;
			set->content += sums[at].content;
		}
		if (sums[at].inner) {
			at = sums[at].inner;
			continue;
		}
		while (at) {
			open[sets->steps[at].set]--;
			if (sums[at].sibling)
				break;
			at = sets->steps[at].outer;
		}
		at = at ? sums[at].sibling : 0;
	}
	free(open);
	free(sums);
}

void spread_steps_shorten(struct spread_sets *sets)
{
	uint32_t *kept = memory_allocate(sets->step_count, sizeof *kept); /* by step: what becomes of it */
	uint32_t count = 1;

	for (uint32_t i = 1; i < sets->step_count; i++) {
		const struct spread_step step = {sets->steps[i].set, kept[sets->steps[i].outer]};
		kept[i] = step.outer;
		if (!spread_is_worth_filling(&sets->sets[step.set]))
			continue;
		kept[i] = count;
		sets->steps[count++] = step;
	}
	for (uint32_t node = 0; node < sets->profile->node_count; node++)
		sets->step_of[node] = kept[sets->step_of[node]];
	sets->step_count = count;
	sets->is_short = true;
	free(kept);
}
