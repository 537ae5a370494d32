/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of control groups and of the program, and the room below them: see limits.h. */
#include "keeper/program/process.h"
#include "keeper/program/limits.h"

#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/file.h"
#include "keeper/base/text.h"
#include "keeper/program/process_memory.h"

#include <seep/process.h>

#define NO_LIMIT (UINT64_C(1) << 62) /* v1 says "none" by a number near 2^63 */
#define FILE_PATH_BYTES (LIMITS_PATH_BYTES + 64)
#define STAT_BYTES 6144

/* Is `name` one of the comma-separated names in [list, end)? */
static bool list_holds(const char *list, const char *end, const char *name)
{
	size_t length = strlen(name);
	while (list < end) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		const char *stop = comma ? comma : end;
		if ((size_t)(stop - list) == length && memcmp(list, name, length) == 0)
			return true;
		list = stop + 1;
	}
	return false;
}

/* Lines are "ID:CONTROLLERS:PATH"; v2 is the one with ID 0 and no controllers. */
bool limits_group_path(const char *cgroup, const char *controller, bool *version1, char *path, uint32_t size)
{
	bool found = false;
	for (const char *line = cgroup; *line;) {
		const char *end = strchr(line, '\n'), *stop = end ? end : line + strlen(line);
		const char *first = memchr(line, ':', (size_t)(stop - line));
		const char *second = first ? memchr(first + 1, ':', (size_t)(stop - first - 1)) : NULL;
		if (second) {
			bool exact = list_holds(first + 1, second, controller);
			if (exact || (!found && second == first + 1)) {
				struct text text = text_begin(path, size);
				text_add_bounded(&text, second + 1, (size_t)(stop - second - 1));
				*version1 = exact;
				found = !text.cut;
			}
			if (exact)
				return found;
		}
		line = end ? end + 1 : stop;
	}
	return found;
}

/* Bytes of files in a group's memory.stat, its children's included; 0 where it does not say. */
static uint64_t limits_file_bytes(const char *stat, bool version1)
{
	uint64_t inactive = 0, active = 0;
	text_line_number(stat, version1 ? "total_inactive_file" : "inactive_file", &inactive);
	text_line_number(stat, version1 ? "total_active_file" : "active_file", &active);
	return inactive < NO_LIMIT && active < NO_LIMIT ? inactive + active : 0;
}

static void find_resource_limits(struct limits *limits, const struct heap *heap)
{
	char text[2048];
	limits->virtual_bytes = limits->data_bytes = LIMITS_NONE;
	if (seep_process_read(heap_pid(heap), "limits", text, sizeof text) <= 0)
		return;
	/* Digits alone are a number: "unlimited" is none. */
	if (text_line_number(text, "Max address space", &limits->virtual_bytes))
		memory_store(heap, SEEP_MEMORY_LIMIT_VIRTUAL, limits->virtual_bytes);
	if (text_line_number(text, "Max data size", &limits->data_bytes))
		memory_store(heap, SEEP_MEMORY_LIMIT_DATA, limits->data_bytes);
}

long limits_group_read(const struct limits *limits, uint32_t length, const char *name, char *text, size_t size)
{
	char path[FILE_PATH_BYTES];
	struct text file = text_begin(path, sizeof path);
	text_add_bounded(&file, limits->path, length);
	text_add(&file, name);
	return file_read_text(path, text, size);
}

/* "max" is none. */
static bool group_number(const struct limits *limits, uint32_t length, const char *name, uint64_t *number)
{
	char line[64];
	const char *at = line;
	return limits_group_read(limits, length, name, line, sizeof line) > 0 && text_take_unsigned(&at, number) &&
	       *number < NO_LIMIT;
}

/* In v2 a group is slowed down without end above memory.high, and killed at memory.max. */
static uint64_t group_limit(const struct limits *limits, uint32_t length)
{
	uint64_t most = LIMITS_NONE, high;
	if (limits->version1)
		return group_number(limits, length, "/memory.limit_in_bytes", &most) ? most : LIMITS_NONE;
	if (!group_number(limits, length, "/memory.max", &most))
		most = LIMITS_NONE;
	return group_number(limits, length, "/memory.high", &high) && high < most ? high : most;
}

static void group_add(struct limits *limits, uint32_t length, uint64_t bytes)
{
	uint32_t at = limits->group_count;
	if (at == LIMITS_GROUPS) { /* the largest of them makes room, unless this one is larger */
		at = 0;
		for (uint32_t i = 1; i < LIMITS_GROUPS; i++)
			at = limits->groups[i].bytes > limits->groups[at].bytes ? i : at;
		if (limits->groups[at].bytes <= bytes)
			return;
	} else {
		limits->group_count++;
	}
	limits->groups[at] = (struct limits_group){.path_length = length, .bytes = bytes};
}

uint32_t limits_find_group(struct limits *limits, uint64_t pid, const char *root, uint32_t *top)
{
	char cgroup[4096], group[LIMITS_PATH_BYTES - 64], none[8];
	if (seep_process_read(pid, "cgroup", cgroup, sizeof cgroup) <= 0 ||
	    !limits_group_path(cgroup, "memory", &limits->version1, group, sizeof group))
		return 0;
	struct text text = text_begin(limits->path, sizeof limits->path);
	text_add(&text, root);
	if (limits->version1)
		text_add(&text, "/memory");
	else if (limits_group_read(limits, (uint32_t)text.length, "/cgroup.controllers", none, sizeof none) < 0)
		text_add(&text, "/unified"); /* beside v1 */
	*top = (uint32_t)text.length;
	if (strcmp(group, "/") != 0)
		text_add(&text, group);
	return text.cut ? 0 : (uint32_t)text.length;
}

