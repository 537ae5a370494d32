/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison by stack knows, for each site, which samples it kept, got and lost: these are cells of a recording with
 * two moments. If samples can't be matched, all of the earlier profile's are lost and all of the later one's are
 * new. */
#include "page/pair_page.h"

#include <math.h>
#include <stdlib.h>

#include "base/budget.h"
#include "base/memory.h"
#include "compare/comparison.h"
#include "page/page.h"
#include "page/selection.h"
#include "statistics/measure.h"

static struct seep_sum sum_without(struct seep_sum all, const struct seep_sum *part)
{
	all.uncertain = fmax(0, all.uncertain - part->uncertain);
	all.variance = fmax(0, all.variance - part->variance);
	all.certain = fmax(0, all.certain - part->certain);
	return all;
}

static struct seep_measure measure_without(const struct seep_measure *all, const struct seep_measure *part)
{
	return (struct seep_measure){
	    .samples = all->samples > part->samples ? all->samples - part->samples : 0,
	    .bytes = sum_without(all->bytes, &part->bytes),
	    .objects = sum_without(all->objects, &part->objects),
	};
}

static void rest_add(struct page_selection *selection, uint32_t site, uint32_t born, uint32_t dead,
		     const struct seep_measure *sum)
{
	if (sum_estimate(&sum->bytes) > 0 || sum_estimate(&sum->objects) > 0)
		selection->rest[selection->rest_count++] = (struct page_rest){born, dead, site, *sum};
}

static void row_add(struct page_selection *selection, const struct comparison *comparison,
		    const struct comparison_row *row)
{
	const struct row_sums sums = comparison_sums(comparison, row);

	if (!comparison->has_intervals) {
		rest_add(selection, row->group, 0, 1, &sums.before);
		rest_add(selection, row->group, 1, 2, &sums.after);
		return;
	}
	const struct seep_measure kept = measure_without(&sums.after, &sums.fresh);
	rest_add(selection, row->group, 0, 1, &sums.gone);
	rest_add(selection, row->group, 0, 2, &kept);
	rest_add(selection, row->group, 1, 2, &sums.fresh);
}

/* Adds what each group had allocated by a moment. */
static void counters_add(struct page_selection *selection, const struct profile *profile, const uint32_t *group,
			 uint32_t moment)
{
	struct page_counter *counters = &selection->counters[selection->counter_count];

	for (uint32_t i = 0; i < selection->count; i++)
		counters[i] = (struct page_counter){.site = i, .snapshot = moment};
	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct seep_measure *allocated = &profile->sites[i].allocated;
		struct page_counter *counter = &counters[group[i]];
		counter->bytes += sum_estimate(&allocated->bytes);
		counter->objects += sum_estimate(&allocated->objects);
		counter->largest = fmax(counter->largest, allocated->objects.largest);
	}
	selection->counter_count += selection->count;
}

static void selection_allocate(struct page_selection *selection, uint32_t count)
{
	selection->count = count;
	selection->rest = memory_allocate(3 * (size_t)count + 1, sizeof *selection->rest);
	selection->counters = memory_allocate(2 * (size_t)count + 1, sizeof *selection->counters);
}

static void pair_select(struct page_selection *selection, struct comparison *comparison)
{
	uint32_t *before = group_table_add(&comparison->groups, comparison->before);
	uint32_t *after = group_table_add(&comparison->groups, comparison->after);

	selection_allocate(selection, comparison->groups.count);
	for (uint32_t i = 0; i < comparison->count; i++)
		row_add(selection, comparison, &comparison->rows[i]);
	counters_add(selection, comparison->before, before, 0);
	counters_add(selection, comparison->after, after, 1);
	free(before);
	free(after);
}

/* For one profile: its groups as they are in use. */
static void profile_select(struct page_selection *selection, struct group_table *groups, const struct profile *profile)
{
	uint32_t *group = group_table_add(groups, profile);

	selection_allocate(selection, groups->count);
	for (uint32_t i = 0; i < groups->count; i++)
		selection->rest[i] = (struct page_rest){0, 1, i, {0}};
	for (uint32_t i = 0; i < profile->site_count; i++)
		measure_add(&selection->rest[group[i]].sum, &profile->sites[i].in_use);
	selection->rest_count = groups->count;
	counters_add(selection, profile, group, 0);
	free(group);
}

static struct page_moment moment_of(const struct profile *profile)
{
	struct page_moment moment = {
	    .number = profile->number, .time_ns = profile->time_ns, .trigger = profile->trigger};

	moment.memory_known = profile->memory_known;
	for (size_t i = 0; i < sizeof moment.memory / sizeof *moment.memory; i++)
		moment.memory[i] = profile->memory[i];
	return moment;
}

static const char *metric_name(enum call_value value, bool differs)
{
	if (call_value_is_in_use(value) && differs)
		return "growth";
	if (call_value_is_in_use(value))
		return call_value_is_space(value) ? "inuse" : "objects";
	return call_value_is_space(value) ? "allocated" : "allocations";
}

void pair_page_render(struct buffer *out, const struct profile *now, const struct profile *base, enum call_value value)
{
	struct page_selection selection = {0};
	struct comparison comparison = {0};
	struct group_table groups;
	const struct page_moment moments[] = {moment_of(base ? base : now), moment_of(now)};
	const uint64_t nodes = budget_tree_nodes(now->input_bytes + (base ? base->input_bytes : 0));
	struct page page = {
	    .source = now->source,
	    .moments = moments,
	    .moment_count = base ? 2 : 1,
	    .judged_at = base ? 1 : 0,
	    .whole = now,
	    .damaged = now->damaged + (base ? base->damaged : 0),
	    .unjudged = base ? "two snapshots only: leaks are found in a series"
			     : "one snapshot only: leaks are found in a series",
	    .metric = metric_name(value, base != NULL),
	    .selection = &selection,
	    .node_limit = nodes < UINT32_MAX ? (uint32_t)nodes : UINT32_MAX,
	};

	if (base) {
		comparison_build(&comparison, base, now, GROUP_BY_STACK);
		pair_select(&selection, &comparison);
		page.groups = &comparison.groups;
		page.is_unsure = !comparison.has_intervals;
	} else {
		group_table_init(&groups, GROUP_BY_STACK);
		profile_select(&selection, &groups, now);
		page.groups = &groups;
	}
	page_render(out, &page);
	page_selection_free(&selection);
	if (base)
		comparison_free(&comparison);
	else
		group_table_free(&groups);
}
