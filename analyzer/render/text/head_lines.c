/* SPDX-License-Identifier: Apache-2.0 */
/* The lines that heads consist of: see head_lines.h. */
#include "render/text/head_lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "files/path.h"
#include "profile/lost.h"
#include "render/terminal/name_text.h"
#include "render/words/losses.h"
#include "render/words/notes.h"
#include "statistics/measure.h"

#define ARGUMENTS_COLUMNS 40
#define ACCOUNT_OLD_NS 1e9
#define NEAR_SHARE 0.25   /* a limit is mentioned if at most this share of it is left */
#define LEFT_SHARE 0.5    /* a last snapshot is mentioned if it has at most this share of the peak */
#define MAPPED_SHARE 0.05 /* of RSS: mappings of the program's own are mentioned from this share on */
#define CUT_SHARE 0.005   /* of the stacks: cut ones are mentioned from this share on */
#define INDENT 4          /* of further lines */

void head_line_add(struct head_line *line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (line->count < HEAD_PARTS_MAX)
		buffer_vprintf(&line->parts[line->count++], format, arguments);
	va_end(arguments);
}

/* Writes the line's parts, after `used` columns. */
static void line_write(struct head_line *line, struct text_page *page, const char *separator, unsigned used)
{
	text_write_parts(page, line->parts, line->count, separator, used, INDENT);
	buffer_append_byte(page->out, '\n');
	for (size_t i = 0; i < line->count; i++)
		buffer_free(&line->parts[i]);
	*line = (struct head_line){0};
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

/* The command line without the program's directory; if it is unknown, the program's name. */
void head_append_program(struct buffer *out, const struct profile *profile)
{
	const char *text = profile->arguments ? profile->arguments : "";
	const size_t word = strcspn(text, " ");

	for (size_t i = 0; i + 1 < word; i++) {
		if (profile->arguments[i] == '/')
			text = profile->arguments + i + 1;
	}
	beginning_append(out, *text ? text : program_name(profile), ARGUMENTS_COLUMNS);
	if (profile->part_count)
		buffer_printf(out, "%s(%u processes added up)", out->length ? " " : "", profile->part_count);
	if (profile->pid)
		buffer_printf(out, "%s(pid %llu)", out->length ? " " : "", (unsigned long long)profile->pid);
}

void head_write_program(struct text_page *page, const struct profile *profile, const char *label,
			struct head_line *line)
{
	struct buffer program = {0};

	head_append_program(&program, profile);
	text_write(page, STYLE_PLAIN, "%s", label);
	if (program.length) {
		text_write(page, STYLE_STRONG, "%s", program.data);
		buffer_append_text(page->out, "  ");
	}
	line_write(line, page, ", ", text_columns(label) + (program.length ? text_columns(program.data) + 2 : 0));
	buffer_free(&program);
}

static void part_add(struct head_line *line, const struct profile *profile, const struct profile_part *part)
{
	char pid[32] = "", rate[48] = "";

	if (part->pid)
		snprintf(pid, sizeof pid, " (pid %llu)", (unsigned long long)part->pid);
	if (part->rate != profile->rate)
		snprintf(rate, sizeof rate, " at %s", quantity_bytes((double)part->rate).text);
	head_line_add(line, "%s%s%s %s", part->source, pid, rate,
		      quantity_bytes(sum_estimate(&part->in_use.bytes)).text);
}

static void part_add_rss(struct head_line *line, const struct profile *profile, const struct profile_part *part)
{
	(void)profile;
	head_line_add(line, "pid %llu RSS %s", (unsigned long long)part->pid,
		      quantity_bytes((double)part->rss_bytes).text);
}

static void parts_write(struct text_page *page, const struct profile *profile, uint32_t most,
			void (*add)(struct head_line *, const struct profile *, const struct profile_part *))
{
	static const char label[] = "sum of ";
	struct head_line line = {0};

	for (uint32_t i = 0; i < profile->part_count && i < most; i++)
		add(&line, profile, &profile->parts[i]);
	if (profile->part_count == 0)
		return;
	if (profile->part_count > most)
		head_line_add(&line, "and %u more", profile->part_count - most);
	buffer_append_text(page->out, label);
	line_write(&line, page, ", ", sizeof label - 1);
}

void head_write_parts(struct text_page *page, const struct profile *profile, uint32_t most)
{
	parts_write(page, profile, most, &part_add);
}

void head_write_parts_rss(struct text_page *page, const struct profile *profile, uint32_t most)
{
	parts_write(page, profile, most, &part_add_rss);
}

void head_add_rate(struct head_line *line, const struct profile *profile)
{
	if (profile->is_of_mappings)
		head_line_add(line,
			      profile_lost_any(profile) ? "every mapping but those lost" : "every mapping recorded");
	else if (profile->rate > 1)
		head_line_add(line, "a sample every %s", quantity_bytes((double)profile->rate).text);
	else if (profile_is_exact(profile))
		head_line_add(line, "every allocation recorded");
	else if (profile->rate == 1)
		head_line_add(line, "every allocation but those lost");
	else
		head_line_add(line, "no sampling rate known: no intervals");
}

struct quantity head_moment(const struct profile *profile)
{
	if (profile->time_ns && profile->start_ns && profile->time_ns >= profile->start_ns)
		return quantity_duration((double)(profile->time_ns - profile->start_ns));
	return (struct quantity){""};
}

void head_append_number(struct buffer *out, const struct profile *profile)
{
	if (profile->number)
		buffer_printf(out, "%llu (%s)", (unsigned long long)profile->number, trigger_name(profile->trigger));
	else if (profile->part_count)
		buffer_append_text(out, "a snapshot of each");
	else
		buffer_append_text(out, path_base_name(profile->source ? profile->source : "profile"));
}

void head_add_moment(struct head_line *line, const struct profile *profile)
{
	const struct quantity moment = head_moment(profile);
	struct buffer number = {0};

	head_append_number(&number, profile);
	if (*moment.text)
		head_line_add(line, "%s", moment.text);
	head_line_add(line, "%s%s%s", profile->number ? "snapshot " : "", number.data,
		      profile->shutdown_left_out ? " (shutdown left out)" : "");
	buffer_free(&number);
}

/* "RSS 144 MiB, +114 MiB": a number now, and its change if there is a number before. */
static void add_memory(struct head_line *line, const char *format, enum seep_memory_key key,
		       const struct profile *profile, const struct profile *before)
{
	double now = 0, then = 0;
	struct buffer text = {0};

	if (!memory_get(profile, key, &now))
		return;
	const bool has_change = before && memory_get(before, key, &then);
	buffer_printf(&text, "%s%s%s", quantity_bytes(now).text, has_change ? ", " : "",
		      has_change ? quantity_signed_bytes(now - then).text : "");
	if (has_change || now > 0)
		head_line_add(line, "%s%s", format, text.data);
	buffer_free(&text);
}

/* How long before the snapshot the allocator was asked for its account, in ns; 0: unknown. */
static double account_age_ns(const struct profile *profile)
{
	double taken_ns = 0;

	if (!memory_get(profile, SEEP_MEMORY_ALLOCATOR_TIME, &taken_ns) || taken_ns >= (double)profile->time_ns)
		return 0;
	return (double)profile->time_ns - taken_ns;
}

static void add_account_value(struct head_line *line, const char *what, enum seep_memory_key key,
			      const struct profile *profile, const struct profile *before)
{
	double now = 0, then = 0;

	if (!memory_get(profile, key, &now))
		return;
	if (before && memory_get(before, key, &then))
		head_line_add(line, "%s %s (%s)", quantity_bytes(now).text, what,
			      quantity_signed_bytes(now - then).text);
	else
		head_line_add(line, "%s %s", quantity_bytes(now).text, what);
}

/* "glibc itself counts 134 MiB in use, 3.24 MiB free". The allocator is asked only now and then. If that was long
 * before the snapshot, the line says so, and does not compare. */
static void write_account(struct text_page *page, const struct profile *profile, const struct profile *before)
{
	const char *allocator = profile->allocator && *profile->allocator ? profile->allocator : "the allocator";
	const double age_ns = account_age_ns(profile);
	struct buffer label = {0};
	struct head_line line = {0};

	if (age_ns > ACCOUNT_OLD_NS || (before && account_age_ns(before) > ACCOUNT_OLD_NS))
		before = NULL;
	add_account_value(&line, "in use", SEEP_MEMORY_ALLOCATOR_IN_USE, profile, before);
	add_account_value(&line, "free", SEEP_MEMORY_ALLOCATOR_FREE, profile, before);
	if (line.count == 0)
		return;
	buffer_printf(&label, "%.32s itself counted ", allocator);
	text_write(page, STYLE_PLAIN, "%s", label.data);
	if (age_ns > ACCOUNT_OLD_NS)
		head_line_add(&line, "when it was asked, %s earlier", quantity_duration(age_ns).text);
	line_write(&line, page, ", ", text_columns(label.data));
	buffer_free(&label);
}

/* Says how much the nearest limit leaves, if that is little or was the reason for the snapshot. */
static void add_limit(struct head_line *line, const struct profile *profile)
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
	head_line_add(line, "limit of %s %s, %s left", what, quantity_bytes(limit).text, quantity_bytes(left).text);
}