/* The directory of the group above, as a length of the path; 0: there is none above the root. */
static uint32_t group_above(const struct limits *limits, uint32_t length, uint32_t top)
{
	if (length <= top)
		return 0;
	while (--length > top && limits->path[length] != '/')
		continue;
	return length;
}

static void find_group_limits(struct limits *limits, const struct heap *heap, const char *root)
{
	uint32_t top = 0, length = limits_find_group(limits, heap_pid(heap), root, &top);
	for (; length; length = group_above(limits, length, top)) {
		uint64_t bytes = group_limit(limits, length);
		if (bytes != LIMITS_NONE)
			group_add(limits, length, bytes);
	}
}

static bool group_used(const struct limits *limits, uint32_t length, uint64_t *used)
{
	return group_number(limits, length, limits->version1 ? "/memory.usage_in_bytes" : "/memory.current", used);
}

static uint64_t group_files(const struct limits *limits, uint32_t length)
{
	char stat[STAT_BYTES];
	return limits_group_read(limits, length, "/memory.stat", stat, sizeof stat) > 0
		   ? limits_file_bytes(stat, limits->version1)
		   : 0;
}

uint64_t limits_groups_left(uint64_t pid, const char *root)
{
	struct limits limits;
	uint64_t least = LIMITS_NONE;
	uint32_t top = 0, length = limits_find_group(&limits, pid, root, &top);
	for (; length; length = group_above(&limits, length, top)) {
		const uint64_t limit = group_limit(&limits, length);
		uint64_t used, files;
		if (limit == LIMITS_NONE || !group_used(&limits, length, &used))
			continue;
		files = group_files(&limits, length);
		used = files < used ? used - files : 0;
		const uint64_t left = used < limit ? limit - used : 0;
		least = left < least ? left : least;
	}
	return least;
}

void limits_find(struct limits *limits, const struct heap *heap, const char *root)
{
	uint64_t smallest = LIMITS_NONE;
	limits->group_count = 0;
	find_resource_limits(limits, heap);
	find_group_limits(limits, heap, root);
	for (uint32_t i = 0; i < limits->group_count; i++)
		smallest = limits->groups[i].bytes < smallest ? limits->groups[i].bytes : smallest;
	if (smallest != LIMITS_NONE)
		memory_store(heap, SEEP_MEMORY_LIMIT, smallest);
}

uint64_t limits_threshold(const struct seep_heap_header *header, uint64_t limit_bytes)
{
	uint64_t half = limit_bytes / 2;
	if (header->limit_headroom_percent >= 50)
		return half;
	uint64_t bytes = header->limit_headroom_percent ? limit_bytes / 100 * header->limit_headroom_percent +
							      limit_bytes % 100 * header->limit_headroom_percent / 100
							: header->limit_headroom_bytes;
	return bytes < half ? bytes : half;
}

/* Of two limits, the one that has less left for its size. */
static void nearer(struct headroom *nearest, const struct seep_heap_header *header, enum seep_memory_key which,
		   uint64_t limit_bytes, uint64_t used_bytes)
{
	struct headroom one = {.which = which,
			       .limit_bytes = limit_bytes,
			       .left_bytes = used_bytes < limit_bytes ? limit_bytes - used_bytes : 0,
			       .threshold_bytes = limits_threshold(header, limit_bytes)};
	if (nearest->which == 0 ||
	    (double)one.left_bytes * (double)nearest->limit_bytes < (double)nearest->left_bytes * (double)limit_bytes)
		*nearest = one;
}

static void look_at_groups(const struct limits *limits, const struct seep_heap_header *header, struct headroom *nearest)
{
	for (uint32_t i = 0; i < limits->group_count; i++) {
		const struct limits_group *group = &limits->groups[i];
		uint64_t used, files = 0;
		if (!group_used(limits, group->path_length, &used))
			continue;
		if (used > group->bytes || group->bytes - used < 2 * limits_threshold(header, group->bytes))
			files = group_files(limits, group->path_length);
		nearer(nearest, header, SEEP_MEMORY_LIMIT, group->bytes, files < used ? used - files : 0);
	}
}

/* The first number of /proc/PID/statm is all pages, the sixth data and stack. */
static void look_at_program(const struct limits *limits, const struct heap *heap, struct headroom *nearest)
{
	char text[160];
	const char *at = text;
	uint64_t pages[6] = {0};
	if (limits->virtual_bytes == LIMITS_NONE && limits->data_bytes == LIMITS_NONE)
		return;
	if (seep_process_read(heap_pid(heap), "statm", text, sizeof text) <= 0)
		return;
	for (int i = 0; i < 6; i++) {
		if (!text_take_unsigned(&at, &pages[i]) || pages[i] > NO_LIMIT / SEEP_HEAP_PAGE)
			return;
		at += *at == ' ';
	}
	if (limits->virtual_bytes != LIMITS_NONE)
		nearer(nearest, heap->header, SEEP_MEMORY_LIMIT_VIRTUAL, limits->virtual_bytes,
		       pages[0] * SEEP_HEAP_PAGE);
	if (limits->data_bytes != LIMITS_NONE)
		nearer(nearest, heap->header, SEEP_MEMORY_LIMIT_DATA, limits->data_bytes, pages[5] * SEEP_HEAP_PAGE);
}

struct headroom limits_look(const struct limits *limits, const struct heap *heap)
{
	struct headroom nearest = {0};
	look_at_groups(limits, heap->header, &nearest);
	look_at_program(limits, heap, &nearest);
	if (nearest.which) {
		memory_store(heap, SEEP_MEMORY_NEAREST, nearest.which);
		memory_store(heap, SEEP_MEMORY_NEAREST_LIMIT, nearest.limit_bytes);
		memory_store(heap, SEEP_MEMORY_NEAREST_LEFT, nearest.left_bytes);
	}
	return nearest;
}
