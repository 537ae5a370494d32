/* SPDX-License-Identifier: Apache-2.0 */
/* jemalloc's statistics (doc/jemalloc.xml.in, mallctl namespace), from 4.0 on. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "allocators/questions.h"

enum { ALL_ARENAS = 4096 };

/* Memory in the copy that a question needs. */
struct sheet {
	char name[64];
	uint64_t old, length, new;
};

struct question {
	struct calls *calls;
	uint64_t mallctl;
	struct error *error;
	bool failed; /* the copy can't be asked any more */
};

/* Reads a value of `bytes` bytes; with `set`, first writes the value that is in it. False: jemalloc has none of that
 * name and size. */
static bool value_read(struct question *question, const char *name, uint64_t bytes, uint64_t *value, bool set)
{
	const struct calls *calls = question->calls;
	const uint64_t at = calls->area, old_at = at + offsetof(struct sheet, old);
	const uint64_t arguments[BORROWED_ARGUMENTS] = {at, old_at, at + offsetof(struct sheet, length),
							set ? at + offsetof(struct sheet, new) : 0, set ? bytes : 0};
	struct sheet sheet = {.length = bytes, .new = *value};
	uint64_t result = 0;

	if (question->failed)
		return false;
	snprintf(sheet.name, sizeof sheet.name, "%s", name);
	question->failed = (!remote_write(&calls->memory, at, &sheet, sizeof sheet) &&
			    !error_set(question->error, "the copy of its memory can't be written")) ||
			   !calls_make(question->calls, question->mallctl, arguments, &result, question->error);
	return !question->failed && (int)result == 0 && remote_read(&calls->memory, old_at, value, sizeof *value);
}

/* A size that every jemalloc has. */
static double size_of(struct question *question, const char *name)
{
	uint64_t value = 0;

	if (!value_read(question, name, sizeof value, &value, false) && !question->failed) {
		question->failed = true;
		error_set(question->error, "it does not have %s", name);
	}
	return (double)value;
}

/* The sum over all existing arenas; 0: this jemalloc has no such number. */
static double sum_of(struct question *question, uint32_t arenas, const char *name)
{
	uint64_t value = 0;
	char path[64];

	snprintf(path, sizeof path, "stats.arenas.%" PRIu32 ".%s", arenas, name);
	return value_read(question, path, sizeof value, &value, false) ? (double)value : 0;
}

/* The index that stands for all arenas; before 5.0 that is the number of arenas. */
static uint32_t all_arenas(struct question *question)
{
	uint64_t value = 0;

	if (value_read(question, "stats.arenas.4096.pdirty", sizeof value, &value, false))
		return ALL_ARENAS;
	return value_read(question, "arenas.narenas", sizeof(uint32_t), &value, false) ? (uint32_t)value : ALL_ARENAS;
}

bool jemalloc_ask(struct allocator_figures *figures, struct calls *calls, const uint64_t functions[FUNCTIONS_MOST],
		  struct error *error)
{
	struct question question = {.calls = calls, .mallctl = functions[0], .error = error};
	uint64_t epoch = 1, cleans_up = 0, decay_ms = 0;

	if (!value_read(&question, "epoch", sizeof epoch, &epoch, true) && !question.failed)
		return error_set(error, "it has no statistics");
	const uint32_t all = all_arenas(&question);
	const double page = size_of(&question, "arenas.page"), active = size_of(&question, "stats.active"),
		     allocated = size_of(&question, "stats.allocated"), cached = sum_of(&question, all, "tcache_bytes");
	*figures = (struct allocator_figures){
	    .allocated = allocated - cached,
	    .cached = cached,
	    .free_pages = page * (sum_of(&question, all, "pdirty") + sum_of(&question, all, "pmuzzy")),
	    .pinned = active - allocated,
	    .metadata = size_of(&question, "stats.metadata")};
	if (value_read(&question, "background_thread", 1, &cleans_up, false))
		figures->cleans_up = cleans_up & 1;
	if (value_read(&question, "opt.dirty_decay_ms", sizeof decay_ms, &decay_ms, false))
		figures->never_gives = (int64_t)decay_ms < 0;
	return !question.failed;
}
