/* SPDX-License-Identifier: Apache-2.0 */
/* Heads: a few lines of parts, broken between parts where the page ends. */
#include "render/text/head_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/path.h"
#include "compare/samples.h"
#include "profile/lost.h"
#include "render/words/estimate.h"
#include "render/words/losses.h"
#include "render/text/name_text.h"
#include "render/words/notes.h"
#include "statistics/measure.h"

#define PARTS_MAX 20
#define ARGUMENTS_COLUMNS 48
#define ACCOUNT_OLD_NS 1e9
#define NEAR_SHARE 0.25 /* of a limit, or less, is worth a word */
#define LEFT_SHARE 0.5  /* of the peak, or less, is worth a word at the end */
#define CUT_SHARE 0.005 /* of the stacks; less is not worth a word more */
#define INDENT 8        /* of the lines that go on */

/* Parts of a line, gathered before they are written. */
struct line {
	struct buffer parts[PARTS_MAX];
	size_t count;
};

static void line_add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void line_add(struct line *line, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	const int length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length >= 0 && line->count < PARTS_MAX)
		buffer_append(&line->parts[line->count++], text, (size_t)length);
	free(text);
}

/* "seen    a, b, c": a label that fills the indentation, then the parts. */
static void line_write(struct line *line, struct text_page *page, const char *label, const char *separator)
{
	text_write(page, STYLE_FAINT, "%-*s", INDENT, label);
	text_write_parts(page, line->parts, line->count, separator, INDENT);
	buffer_append_byte(page->out, '\n');
	for (size_t i = 0; i < line->count; i++)
		buffer_free(&line->parts[i]);
	*line = (struct line){0};
}

static bool memory_get(const struct profile *profile, enum seep_memory_key key, double *bytes)
{
	if (!(profile->memory_known >> key & 1))
		return false;
	*bytes = (double)profile->memory[key];
	return true;
}

static const char *program_name(const struct profile *profile)
{
	if (profile->command && *profile->command)
		return profile->command;
	return profile->executable && *profile->executable ? path_base_name(profile->executable) : "";
}

/* The command line without the program's directory, where it says more than the program's name. */
static void add_arguments(struct line *line, const struct profile *profile)
{
	const char *text = profile->arguments ? profile->arguments : "";
	const size_t word = strcspn(text, " ");
	struct buffer arguments = {0};

	for (size_t i = 0; i + 1 < word; i++) {
		if (profile->arguments[i] == '/')
			text = profile->arguments + i + 1;
	}
	if (*text && strcmp(text, program_name(profile)) != 0) {
		beginning_append(&arguments, text, ARGUMENTS_COLUMNS);
		line_add(line, "%s", arguments.data);
	}
	buffer_free(&arguments);
}

static void add_program(struct line *line, const struct profile *profile)
{
	if (profile->pid)
		line_add(line, "%s (pid %llu)", program_name(profile), (unsigned long long)profile->pid);
	else if (*program_name(profile))
		line_add(line, "%s", program_name(profile));
	add_arguments(line, profile);
}

static void add_rate(struct line *line, const struct profile *profile)
{
	if (profile->rate > 1)
		line_add(line, "a sample every %s", quantity_bytes((double)profile->rate).text);
	else if (profile_is_exact(profile))
		line_add(line, "every allocation recorded");
	else if (profile->rate == 1)
		line_add(line, "every allocation but those lost");
	else
		line_add(line, "no sampling rate known: no intervals");
}

/* "snapshot 12 (exit) after 2 min 31 s". */
static void append_moment(struct buffer *out, const struct profile *profile)
{
	if (profile->number)
		buffer_printf(out, "snapshot %llu (%s)", (unsigned long long)profile->number,
			      trigger_name(profile->trigger));
	else
		buffer_append_text(out, path_base_name(profile->source ? profile->source : "profile"));
	if (profile->time_ns && profile->start_ns && profile->time_ns >= profile->start_ns)
		buffer_printf(out, " after %s", quantity_duration((double)(profile->time_ns - profile->start_ns)).text);
	if (profile->shutdown_left_out)
		buffer_append_text(out, " (shutdown left out)");
}

