/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module in the table starts where its first segment is mapped, so it is
 * still there if /proc/PID/maps has a mapping with that very start. The file
 * is read in pieces, without memory of its own; lines are "START-END ...".
 */
#include "keeper/program/process.h"
#include "keeper/program/maps.h"

#include "keeper/base/atomics.h"
#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/heap/modules.h"

#define MODULES_WATCHED 1024

/* Bit i: module i was met. */
struct met {
	uint64_t bits[MODULES_WATCHED / 64];
};

static void mapping_meet(const struct heap *heap, uint32_t count, uint64_t start, struct met *met)
{
	for (uint32_t i = 1; i < count; i++) {
		const struct seep_heap_module *module = module_entry(heap, i);
		if (module && module_place(module->start) == start)
			met->bits[i / 64] |= UINT64_C(1) << i % 64;
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False: the file could not be read to its end. */
static bool maps_read(const struct heap *heap, uint32_t count, struct met *met)
{
	char piece[2048];
	process_path(piece, sizeof piece, heap_pid(heap), "maps");
	int descriptor = file_open(AT_FDCWD, piece, O_RDONLY, 0);
	if (descriptor < 0)
		return false;
	long got;
	bool in_start = true, any = false;
	uint64_t start = 0;
	while ((got = system_read(descriptor, piece, sizeof piece)) > 0) {
		for (long i = 0; i < got; i++) {
			int digit = hex_value(piece[i]);
			if (in_start && digit >= 0) {
				start = start << 4 | (uint64_t)digit;
			} else if (in_start) {
				mapping_meet(heap, count, start, met);
				in_start = false;
				any = true;
			}
			if (piece[i] == '\n') {
				in_start = true;
				start = 0;
			}
		}
	}
	system_close(descriptor);
	return got == 0 && any;
}

void maps_watch_modules(const struct heap *heap)
{
	struct met met = {{0}}, known = {{0}};
	uint32_t count = load_acquire(&heap->header->module_count);
	if (count > heap->capacity[SEEP_AREA_MODULES])
		count = heap->capacity[SEEP_AREA_MODULES];
	if (count > MODULES_WATCHED)
		count = MODULES_WATCHED;
	for (uint32_t i = 1; i < count; i++) /* an entry that is taken meanwhile may be too young for the maps */
		known.bits[i / 64] |= (uint64_t)(module_entry(heap, i) != NULL) << i % 64;
	if (!maps_read(heap, count, &met))
		return;
	for (uint32_t i = 1; i < count; i++) {
		if (known.bits[i / 64] & UINT64_C(1) << i % 64 && !(met.bits[i / 64] & UINT64_C(1) << i % 64))
			module_retire(heap, i);
	}
}
