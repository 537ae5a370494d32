/* SPDX-License-Identifier: Apache-2.0 */
/* Says in words what a snapshot's status and flags mean for its numbers, with advice. */
#include "render/words/notes.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "files/path.h"
#include "render/words/quantity.h"

#define DETECTION_RATES 3
#define NAMELESS_SHARE 0.02 /* no note about a smaller share */

const char *trigger_name(uint32_t trigger)
{
	static const char *const names[SEEP_TRIGGER_COUNT] = {
	    [SEEP_TRIGGER_UNKNOWN] = "unknown",       [SEEP_TRIGGER_TIMER] = "timer",   [SEEP_TRIGGER_EXIT] = "exit",
	    [SEEP_TRIGGER_REQUEST] = "request",       [SEEP_TRIGGER_SIGNAL] = "signal", [SEEP_TRIGGER_PEAK] = "peak",
	    [SEEP_TRIGGER_POSTMORTEM] = "postmortem", [SEEP_TRIGGER_API] = "api",       [SEEP_TRIGGER_LIMIT] = "limit",
	};

	return trigger < SEEP_TRIGGER_COUNT ? names[trigger] : names[SEEP_TRIGGER_UNKNOWN];
}

static const struct {
	uint32_t status;
	const char *text;
} status_notes[] = {
    {SEEP_STATUS_POOLS, "a pool above malloc hides sites: it asks malloc for large blocks and hands out parts of them; "
			"for python, run with PYTHONMALLOC=malloc"},
    {SEEP_STATUS_NO_UNWINDER, "libunwind was not found, so stacks are one frame deep; install libunwind8"},
    {SEEP_STATUS_LEFT, "seep left the program, which ran on"},
    {SEEP_STATUS_FORKED, "recording began in a forked child: memory that it inherited from its parent is not in it"},
    {SEEP_STATUS_ANONYMOUS, "there was no space for the heap file: samples after the last snapshot died with the "
			    "process"},
    {SEEP_STATUS_COARSE_CLOCK, "the program has forbidden itself to read clocks: from then on, ages and lifetimes go "
			       "by its keeper's last look: they are up to a second off, or unknown without a keeper"},
    {SEEP_STATUS_VALGRIND, "recorded under valgrind: sizes are right, times are not"},
};

static const struct {
	uint32_t flag;
	const char *text;
} flag_notes[] = {
    {SEEP_SNAPSHOT_LOWER_BOUND, "a table of the recording was full: totals are lower bounds; record with a larger rate "
				"or a larger max-live"},
    {SEEP_SNAPSHOT_DOUBTED, "the keeper died while it folded events: one of them may be counted twice"},
};

/* The memory in use of stacks whose innermost call has no name, or a name that was kept with the recording. */
struct naming {
	double *nameless, *kept; /* bytes, by module */
	double total;
};

static struct naming naming_measure(const struct profile *profile)
{
	struct naming naming = {.nameless = memory_allocate(profile->module_count + 1u, sizeof(double)),
				.kept = memory_allocate(profile->module_count + 1u, sizeof(double))};
	uint8_t *labels = memory_allocate(profile->module_count + 1u, 1); /* do they name functions? 1 no, 2 yes */

	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct profile_site *site = &profile->sites[i];
		const struct profile_location *leaf = profile_leaf(profile, site);
		const double in_use = site->in_use.bytes.uncertain + site->in_use.bytes.certain;
		naming.total += in_use;
		if (!leaf || !leaf->line_count)
			continue;
		const struct profile_module *module = &profile->modules[leaf->module];
		uint8_t *label = &labels[leaf->module];
		if (leaf->labelled && !*label)
			*label = profile_location_is_named(profile, leaf) ? 2 : 1;
		if (leaf->labelled ? *label == 1 : !profile_location_is_named(profile, leaf))
			naming.nameless[leaf->module] += in_use;
		else if (module->names_kept)
			naming.kept[leaf->module] += in_use;
	}
	free(labels);
	return naming;
}

static void naming_free(struct naming *naming)
{
	free(naming->nameless);
	free(naming->kept);
}