/* A number now, and where there is one before, its change. */
static void add_memory(struct line *line, const char *who, enum seep_memory_key key, const struct profile *profile,
		       const struct profile *before)
{
	double now = 0, then = 0;

	if (!memory_get(profile, key, &now))
		return;
	if (before && memory_get(before, key, &then))
		line_add(line, "%s %s (%s)", who, quantity_bytes(now).text, quantity_signed_bytes(now - then).text);
	else if (now > 0)
		line_add(line, "%s %s", who, quantity_bytes(now).text);
}

/* How long before the snapshot the allocator was asked for its account, in ns; 0 if that is not known. */
static double account_age_ns(const struct profile *profile)
{
	double taken_ns = 0;

	if (!memory_get(profile, SEEP_MEMORY_ALLOCATOR_TIME, &taken_ns) || taken_ns >= (double)profile->time_ns)
		return 0;
	return (double)profile->time_ns - taken_ns;
}

/* The allocator's account. It is asked only now and then: where that was long before a snapshot, its age is told, and
 * it is not compared. */
static void add_account(struct line *line, const struct profile *profile, const struct profile *before)
{
	static const struct {
		enum seep_memory_key key;
		const char *what;
	} accounts[] = {{SEEP_MEMORY_ALLOCATOR_IN_USE, "in use"}, {SEEP_MEMORY_ALLOCATOR_FREE, "free"}};
	const char *allocator = profile->allocator && *profile->allocator ? profile->allocator : "allocator";
	const double age_ns = account_age_ns(profile);
	char who[96];

	if (age_ns > ACCOUNT_OLD_NS || (before && account_age_ns(before) > ACCOUNT_OLD_NS))
		before = NULL;
	for (size_t i = 0; i < sizeof accounts / sizeof *accounts; i++) {
		if (age_ns > ACCOUNT_OLD_NS)
			snprintf(who, sizeof who, "%.32s %s, %s before,", allocator, accounts[i].what,
				 quantity_duration(age_ns).text);
		else
			snprintf(who, sizeof who, "%.32s %s", allocator, accounts[i].what);
		add_memory(line, who, accounts[i].key, profile, before);
	}
}

/* How much the limit that is nearest leaves, where that is little or why the snapshot was taken. */
static void add_limit(struct line *line, const struct profile *profile)
{
	double which = 0, limit = 0, left = 0;

	if (!memory_get(profile, SEEP_MEMORY_NEAREST, &which) ||
	    !memory_get(profile, SEEP_MEMORY_NEAREST_LIMIT, &limit) ||
	    !memory_get(profile, SEEP_MEMORY_NEAREST_LEFT, &left) ||
	    (profile->trigger != SEEP_TRIGGER_LIMIT && left > NEAR_SHARE * limit))
		return;
	const char *what = which == SEEP_MEMORY_LIMIT_VIRTUAL ? "address space"
			   : which == SEEP_MEMORY_LIMIT_DATA  ? "data"
							      : "cgroup";
	line_add(line, "limit of %s %s, %s left", what, quantity_bytes(limit).text, quantity_bytes(left).text);
}

/* Writes the memory as the system sees it, as the allocator sees it, and as the samples estimate it. */
static void write_memory(struct text_page *page, const struct profile *profile, const struct profile *before,
			 const char *samples, double allocated)
{
	struct line line = {0};
	double counted = 0, counted_before = 0;

	add_memory(&line, "RSS", SEEP_MEMORY_RSS, profile, before);
	if (*samples)
		line_add(&line, "samples in use %s", samples);
	add_account(&line, profile, before);
	add_memory(&line, "swap", SEEP_MEMORY_SWAP, profile, NULL);
	add_limit(&line, profile);
	/* A check on seep itself: the bytes that the countdowns counted, beside the estimate from the samples. */
	if (before && profiles_are_same_process(before, profile) &&
	    !memory_get(before, SEEP_MEMORY_COUNTED, &counted_before))
		counted_before = NAN;
	if (memory_get(profile, SEEP_MEMORY_COUNTED, &counted) && counted >= counted_before)
		line_add(&line, "allocated %s (%s counted)", quantity_bytes(allocated).text,
			 quantity_bytes(counted - counted_before).text);
	line_write(&line, page, "memory", " | ");
}

