/* SPDX-License-Identifier: Apache-2.0 */
/* See ask.h. */
#include "allocators/ask.h"

#include <string.h>

#include "allocators/questions.h"
#include "copy/permission.h"
#include "copy/room.h"

enum {
	PAUSE_MS = 100, /* at most, to stop all threads */
	TRIES = 6,      /* copies to try */
	NAP_MS =
	    /* before the second try, and three times as long before each further one, so that a thread that waits for
	     * its turn moves on */
	10,
};

enum { NAMES_MOST = 4 };

struct kind {
	const char *allocator;
	const char *names[FUNCTIONS_MOST][NAMES_MOST]; /* the names of each function that is asked */
	double within_ms;
	allocator_question *ask;
};

/* mimalloc calls back once for each 64 KiB. */
static const struct kind kinds[] = {
    {"jemalloc", {{"mallctl", "je_mallctl", "_rjem_mallctl"}}, 1000, jemalloc_ask},
    {"tcmalloc", {{"MallocExtension_GetNumericProperty"}}, 1000, tcmalloc_ask},
    {"mimalloc", {{"mi_heap_get_default"}, {"mi_heap_visit_blocks"}, {"mi_collect"}}, 5000, mimalloc_ask},
};

static const struct kind *kind_of(const char *allocator)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].allocator, allocator) == 0)
			return &kinds[i];
	return NULL;
}

bool allocator_can_tell(const char *allocator)
{
	return kind_of(allocator) != NULL;
}

/* False: the process does not export all of them. */
static bool functions_find(uint64_t functions[FUNCTIONS_MOST], const struct kind *kind, const struct loaded *loaded)
{
	const struct loaded_module *owner;
	bool found = true;

	for (size_t f = 0; f < FUNCTIONS_MOST && kind->names[f][0]; f++) {
		functions[f] = 0;
		for (size_t i = 0; i < NAMES_MOST && kind->names[f][i] && !functions[f]; i++)
			functions[f] = loaded_first_definition(loaded, NULL, kind->names[f][i], &owner);
		found &= functions[f] != 0;
	}
	return found;
}

/* Asks in one copy. `again`: the copy was made at a bad moment. */
static bool ask_once(struct allocator_figures *figures, struct imaging *imaging, const struct kind *kind,
		     const uint64_t functions[FUNCTIONS_MOST], bool *again, struct error *error)
{
	struct ledger mappings;
	struct image image;
	struct calls calls;

	*again = false;
	if (!ledger_read(&mappings, (uint64_t)imaging->work.pid))
		return error_set(error, "%d has ended", (int)imaging->work.pid);
	bool asked = image_take(&image, imaging, &mappings, error);
	if (asked) {
		asked = calls_begin(&calls, imaging, &image, kind->within_ms, error);
		if (asked) {
			asked = kind->ask(figures, &calls, functions, error);
			*again = !asked && calls.waited;
			calls_end(&calls);
		}
		image_drop(&image, imaging, &mappings);
	}
	ledger_free(&mappings);
	return asked;
}

bool allocator_ask(struct allocator_figures *figures, const char *allocator, pid_t pid, struct error *error)
{
	const struct kind *kind = kind_of(allocator);
	uint64_t functions[FUNCTIONS_MOST];
	struct imaging imaging;
	struct room room;
	bool asked = false, again = true;

	if (!process_may_be_copied(pid, error) || !room_is_there(&room, pid, error) ||
	    !imaging_begin(&imaging, pid, PAUSE_MS, error))
		return false;
	const bool can_tell = kind && functions_find(functions, kind, &imaging.work.loaded);
	if (!can_tell)
		error_set(error, "%d does not export the functions by which %s is asked", (int)pid, allocator);
	double nap_ms = NAP_MS;
	for (int i = 0; can_tell && !asked && again && i < TRIES; i++, nap_ms *= 3) {
		asked = ask_once(figures, &imaging, kind, functions, &again, error);
		for (double until_ms = tracing_now_ms() + nap_ms; !asked && again && tracing_now_ms() < until_ms;
		     tracing_nap(1))
			tracees_serve(&imaging.work.tracees);
	}
	imaging_end(&imaging);
	figures->stop_ms = imaging.work.tracees.longest_ms;
	return asked;
}
