/* SPDX-License-Identifier: Apache-2.0 */
/* Memory to record in: see heap_map.h. */
#include "shim/recording/heap_map.h"

#include <errno.h>

#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/files/heap_file.h"
#include "keeper/files/heap_memory.h"
#include "keeper/files/output.h"
#include "keeper/heap/area_growth.h"
#include "shim/recording/describe.h"
#include "shim/recording/session.h"
#include "shim/recording/setup.h"

#define WHOLE_MOST_BYTES (UINT64_C(400) << 20)
#define MEMORY_AUTO_BYTES                                                                                              \
	(UINT64_C(16) << 20) /* larger heap files (rates below 64K) are on disk unless memory is asked for */

static uint64_t memory_most(void)
{
	static const uint64_t most[] = {
	    [OPTION_HEAP_RECORDING] = 0, [OPTION_HEAP_AUTO] = MEMORY_AUTO_BYTES, [OPTION_HEAP_MEMORY] = UINT64_MAX};
	return most[recording_setup.options.heap];
}

static struct heap_map failed(const char *what, const char *path, int error)
{
	struct heap_map none = {0};
	struct text text = text_begin(none.reason, sizeof none.reason);
	text_add(&text, path);
	text_add(&text, *path ? ": " : "");
	text_add(&text, what);
	if (error) {
		text_add(&text, "errno ");
		text_add_unsigned(&text, (uint64_t)error);
	}
	return none;
}

/* Writing to a mapped file that has no space would end in SIGBUS. */
static void *anonymous_map(struct seep_heap_header *header)
{
	area_plan_room(header, false);
	return map_unlocked(header->file_bytes, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1);
}

/* The pattern of the recording's name; NULL: its service has no place. */
static const char *output_pattern(void)
{
	static char of_service[SEEP_STORE_BYTES * 2];
	const struct options *options = &recording_setup.options;
	if (*options->output || !*options->service)
		return options->output;
	return seep_service_prepare(&options->stores, options->service, of_service, sizeof of_service) ? of_service
												       : NULL;
}

/* In a session the heap file may lie in memory only if somebody will move it to the recording when we have ended. */
static struct heap_map own_map(struct seep_heap_header *header, bool in_session)
{
	static char directory[sizeof header->directory];
	const struct options *options = &recording_setup.options;
	struct heap_file made;
	const char *output = output_pattern();
	if (!output)
		return failed("its service has no directory that it can write to", "", 0);
	if (!recording_name(directory, sizeof directory, output, header))
		return failed("the output's name is too long", "", 0);
	size_t parents_from = *options->session ? output_constant_part(output, directory) : 0;
	bool in_memory = in_session && heap_memory_fits(header, options->heap_device, memory_most());
	int error = heap_file_make(&made, directory, sizeof directory, parents_from, header, in_memory);
	if (error)
		return failed("", directory, -error);
	struct heap_map own = {.anonymous = made.space_error};
	own.map = own.anonymous ? anonymous_map(header) : heap_file_map(made.file, header->file_bytes);
	if (own.anonymous)
		heap_memory_remove(made.directory);
	if (system_failed(own.map)) {
		heap_file_remove(made.directory, directory);
		own = failed("", directory, -(int)(long)own.map);
	}
	heap_file_close(&made);
	return own;
}

static struct heap_map hosted_map(struct seep_heap_header *header)
{
	int file = session_host_recording(header, memory_most());
	if (file < 0)
		return failed("", "seep run", -file);
	struct heap_map hosted = {.map = heap_file_map(file, header->file_bytes), .hosted = true};
	if (system_failed(hosted.map))
		hosted = failed("", "seep run", -(int)(long)hosted.map);
	system_close(file);
	return hosted;
}

static bool plan_below(struct seep_heap_header *header, uint64_t most_bytes)
{
	area_plan(header, recording_setup.options.rate, recording_setup.options.max_live);
	while (header->file_bytes > most_bytes)
		if (!area_plan_less(header, recording_setup.options.max_live))
			return false;
	return true;
}

bool heap_map_plan(struct seep_heap_header *header)
{
	uint64_t most_bytes = describe_address_space_left() / AREA_ADDRESS_SPACE_PART, file_bytes = file_size_limit();
	if (!area_can_populate() && file_bytes > WHOLE_MOST_BYTES)
		file_bytes = WHOLE_MOST_BYTES;
	return (file_bytes < most_bytes && plan_below(header, file_bytes)) || plan_below(header, most_bytes);
}

struct heap_map heap_map_make(struct seep_heap_header *header)
{
	bool in_session = session_is_open();
	struct heap_map made = {0};
	if (!in_session || file_size_check(header->file_bytes) != 0)
		made = hosted_map(header); /* who makes it has limits of its own */
	if (!made.map)
		made = own_map(header, in_session);
	return made;
}