/* "mapped by the program itself 1.00 TiB, 12.0 MiB of it in memory: seep report --mappings", unless that is little
 * beside the rest of the memory. */
static void write_mappings(struct text_page *page, const struct profile *profile, const struct profile *before)
{
	double mapped = 0, resident = 0, rss = 0, count = 0;
	struct head_line line = {0};

	if (profile->is_of_mappings || !memory_get(profile, SEEP_MEMORY_MAPPINGS, &mapped) ||
	    !memory_get(profile, SEEP_MEMORY_MAPPINGS_COUNT, &count))
		return;
	const bool is_seen = memory_get(profile, SEEP_MEMORY_MAPPINGS_RESIDENT, &resident);
	memory_get(profile, SEEP_MEMORY_RSS, &rss);
	if ((is_seen ? resident : mapped) < MAPPED_SHARE * rss || mapped <= 0)
		return;
	add_memory(&line, "mapped by the program itself ", SEEP_MEMORY_MAPPINGS, profile, before);
	if (is_seen)
		head_line_add(&line, "in memory %s", quantity_bytes(resident).text);
	head_line_add(&line, "%s mapping%s", quantity_count(count).text, count == 1 ? "" : "s");
	head_line_add(&line, "--mappings shows them");
	line_write(&line, page, ", ", 0);
}

