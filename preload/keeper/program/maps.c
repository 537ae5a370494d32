/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/PID/maps, read line by line without memory of its own, for
 * <seep/process.h> and for the keeper: a module in the table starts where its
 * first segment is mapped, so it is still there if a mapping has that very start.
 */
#include "keeper/program/maps.h"

#include <errno.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/heap/modules.h"
#include "keeper/program/process.h"

#include <seep/process.h>

#define LINE_BYTES 8192 /* a path has up to 4095 bytes, and escapes are longer than what they stand for */
#define MODULES_WATCHED 1024

/* Moves *at behind a hexadecimal number and the character that ends it. */
static uint64_t hex_take(const char **at)
{
	uint64_t value = 0;
	for (int digit; (digit = text_hex_digit(**at)) >= 0; ++*at)
		value = value << 4 | (uint64_t)digit;
	*at += **at != 0;
	return value;
}

/* A backslash and three octal digits stand for a newline or a backslash. */
static bool is_escape(const char *at)
{
	return at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' && at[2] <= '7' && at[3] >= '0' &&
	       at[3] <= '7';
}

static void path_take(const char *at, struct seep_mapping *mapping)
{
	static const char deleted[] = " (deleted)";
	size_t length = strlen(at), tail = sizeof deleted - 1, used = 0;
	mapping->deleted = length > tail && strcmp(at + length - tail, deleted) == 0;
	const char *end = at + length - (mapping->deleted ? tail : 0);
	while (at < end && used < sizeof mapping->path - 1) {
		bool escaped = is_escape(at);
		mapping->path[used++] = escaped ? (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0')) : *at;
		at += escaped ? 4 : 1;
	}
	mapping->path[used] = 0;
}

static void permissions_take(const char **at, struct seep_mapping *mapping)
{
	struct text permissions = text_begin(mapping->permissions, sizeof mapping->permissions);
	const size_t length = strcspn(*at, " ");
	text_add_bounded(&permissions, *at, length);
	*at += length;
	*at += **at != 0;
}

/* "START-END rwxp OFFSET MAJOR:MINOR INODE   PATH" */
static bool line_parse(const char *at, struct seep_mapping *mapping)
{
	if (text_hex_digit(*at) < 0)
		return false;
	mapping->start = hex_take(&at);
	mapping->end = hex_take(&at);
	permissions_take(&at, mapping);
	mapping->offset = hex_take(&at);
	mapping->device_major = (uint32_t)hex_take(&at);
	mapping->device_minor = (uint32_t)hex_take(&at);
	if (!text_take_unsigned(&at, &mapping->inode))
		return false;
	at += strspn(at, " ");
	mapping->path[0] = mapping->label[0] = 0;
	mapping->deleted = false;
	if (*at == '/') {
		path_take(at, mapping);
	} else {
		struct text label = text_begin(mapping->label, sizeof mapping->label);
		text_add(&label, at);
	}
	return true;
}

/* Visits the whole lines in [buffer, buffer + used). The number of bytes left over, now at its beginning; -1: the
 * visitor wants no more. */
static long lines_visit(char *buffer, size_t used, struct seep_mapping *mapping, seep_mapping_visitor *visit,
			void *context)
{
	char *line = buffer, *end;
	while ((end = memchr(line, '\n', used - (size_t)(line - buffer)))) {
		*end = 0;
		if (line_parse(line, mapping) && !visit(mapping, context))
			return -1;
		line = end + 1;
	}
	size_t left = used - (size_t)(line - buffer);
	if (left == LINE_BYTES) /* longer than any: dropped */
		left = 0;
	memmove(buffer, line, left);
	return (long)left;
}

long seep_process_visit_mappings(uint64_t pid, seep_mapping_visitor *visit, void *context)
{
	char buffer[LINE_BYTES];
	struct seep_mapping mapping;
	process_path(buffer, sizeof buffer, pid, "maps");
	int descriptor = file_open(AT_FDCWD, buffer, O_RDONLY, 0);
	if (descriptor < 0)
		return descriptor;
	long used = 0, got = 0;
	while (used >= 0 && (got = system_read(descriptor, buffer + used, sizeof buffer - (size_t)used)) != 0) {
		if (got > 0)
			used = lines_visit(buffer, (size_t)(used + got), &mapping, visit, context);
		else if (got != -EINTR)
			break;
	}
	system_close(descriptor);
	return got < 0 ? got : 0;
}

/* Bit i: module i was met. */
struct met {
	const struct heap *heap;
	uint32_t count, removed;
	bool any;
	uint64_t bits[MODULES_WATCHED / 64];
};

static bool mapping_meet(const struct seep_mapping *mapping, void *context)
{
	struct met *met = context;
	met->any = true;
	for (uint32_t i = 1; i < met->count; i++) {
		const struct seep_heap_module *module = module_entry(met->heap, i);
		if (!module || module_place(module->start) != mapping->start)
			continue;
		met->bits[i / 64] |= UINT64_C(1) << i % 64;
		met->removed += mapping->deleted;
	}
	return true;
}

static bool module_may_go(const struct heap *heap, uint32_t module)
{
	const struct seep_heap_module *entry = module_entry(heap, module);
	return entry && !(load_relaxed(&entry->flags) & SEEP_MODULE_LABEL);
}

uint32_t maps_watch_modules(const struct heap *heap)
{
	struct met met = {.heap = heap}, known = {0};
	uint32_t count = load_acquire(&heap->header->module_count);
	if (count > heap->capacity[SEEP_AREA_MODULES])
		count = heap->capacity[SEEP_AREA_MODULES];
	if (count > MODULES_WATCHED)
		count = MODULES_WATCHED;
	for (uint32_t i = 1; i < count; i++) /* an entry that a thread takes meanwhile may be too young for the maps */
		known.bits[i / 64] |= (uint64_t)module_may_go(heap, i) << i % 64;
	met.count = count;
	if (seep_process_visit_mappings(heap_pid(heap), mapping_meet, &met) != 0 || !met.any)
		return 0;
	for (uint32_t i = 1; i < count; i++) {
		if (known.bits[i / 64] & UINT64_C(1) << i % 64 && !(met.bits[i / 64] & UINT64_C(1) << i % 64))
			module_retire(heap, i);
	}
	return met.removed;
}
