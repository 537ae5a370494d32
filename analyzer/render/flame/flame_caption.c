/* SPDX-License-Identifier: Apache-2.0 */
/* The texts around a flame graph's drawing: the program, the value shown, how sure its total is, the snapshots, and the
 * losses. */
#include <math.h>
#include <time.h>

#include <seep/snapshot.h>

#include "files/path.h"
#include "compare/comparison.h"
#include "profile/lost.h"
#include "render/words/estimate.h"
#include "render/flame/flame.h"
#include "render/words/losses.h"
#include "render/words/notes.h"
#include "render/words/quantity.h"
#include "statistics/interval.h"
#include "statistics/measure.h"

static const char *const value_texts[CALL_VALUE_COUNT] = {
    [CALL_INUSE_SPACE] = "in-use space",
    [CALL_INUSE_OBJECTS] = "in-use objects",
    [CALL_ALLOC_SPACE] = "allocated space",
    [CALL_ALLOC_OBJECTS] = "allocated objects",
};

static struct quantity value_quantity(enum call_value value, double amount)
{
	return call_value_is_space(value) ? quantity_bytes(amount) : quantity_count(amount);
}

static struct quantity signed_quantity(enum call_value value, double amount)
{
	return call_value_is_space(value) ? quantity_signed_bytes(amount) : quantity_signed_count(amount);
}

static const char *program_name(const struct profile *profile)
{
	if (profile->command && *profile->command)
		return profile->command;
	if (profile->executable && *profile->executable)
		return path_base_name(profile->executable);
	return path_base_name(profile->source);
}

/* The end of an interval: of which objects it speaks, where not all sizes could be seen. */
static void smallest_append(struct buffer *out, enum call_value value, const struct seep_measure *ever, double rate)
{
	if (call_value_is_space(value) || rate <= 1)
		buffer_append_text(out, ")");
	else
		buffer_printf(out, ", of objects of %s or more)", quantity_bytes(measure_smallest(ever, rate)).text);
}

/* "98.1 MiB (95 % interval 92.3 MiB to 104 MiB)", or without the interval where the source gives none. */
static void amount_append(struct buffer *out, const struct profile *profile, enum call_value value)
{
	struct profile_totals totals;
	bool space = call_value_is_space(value);
	bool in_use = call_value_is_in_use(value);

	profile_totals(profile, &totals);
	const struct seep_measure *measure = in_use ? &totals.in_use : &totals.allocated;
	const struct seep_sum *sum = space ? &measure->bytes : &measure->objects;
	buffer_append_text(out, value_quantity(value, sum_estimate(sum)).text);
	if (!space)
		buffer_append_text(out, " objects");
	if (profile->rate == 0) {
		buffer_append_text(out, " (no interval: its source has no sampling rate)");
	} else if (profile->rate == 1 || (measure->samples && !sum_is_uncertain(sum))) {
		buffer_append_text(out, profile_lost_any(profile) ? "" : " (exact)");
	} else {
		double rate = (double)profile->rate;
		double unseen = space ? unseen_bytes(rate) : unseen_objects(rate, &totals.allocated.objects);
		struct interval interval = sum_interval(sum, unseen, ALPHA);
		buffer_printf(out, " (95 %% interval %s to %s", value_quantity(value, interval.low).text,
			      value_quantity(value, interval.high).text);
		smallest_append(out, value, &totals.allocated, rate);
	}
	if (profile_is_lower_bound(profile))
		buffer_append_text(out, " or more");
}

static struct buffer *line_add(struct buffer *lines, unsigned *count)
{
	return &lines[(*count)++];
}

/* "196 samples, one in 512 KiB on average" */
static void samples_append(struct buffer *out, const struct profile *profile, enum call_value value)
{
	struct profile_totals totals;
	bool in_use = call_value_is_in_use(value);

	profile_totals(profile, &totals);
	uint64_t samples = in_use ? totals.in_use.samples : totals.allocated.samples;
	buffer_printf(out, "%s sample%s", quantity_exact((double)samples).text, samples == 1 ? "" : "s");
	if (profile_is_exact(profile))
		buffer_append_text(out, ": every allocation was recorded");
	else if (profile->rate == 1)
		buffer_append_text(out, ": every allocation but those lost");
	else if (profile->rate)
		buffer_printf(out, ", one in %s on average", quantity_bytes((double)profile->rate).text);
}

/* "seep.demo.12/000003.seep (timer), 30.2 s into the recording that began 2026-01-31 12:00:00 UTC" */
static void snapshot_append(struct buffer *out, const struct profile *profile)
{
	buffer_append_text(out, profile->source);
	if (profile->trigger != SEEP_TRIGGER_UNKNOWN)
		buffer_printf(out, " (%s)", trigger_name(profile->trigger));
	if (profile->time_ns > profile->start_ns && profile->start_ns) {
		double passed_ns = (double)(profile->time_ns - profile->start_ns);
		buffer_printf(out, ", %s into the recording", quantity_duration(passed_ns).text);
	}
	if (profile->start_unix_ns) {
		time_t start = (time_t)(profile->start_unix_ns / 1000000000);
		struct tm parts;
		char text[64];
		if (gmtime_r(&start, &parts) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts))
			buffer_printf(out, " that began %s", text);
	}
	if (profile->damaged)
		buffer_printf(out, "; %llu damaged snapshot%s left out", (unsigned long long)profile->damaged,
			      profile->damaged == 1 ? "" : "s");
}

