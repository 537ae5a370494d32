/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a loaded module's memory that the shim reads, under libFuzzer: its program headers, and the build id in
 * its notes. The loader has accepted the module, but its program may have written over the first page since.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/modules.h"
#include "support/heap_maker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct loaded_module loaded;

static bool finder(uintptr_t address, struct loaded_module *module)
{
	(void)address;
	*module = loaded;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct heap heap;
	size_t rounded = (size / SEEP_HEAP_PAGE + 1) * SEEP_HEAP_PAGE;
	char *image = aligned_alloc(SEEP_HEAP_PAGE, rounded);
	uint32_t last = 0;

	if (!heap.header) {
		heap_make(&heap, 512 << 10, 0);
		modules_set_finder(finder);
	}
	memset(image, 0, rounded);
	memcpy(image, data, size);
	uint64_t start = (uintptr_t)image;
	loaded = (struct loaded_module){.start = start, .end = start + rounded, .bias = start, .name = "/lib/fuzz.so"};
	module_frame(&heap, start + 64, &last);
	if (last && heap.modules[last].build_id_bytes > sizeof heap.modules[last].build_id)
		abort();
	store_relaxed(&heap.header->module_count, 1);
	free(image);
	return 0;
}
