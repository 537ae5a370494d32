/* SPDX-License-Identifier: Apache-2.0 */
/* See ask.h. */
#include "allocators/ask.h"

#include <string.h>

#include "allocators/questions.h"
#include "copy/permission.h"
#include "copy/room.h"

enum {
	PAUSE_MS = 100, /* to stop all threads */
	WITHIN_MS = 1000,
	TRIES = 6, /* a copy each */
	NAP_MS =
	    10, /* and three times as long before each further one: a thread that waits for its turn stays where it is */
};

struct kind {
	const char *allocator;
	const char *functions[4]; /* names of the one that is asked */
	bool (*ask)(struct allocator_figures *figures, struct calls *calls, uint64_t function, struct error *error);
};

static const struct kind kinds[] = {
    {"jemalloc", {"mallctl", "je_mallctl", "_rjem_mallctl"}, jemalloc_ask},
    {"tcmalloc", {"MallocExtension_GetNumericProperty"}, tcmalloc_ask},
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

static uint64_t function_of(const struct kind *kind, const struct loaded *loaded)
{
	const struct loaded_module *owner;
	uint64_t function = 0;

	for (size_t i = 0; kind->functions[i] && !function; i++)
		function = loaded_first_definition(loaded, NULL, kind->functions[i], &owner);
	return function;
}

/* In one copy. `again`: it was made at a bad moment. */
static bool ask_once(struct allocator_figures *figures, struct imaging *imaging, const struct kind *kind,
		     uint64_t function, bool *again, struct error *error)
{
	struct ledger mappings;
	struct image image;
	struct calls calls;

	*again = false;
	if (!ledger_read(&mappings, (uint64_t)imaging->work.pid))
		return error_set(error, "%d has ended", (int)imaging->work.pid);
	bool asked = image_take(&image, imaging, &mappings, error);
	if (asked) {
		asked = calls_begin(&calls, imaging, &image, WITHIN_MS, error);
		if (asked) {
			asked = kind->ask(figures, &calls, function, error);
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
	struct imaging imaging;
	struct room room;
	bool asked = false, again = true;

	if (!process_may_be_copied(pid, error) || !room_is_there(&room, pid, error) ||
	    !imaging_begin(&imaging, pid, PAUSE_MS, error))
		return false;
	const uint64_t function = kind ? function_of(kind, &imaging.work.loaded) : 0;
	if (!function)
		error_set(error, "%d exports no function of %s's that could be asked", (int)pid, allocator);
	double nap_ms = NAP_MS;
	for (int i = 0; function && !asked && again && i < TRIES; i++, nap_ms *= 3) {
		asked = ask_once(figures, &imaging, kind, function, &again, error);
		for (double until_ms = tracing_now_ms() + nap_ms; !asked && again && tracing_now_ms() < until_ms;
		     tracing_nap(1))
			tracees_serve(&imaging.work.tracees);
	}
	imaging_end(&imaging);
	figures->stop_ms = imaging.work.tracees.longest_ms;
	return asked;
}
