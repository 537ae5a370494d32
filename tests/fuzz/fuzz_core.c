/* SPDX-License-Identifier: Apache-2.0 */
/* Core dumps under libFuzzer: what they contain, and whether they come from a process with a given module. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "coredump/core_dump.h"
#include "coredump/core_identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[64];
	static int descriptor = -1;
	struct profile_module modules[2] = {
	    {.path = ""}, {.path = "/lib/some.so.1", .start = 0x400000, .end = 0x401000, .build_id_bytes = 20}};
	const struct profile profile = {.pid = 4711, .modules = modules, .module_count = 2};
	struct core_dump core;
	struct error error;
	uint64_t word;

	if (descriptor < 0) {
		descriptor = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
	}
	if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, data, size, 0) != (ssize_t)size)
		abort();
	if (!core_dump_open(&core, path, &error))
		return 0;
	for (size_t i = 0; i < core.segment_count; i++) {
		const struct core_segment *segment = &core.segments[i];
		if (core_dump_segment(&core, segment->start) != segment || segment->kept > core.file_bytes)
			abort();
		core_dump_read(&core, segment->end - 8, &word, sizeof word);
	}
	core_is_of_process(&core, &profile, &error);
	core_dump_close(&core);
	return 0;
}
