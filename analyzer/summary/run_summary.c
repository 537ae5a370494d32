/* SPDX-License-Identifier: Apache-2.0 */
/* One line where there is one recording; a short list, largest first, where there are several; a reason where there is
 * none. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/message.h"
#include "files/path.h"
#include "options/argument.h"
#include "summary/run_summary.h"
#include "leaks/leaks.h"
#include "render/words/quantity.h"

enum {
	RECORDINGS_SHOWN = 10,
	NOTES_SHOWN = 5,
};

static const char default_rate[] = "512K";

/* A path that can be typed again: relative if it is below the current directory, quoted if a shell would split it.
 * Freed by the caller. */
static char *path_for_shell(const char *path)
{
	struct buffer text = {0};
	char *current = getcwd(NULL, 0);
	size_t length = current ? strlen(current) : 0;

	if (length > 1 && strncmp(path, current, length) == 0 && path[length] == '/')
		path += length + 1;
	free(current);
	text_append_word(&text, path);
	return text.data;
}

/* The command to try next: a series can be judged, two snapshots can be compared, a single one can be shown. */
static const char *next_command(const struct session_recording *recording)
{
	if (recording->timer_snapshots >= LEAK_SERIES_LEAST)
		return "leaks";
	return recording->snapshots > 1 ? "diff" : "report";
}

static void recording_print(const struct session_recording *recording)
{
	char *path = path_for_shell(recording->directory);

	if (recording->state == SESSION_BROKEN)
		message("  %s", recording->fault.text);
	else
		message("  %8s in use, %8s allocated%s  %s%s", quantity_bytes(recording->in_use_bytes).text,
			quantity_bytes(recording->allocated_bytes).text, recording->lower_bound ? " or more" : "", path,
			recording->state == SESSION_RUNNING ? " (still running)" : "");
	free(path);
}

static void single_print(const struct session_recording *recording)
{
	char *path = path_for_shell(recording->directory);

	if (recording->state == SESSION_BROKEN)
		message("%s", recording->fault.text);
	else if (recording->state == SESSION_RUNNING)
		message("process %llu still runs and records into %s; next: seep snapshot %llu",
			(unsigned long long)recording->pid, path, (unsigned long long)recording->pid);
	else
		message("recorded in %s (%s in use at the end, %s allocated%s); next: seep %s %s", path,
			quantity_bytes(recording->in_use_bytes).text, quantity_bytes(recording->allocated_bytes).text,
			recording->lower_bound ? "; some samples were lost, so it may be more" : "",
			next_command(recording), path);
	free(path);
}

static void several_print(const struct session_results *results)
{
	message("%zu recordings, the largest in use at the end first:", results->count);
	for (size_t i = 0; i < results->count && i < RECORDINGS_SHOWN; i++)
		recording_print(&results->recordings[i]);
	if (results->count > RECORDINGS_SHOWN)
		message("  and %zu smaller", results->count - RECORDINGS_SHOWN);
	if (results->recordings[0].state != SESSION_BROKEN) {
		char *path = path_for_shell(results->recordings[0].directory);
		message("next: seep %s %s", next_command(&results->recordings[0]), path);
		free(path);
	}
}

/* The directory in which recordings are made, up to the first part of the pattern that differs from process to
 * process. */
static char *output_parent(const char *output)
{
	char *parent = memory_copy_text(output);

	parent[strcspn(parent, "%")] = 0;
	char *slash = strrchr(parent, '/');
	slash[slash == parent] = 0;
	return parent;
}

/* Says why nothing was recorded: either the directory can't take a recording, or the program allocated too little. */
static void reason_print(const struct session_results *results, const struct run_summary_context *context)
{
	struct statvfs room;
	uint64_t rate = 0;
	const char *rate_text = context->rate ? context->rate : getenv("SEEP_RATE");
	char *parent = output_parent(context->output);

	if (access(parent, W_OK | X_OK) != 0) {
		message("nothing was recorded: %s: %s", parent, strerror(errno));
	} else if (statvfs(parent, &room) == 0 && room.f_bavail * room.f_frsize < 1 << 20) {
		message("nothing was recorded: %s: there is no space left", parent);
	} else if (results->lacks_room) {
		message(
		    "nothing was recorded that seep knows of: programs could not write to its list of recordings: %s",
		    strerror(results->lacks_room));
	} else {
		if (!rate_text || !argument_parse_bytes(rate_text, &rate))
			argument_parse_bytes(default_rate, &rate);
		/* Three times the rate goes unseen once in e^3 = 20 runs. */
		message("nothing was recorded: no sample was taken, so %s allocated less than about %s%s; "
			"-r with a smaller rate sees more",
			path_base_name(context->program), quantity_bytes(3.0 * (double)rate).text,
			context->delayed ? " after the delay" : "");
	}
	free(parent);
}

/* Whether the shim said more than which of its settings it ignored. */
static bool notes_say_why(const struct session_results *results)
{
	for (size_t i = 0; i < results->note_count; i++)
		if (!text_begins_with(results->notes[i].text, "ignored "))
			return true;
	return false;
}

/* Says why there is no recording: by what the checks found, what the shim said, or what can be seen from here. */
static void nothing_print(const struct session_results *results, const struct run_summary_context *context)
{
	for (size_t i = 0; i < context->findings->count; i++) {
		if (context->findings->items[i].severity == FINDING_FAULT) {
			message("nothing was recorded: %s", context->findings->items[i].text);
			return;
		}
	}
	if (notes_say_why(results))
		message("nothing was recorded");
	else
		reason_print(results, context);
}

static void notes_print(const struct session_results *results)
{
	for (size_t i = 0; i < results->note_count && i < NOTES_SHOWN; i++) {
		const struct session_note *note = &results->notes[i];
		if (note->processes > 1)
			message("%s (in %zu processes)", note->text, note->processes);
		else
			message("%s", note->text);
	}
	if (results->note_count > NOTES_SHOWN)
		message("and %zu more notes", results->note_count - NOTES_SHOWN);
}

void run_summary_print(const struct session_results *results, const struct run_summary_context *context)
{
	notes_print(results);
	if (results->interrupted)
		message("interrupted: some of %zu recordings may lack their last snapshot; "
			"'seep snapshot DIR' writes it",
			results->count);
	if (results->count == 0)
		nothing_print(results, context);
	else if (results->count == 1)
		single_print(&results->recordings[0]);
	else
		several_print(results);
}
