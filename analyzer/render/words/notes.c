/* SPDX-License-Identifier: Apache-2.0 */
/* Says in words what a snapshot's status and flags mean for its numbers, with advice. */
#include "render/words/notes.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "files/path.h"
#include "render/words/quantity.h"

#define DETECTION_RATES 3
#define NAMELESS_SHARE 0.02 /* or less is not worth a note */

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
    {SEEP_STATUS_FORKED, "recording began in a forked child: memory that it inherited from its parent is not in here"},
    {SEEP_STATUS_ANONYMOUS, "there was no space for the heap file: samples after the last snapshot died with the "
			    "process"},
    {SEEP_STATUS_COARSE_CLOCK,
     "the program has forbidden itself to read clocks: ages and lifetimes from then on are those of "
     "its keeper's last look, up to a second off or, without a keeper, not known"},
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

/* Bytes in use, by module, of stacks whose innermost call has no name. */
static double *nameless_bytes(const struct profile *profile, double *total)
{
	double *bytes = memory_allocate(profile->module_count + 1u, sizeof *bytes);

	*total = 0;
	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct profile_site *site = &profile->sites[i];
		const struct profile_location *leaf = site->depth ? &profile->locations[site->stack[0]] : NULL;
		const double in_use = site->in_use.bytes.uncertain + site->in_use.bytes.certain;
		*total += in_use;
		if (leaf && leaf->line_count && !profile_line_is_named(&profile->modules[leaf->module], leaf->lines))
			bytes[leaf->module] += in_use;
	}
	return bytes;
}

/* Says of which module names are missing where that matters most, and why. */
static void note_names(const struct profile *profile, struct buffer *notes, size_t *count)
{
	double total = 0;
	double *bytes = nameless_bytes(profile, &total);
	uint32_t worst = 0;

	for (uint32_t i = 0; i < profile->module_count; i++)
		if (profile->modules[i].symbols && bytes[i] > bytes[worst])
			worst = i;
	if (profile->module_count && profile->modules[worst].symbols && bytes[worst] > NAMELESS_SHARE * total)
		buffer_printf(
		    &notes[(*count)++],
		    "names are missing for %s of what is in use, in %s: %s; debug symbols of this very build bring "
		    "them (seep report --modules)",
		    quantity_share(bytes[worst], total).text,
		    *profile->modules[worst].path ? path_base_name(profile->modules[worst].path)
						  : "code made at run time",
		    profile->modules[worst].symbols);
	free(bytes);
}

struct buffer *notes_of(const struct profile *profile, size_t *count)
{
	struct buffer *notes = memory_allocate(
	    sizeof status_notes / sizeof *status_notes + sizeof flag_notes / sizeof *flag_notes + 3, sizeof *notes);

	*count = 0;
	if (profile->bypassed && *profile->bypassed)
		buffer_printf(
		    &notes[(*count)++],
		    "bypassed: %s defines malloc itself, so its allocations are not in here; link it without its "
		    "own allocator to record them",
		    profile->bypassed);
	else if (profile->status & SEEP_STATUS_BYPASSED)
		buffer_append_text(&notes[(*count)++],
				   "bypassed: the program defines malloc itself, so its allocations are not in here");
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
	note_names(profile, notes, count);
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