/* The module with most bytes, if these are worth a note; else NULL. */
static const struct profile_module *most_of(const struct profile *profile, const double *bytes, double total,
					    double *most)
{
	const struct profile_module *module = NULL;

	*most = NAMELESS_SHARE * total;
	for (uint32_t i = 0; i < profile->module_count; i++) {
		if (!profile->modules[i].symbols || !(bytes[i] > *most))
			continue;
		module = &profile->modules[i];
		*most = bytes[i];
	}
	return module;
}

static void nameless_append(struct buffer *out, const struct profile *profile, const struct naming *naming)
{
	double bytes;
	const struct profile_module *module = most_of(profile, naming->nameless, naming->total, &bytes);

	if (module)
		buffer_printf(out,
			      "names are missing for %s of the memory in use, in %s: %s; debug symbols of this very "
			      "build would add them (seep report --modules)",
			      quantity_share(bytes, naming->total).text,
			      *module->path ? path_base_name(module->path) : "code made at run time", module->symbols);
}

void names_note_append(struct buffer *out, const struct profile *profile)
{
	struct naming naming = naming_measure(profile);

	nameless_append(out, profile, &naming);
	naming_free(&naming);
}

/* Says which modules' names do not come from the files that are on disk now. */
static void kept_append(struct buffer *out, const struct profile *profile, const struct naming *naming)
{
	double bytes;
	const struct profile_module *module = most_of(profile, naming->kept, naming->total, &bytes);

	if (module)
		buffer_printf(out,
			      "names in %s, %s of the memory in use, were kept with the recording: the files on disk "
			      "now do not have them (seep report --modules)",
			      path_base_name(module->path), quantity_share(bytes, naming->total).text);
}

/* A program that was joined had memory before, about which nothing is known. */
void joined_note_append(struct buffer *out, const struct profile *profile)
{
	const time_t seconds = (time_t)(profile->start_unix_ns / 1000000000u);
	char moment[32] = "";
	struct tm local;

	if (!(profile->status & SEEP_STATUS_JOINED))
		return;
	if (!profile->part_count && seconds && localtime_r(&seconds, &local))
		strftime(moment, sizeof moment, " at %Y-%m-%d %H:%M:%S", &local);
	buffer_printf(out, "%s joined%s: in use counts from then; what was allocated before is not in here",
		      profile->part_count ? "processes were" : "the program was", moment);
}

struct buffer *notes_of(const struct profile *profile, size_t *count)
{
	struct buffer *notes = memory_allocate(
	    sizeof status_notes / sizeof *status_notes + sizeof flag_notes / sizeof *flag_notes + 6, sizeof *notes);

	*count = 0;
	joined_note_append(&notes[*count], profile);
	*count += notes[*count].length > 0;
	if (profile->bypassed && *profile->bypassed)
		buffer_printf(
		    &notes[(*count)++],
		    "bypassed: %s defines malloc itself, so its allocations are not recorded; 'seep run --static' "
		    "hooks it",
		    profile->bypassed);
	else if (profile->status & SEEP_STATUS_BYPASSED)
		buffer_append_text(&notes[(*count)++],
				   "bypassed: the program defines malloc itself, so its allocations are not recorded");
	for (size_t i = 0; i < sizeof status_notes / sizeof *status_notes; i++) {
		if (profile->status & status_notes[i].status)
			buffer_append_text(&notes[(*count)++], status_notes[i].text);
	}
	for (size_t i = 0; i < sizeof flag_notes / sizeof *flag_notes; i++) {
		if (profile->flags & flag_notes[i].flag)
			buffer_append_text(&notes[(*count)++], flag_notes[i].text);
	}
	if (!profile_has(profile, CALL_ALLOC_SPACE) && strcmp(profile->allocator, "jemalloc") == 0)
		buffer_append_text(&notes[(*count)++],
				   "how much was allocated in all is not in this dump; jemalloc counts "
				   "it with prof_accum:true");
	struct naming naming = naming_measure(profile);
	nameless_append(&notes[*count], profile, &naming);
	*count += notes[*count].length > 0;
	kept_append(&notes[*count], profile, &naming);
	*count += notes[*count].length > 0;
	naming_free(&naming);
	return notes;
}

void notes_free(struct buffer *notes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_free(&notes[i]);
	free(notes);
}

double profile_detection_limit(const struct profile *profile)
{
	return profile->rate > 1 ? DETECTION_RATES * (double)profile->rate : 0;
}