static void process_append(struct buffer *out, const struct profile *profile)
{
	if (profile->executable && *profile->executable)
		buffer_append_text(out, profile->executable);
	else
		buffer_append_text(out, program_name(profile));
	if (profile->part_count)
		buffer_printf(out, ", %u processes added up", profile->part_count);
	if (profile->pid)
		buffer_printf(out, ", pid %llu", (unsigned long long)profile->pid);
	if (profile->host && *profile->host)
		buffer_printf(out, " on %s", profile->host);
	if (profile->allocator && *profile->allocator)
		buffer_printf(out, ", allocator %s", profile->allocator);
}

static void caption_fill_one(struct flame_caption *caption, enum call_value value, const struct profile *now)
{
	buffer_printf(&caption->title, "%s: %s, %s", program_name(now), value_texts[value],
		      profile_is_exact(now) ? "exact" : "estimated");
	struct buffer *line = line_add(caption->totals, &caption->total_count);
	amount_append(line, now, value);
	buffer_append_text(line, " from ");
	samples_append(line, now, value);

	line = line_add(caption->foot, &caption->foot_count);
	buffer_append_text(line, "Snapshot ");
	snapshot_append(line, now);
}

/* "+36.1 MiB (95 % interval +28.0 MiB to +44.3 MiB)". Only memory in use can be matched sample by sample. */
static void growth_append(struct buffer *out, enum call_value value, const struct profile *now,
			  const struct profile *base, double change)
{
	struct comparison comparison;
	bool space = call_value_is_space(value);

	buffer_append_text(out, signed_quantity(value, change).text);
	if (!call_value_is_in_use(value))
		return;
	comparison_build(&comparison, base, now, GROUP_BY_MODULE);
	if (comparison.has_intervals) {
		const struct row_sums sums = comparison_sums(&comparison, &comparison.total);
		const struct growth_intervals intervals = comparison_intervals(&comparison, &sums);
		struct interval interval = space ? intervals.bytes : intervals.objects;
		buffer_printf(out, " (95 %% interval %s to %s", signed_quantity(value, interval.low).text,
			      signed_quantity(value, interval.high).text);
		smallest_append(out, value, &sums.ever, comparison.rate);
	}
	comparison_free(&comparison);
}

static void moment_add(struct flame_caption *caption, const char *title, const struct profile *profile,
		       enum call_value value)
{
	struct buffer *line = line_add(caption->foot, &caption->foot_count);

	buffer_append_text(line, title);
	snapshot_append(line, profile);
	buffer_append_text(line, "; ");
	samples_append(line, profile, value);
}

static void caption_fill_difference(struct flame_caption *caption, const struct call_tree *tree,
				    const struct profile *now, const struct profile *base)
{
	enum call_value value = tree->arranged_by;
	double after = call_tree_sum(tree, &tree->nodes[0], CALL_NOW, call_value_is_space(value));
	double before = call_tree_sum(tree, &tree->nodes[0], CALL_BASE, call_value_is_space(value));
	const char *unit = call_value_is_space(value) ? "" : " objects";

	buffer_printf(&caption->title, "%s: change of %s", program_name(now), value_texts[value]);
	struct buffer *line = line_add(caption->totals, &caption->total_count);
	growth_append(line, value, now, base, after - before);
	buffer_printf(line, ": from %s to %s%s", value_quantity(value, before).text, value_quantity(value, after).text,
		      unit);
	moment_add(caption, "Before: ", base, value);
	moment_add(caption, "After: ", now, value);
}

static void notes_add(struct flame_caption *caption, const struct profile *profile)
{
	size_t count;
	struct buffer *notes = notes_of(profile, &count);

	if (count) {
		struct buffer *line = line_add(caption->foot, &caption->foot_count);
		buffer_append_text(line, "Note: ");
		for (size_t i = 0; i < count; i++)
			buffer_printf(line, "%s%s", i ? ". " : "", notes[i].data);
	}
	notes_free(notes, count);
}

void flame_caption_fill(struct flame_caption *caption, const struct call_tree *tree, const struct profile *now,
			const struct profile *base)
{
	if (base)
		caption_fill_difference(caption, tree, now, base);
	else
		caption_fill_one(caption, tree->arranged_by, now);
	process_append(line_add(caption->foot, &caption->foot_count), now);
	struct buffer *line = line_add(caption->foot, &caption->foot_count);
	buffer_append_text(line, "Losses: ");
	losses_append(line, now);
	notes_add(caption, now);
}

void flame_caption_free(struct flame_caption *caption)
{
	buffer_free(&caption->title);
	for (unsigned i = 0; i < FLAME_LINES_MAX; i++) {
		buffer_free(&caption->totals[i]);
		buffer_free(&caption->foot[i]);
	}
}
