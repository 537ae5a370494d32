/* SPDX-License-Identifier: Apache-2.0 */
/* tcmalloc's properties (gperftools, src/gperftools/malloc_extension.h). */
#include <string.h>

#include "allocators/questions.h"

enum { PROPERTIES = 6 };

static bool property_read(struct calls *calls, uint64_t function, const char *name, double *value, struct error *error)
{
	const uint64_t value_at = calls->area, name_at = value_at + sizeof(uint64_t);
	const uint64_t arguments[BORROWED_ARGUMENTS] = {name_at, value_at};
	uint64_t result = 0, bytes = 0;

	if (!remote_write(&calls->memory, name_at, name, strlen(name) + 1))
		return error_set(error, "the copy of its memory can't be written");
	if (!calls_make(calls, function, arguments, &result, error))
		return false;
	if (!(int)result || !remote_read(&calls->memory, value_at, &bytes, sizeof bytes))
		return error_set(error, "it does not have %s", name);
	*value = (double)bytes;
	return true;
}

bool tcmalloc_ask(struct allocator_figures *figures, struct calls *calls, const uint64_t functions[FUNCTIONS_MOST],
		  struct error *error)
{
	static const char *const names[PROPERTIES] = {
	    "generic.current_allocated_bytes",    "tcmalloc.thread_cache_free_bytes",
	    "tcmalloc.transfer_cache_free_bytes", "tcmalloc.central_cache_free_bytes",
	    "tcmalloc.pageheap_free_bytes",       "generic.total_physical_bytes"};
	double values[PROPERTIES];

	for (int i = 0; i < PROPERTIES; i++)
		if (!property_read(calls, functions[0], names[i], &values[i], error))
			return false;
	*figures = (struct allocator_figures){.allocated = values[0],
					      .cached = values[1] + values[2],
					      .pinned = values[3],
					      .free_pages = values[4],
					      .metadata = values[5] - values[0] - values[1] - values[2] - values[3] -
							  values[4]};
	return true;
}