void head_write_memory(struct text_page *page, const struct profile *profile, const struct profile *before,
		       const char *samples, double allocated)
{
	struct head_line line = {0};

	if (*samples)
		head_line_add(&line, "in use %s", samples);
	add_memory(&line, "RSS ", SEEP_MEMORY_RSS, profile, before);
	add_memory(&line, "swap ", SEEP_MEMORY_SWAP, profile, NULL);
	if (profile_has(profile, CALL_ALLOC_SPACE))
		head_line_add(&line, "allocated %s%s", quantity_bytes(allocated).text, before ? " in that time" : "");
	add_limit(&line, profile);
	line_write(&line, page, "   ", 0);
	write_mappings(page, profile, before);
	write_account(page, profile, before);
}

/* Adds the parts of a text, which ", " separates. */
static void add_list(struct head_line *line, const char *text)
{
	for (const char *end; (end = strstr(text, ", ")); text = end + 2)
		head_line_add(line, "%.*s", (int)(end - text), text);
	head_line_add(line, "%s", text);
}

/* Writes all losses that are not zero. */
void head_write_losses(struct text_page *page, const struct profile *profile, uint64_t samples)
{
	static const char label[] = "lost: ";
	struct head_line line = {0};
	struct buffer losses = {0};
	const uint64_t cut = profile->losses[SEEP_LOSS_STACKS_TRUNCATED];

	losses_append(&losses, profile);
	add_list(&line, losses.data);
	if (samples && (double)cut > CUT_SHARE * (double)samples)
		head_line_add(&line, "%s of all stacks cut", quantity_share((double)cut, (double)samples).text);
	if (profile_detection_limit(profile) > 0)
		head_line_add(&line, "places under %s may be unseen",
			      quantity_bytes(profile_detection_limit(profile)).text);
	text_write(page, STYLE_PLAIN, "%s", label);
	line_write(&line, page, ", ", sizeof label - 1);
	buffer_free(&losses);
}

void head_write_note(struct text_page *page, const char *text)
{
	struct buffer note = {0};

	buffer_printf(&note, "note: %s", text);
	text_write_words(page, STYLE_WARNING, note.data, 0);
	buffer_free(&note);
}

/* The share of memory without names differs from moment to moment; that does not make another note. */
static bool is_same_but_for_figures(const char *one, const char *other)
{
	static const char figures[] = "<.0123456789";

	for (;; one++, other++) {
		one += strspn(one, figures);
		other += strspn(other, figures);
		if (*one != *other || !*one)
			return *one == *other;
	}
}

void head_write_notes(struct text_page *page, const struct profile *profile, const struct profile *but_not_of)
{
	size_t count = 0, known_count = 0;
	struct buffer *notes = notes_of(profile, &count);
	struct buffer *known = but_not_of ? notes_of(but_not_of, &known_count) : NULL;

	for (size_t i = 0; i < count; i++) {
		bool is_known = false;
		for (size_t k = 0; k < known_count; k++)
			is_known |= is_same_but_for_figures(notes[i].data, known[k].data);
		if (!is_known)
			head_write_note(page, notes[i].data);
	}
	notes_free(notes, count);
	if (known)
		notes_free(known, known_count);
}

/* A program that frees everything as it ends leaves no leaks in its last snapshot. */
void head_write_end_note(struct text_page *page, const struct profile *profile, double in_use)
{
	const bool is_end = profile->trigger == SEEP_TRIGGER_EXIT || profile->trigger == SEEP_TRIGGER_POSTMORTEM;
	struct buffer text = {0};
	double peak = 0;

	if (!is_end || !memory_get(profile, SEEP_MEMORY_IN_USE_PEAK, &peak) || in_use > LEFT_SHARE * peak ||
	    peak < profile_detection_limit(profile))
		return;
	buffer_printf(&text,
		      "this is the end of the program, with %s left of a peak of %s: ", quantity_bytes(in_use).text,
		      quantity_bytes(peak).text);
	buffer_append_text(&text,
			   "memory that it freed as it ended no longer shows; an earlier snapshot may tell more");
	head_write_note(page, text.data);
	buffer_free(&text);
}