/* Adds the parts of a text that are separated by ", ". */
static void add_list(struct line *line, const char *text)
{
	for (const char *end; (end = strstr(text, ", ")); text = end + 2)
		line_add(line, "%.*s", (int)(end - text), text);
	line_add(line, "%s", text);
}

/* Writes the losses. None that is not zero is left out. */
static void write_losses(struct text_page *page, const struct profile *profile, uint64_t samples)
{
	struct line line = {0};
	struct buffer losses = {0};
	const uint64_t cut = profile->losses[SEEP_LOSS_STACKS_TRUNCATED];

	losses_append(&losses, profile);
	add_list(&line, losses.data);
	if (samples && (double)cut > CUT_SHARE * (double)samples)
		line_add(&line, "%s of all stacks cut", quantity_share((double)cut, (double)samples).text);
	if (profile_detection_limit(profile) > 0)
		line_add(&line, "sites below %s may be unseen", quantity_bytes(profile_detection_limit(profile)).text);
	line_write(&line, page, "lost", ", ");
	buffer_free(&losses);
}

static void write_notes(struct text_page *page, const struct profile *profile, const struct profile *but_not_of)
{
	size_t count = 0, known_count = 0;
	struct buffer *notes = notes_of(profile, &count);
	struct buffer *known = but_not_of ? notes_of(but_not_of, &known_count) : NULL;

	for (size_t i = 0; i < count; i++) {
		bool is_known = false;
		for (size_t k = 0; k < known_count; k++)
			is_known |= strcmp(notes[i].data, known[k].data) == 0;
		if (!is_known)
			text_write_labelled(page, "note", notes[i].data, INDENT);
	}
	notes_free(notes, count);
	if (known)
		notes_free(known, known_count);
}

/* Programs that free all that they have as they end hide their leaks from a snapshot of their end. */
static void write_end_note(struct text_page *page, const struct profile *profile, double in_use)
{
	const bool is_end = profile->trigger == SEEP_TRIGGER_EXIT || profile->trigger == SEEP_TRIGGER_POSTMORTEM;
	struct buffer text = {0};
	double peak = 0;

	if (!is_end || !memory_get(profile, SEEP_MEMORY_IN_USE_PEAK, &peak) || in_use > LEFT_SHARE * peak)
		return;
	buffer_printf(&text,
		      "taken at the end of the program, with %s left of a peak of %s: ", quantity_bytes(in_use).text,
		      quantity_bytes(peak).text);
	buffer_append_text(&text, "what it freed as it ended no longer shows; an earlier snapshot may tell more");
	text_write_labelled(page, "note", text.data, INDENT);
	buffer_free(&text);
}

void head_write_report(struct text_page *page, const struct inventory *inventory)
{
	const struct profile *profile = inventory->profile;
	const double in_use = sum_estimate(&inventory->total.in_use.bytes);
	struct buffer moment = {0};
	struct line line = {0};
	char samples[80] = "";

	add_program(&line, profile);
	append_moment(&moment, profile);
	line_add(&line, "%s", moment.data);
	add_rate(&line, profile);
	line_write(&line, page, "program", ", ");
	if (!profile_has(profile, CALL_INUSE_SPACE)) {
		/* Nothing is said. */
	} else if (inventory->has_intervals) {
		const struct estimate_text text =
		    estimate_bytes(in_use, inventory_in_use(inventory, &inventory->total), profile);
		snprintf(samples, sizeof samples, "%s %s", text.value, text.interval);
	} else {
		snprintf(samples, sizeof samples, "%s", quantity_bytes(in_use).text);
	}
	write_memory(page, profile, NULL, samples, sum_estimate(&inventory->total.allocated.bytes));
	write_losses(page, profile, inventory->total.allocated.samples);
	write_notes(page, profile, NULL);
	write_end_note(page, profile, in_use);
	buffer_free(&moment);
}

/* "snapshot 3 (timer) after 31.0 s to snapshot 12 (exit) after 2 min 31 s: 2 min". */
static void write_period(struct text_page *page, const struct comparison *comparison)
{
	struct buffer before = {0}, after = {0};
	struct line line = {0};

	append_moment(&before, comparison->before);
	append_moment(&after, comparison->after);
	line_add(&line, "%s", before.data);
	const bool has_length = isfinite(comparison->seconds) && comparison->same_process;
	line_add(&line, "to %s%s", after.data, has_length ? "," : "");
	if (has_length)
		line_add(&line, "%s in between", quantity_duration(comparison->seconds * 1e9).text);
	line_write(&line, page, "from", " ");
	buffer_free(&before);
	buffer_free(&after);
}

void head_write_diff(struct text_page *page, const struct comparison *comparison)
{
	const struct profile *before = comparison->before;
	const struct profile *after = comparison->after;
	const struct comparison_row *total = &comparison->total;
	struct estimate_text growth = {"", ""};
	struct line line = {0};
	char samples[112];

	if (!comparison->same_process) {
		add_program(&line, before);
		add_rate(&line, before);
		line_write(&line, page, "before", ", ");
	}
	add_program(&line, after);
	add_rate(&line, after);
	line_write(&line, page, comparison->same_process ? "program" : "after", ", ");
	write_period(page, comparison);
	if (comparison->has_intervals)
		growth =
		    estimate_growth(total->growth_bytes, comparison_intervals(comparison, total).bytes, before, after);
	else
		snprintf(growth.value, sizeof growth.value, "%s", quantity_signed_bytes(total->growth_bytes).text);
	snprintf(samples, sizeof samples, "%s (%s%s%s)", quantity_bytes(sum_estimate(&total->after.bytes)).text,
		 growth.value, *growth.interval ? " " : "", growth.interval);
	write_memory(page, after, before, samples, sum_estimate(&total->churn.allocated.bytes));
	write_losses(page, after, total->allocated.samples);
	if (comparison->has_intervals && !comparison->same_process)
		text_write_labelled(
		    page, "note",
		    "these are two processes: all that BEFORE has in use counts as gone, all that AFTER has in use as "
		    "new; churn is AFTER's since it began",
		    INDENT);
	else if (!comparison->has_intervals)
		text_write_labelled(page, "note",
				    "the samples can't be matched, or how they were taken is not known: growth is the "
				    "difference of the totals",
				    INDENT);
	write_end_note(page, after, sum_estimate(&total->after.bytes));
	write_notes(page, after, NULL);
	write_notes(page, before, after);
}

/* "24 snapshots by the timer, read as of snapshot 24 (timer) after 4 min, growth is since 2 min". */
static void write_series(struct text_page *page, const struct leaks *leaks)
{
	struct buffer moment = {0};
	struct line line = {0};

	append_moment(&moment, leaks->reference);
	line_add(&line, "%u snapshots by the timer", leaks->timer_count);
	line_add(&line, "judged at %s", moment.data);
	if (leaks->middle->time_ns > leaks->middle->start_ns)
		line_add(&line, "growth is since %s",
			 quantity_duration((double)(leaks->middle->time_ns - leaks->middle->start_ns)).text);
	line_write(&line, page, "series", ", ");
	buffer_free(&moment);
}

void head_write_leaks(struct text_page *page, const struct leaks *leaks)
{
	const struct profile *profile = leaks->reference;
	struct profile_totals totals;
	struct line line = {0};

	profile_totals(profile, &totals);
	add_program(&line, profile);
	add_rate(&line, profile);
	line_write(&line, page, "program", ", ");
	write_series(page, leaks);
	write_memory(page, profile, NULL, quantity_bytes(sum_estimate(&totals.in_use.bytes)).text,
		     sum_estimate(&totals.allocated.bytes));
	write_losses(page, profile, totals.allocated.samples);
	write_notes(page, profile, NULL);
}
