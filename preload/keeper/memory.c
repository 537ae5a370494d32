/* SPDX-License-Identifier: Apache-2.0 */
/* RSS, swap and the limits of control group and process: see memory.h. */
#include "keeper/memory.h"

#include <string.h>

#include "base/atomics.h"
#include "base/file.h"
#include "base/text.h"

#define NO_LIMIT (UINT64_C(1) << 62) /* v1 says "none" by a number near 2^63 */
#define PATH_BYTES 1024

static const struct {
	const char *name;
	enum seep_memory_key key;
} status_fields[] = {
    {"VmRSS:", SEEP_MEMORY_RSS},           {"RssAnon:", SEEP_MEMORY_RSS_ANONYMOUS}, {"RssFile:", SEEP_MEMORY_RSS_FILE},
    {"RssShmem:", SEEP_MEMORY_RSS_SHARED}, {"VmHWM:", SEEP_MEMORY_RSS_PEAK},        {"VmSwap:", SEEP_MEMORY_SWAP},
    {"VmSize:", SEEP_MEMORY_VIRTUAL},      {"VmData:", SEEP_MEMORY_DATA},
};

void memory_store(const struct heap *heap, enum seep_memory_key key, uint64_t value)
{
	store_relaxed(&heap->header->memory[key], value);
	atomic_fetch_or_explicit(&heap->header->memory_known, UINT64_C(1) << key, memory_order_release);
}

bool memory_status_field(const char *status, const char *field, uint64_t *bytes)
{
	size_t length = strlen(field);
	for (const char *line = status; *line;) {
		if (strncmp(line, field, length) == 0) {
			const char *at = line + length;
			uint64_t kilobytes;
			while (*at == ' ' || *at == '\t')
				at++;
			if (!text_take_unsigned(&at, &kilobytes) || kilobytes > UINT64_MAX / 1024)
				return false;
			*bytes = kilobytes * 1024;
			return true;
		}
		const char *end = strchr(line, '\n');
		if (!end)
			return false;
		line = end + 1;
	}
	return false;
}

static void proc_path(char *path, size_t size, uint64_t pid, const char *name)
{
	struct text text = text_begin(path, size);
	text_add(&text, "/proc/");
	text_add_unsigned(&text, pid);
	text_add(&text, name);
}

#define STATUS_BYTES 3072

static bool read_status(const struct heap *heap, char status[static STATUS_BYTES])
{
	char path[48];
	proc_path(path, sizeof path, heap_pid(heap), "/status");
	return file_read_text(path, status, STATUS_BYTES) > 0;
}

bool memory_read_status(const struct heap *heap)
{
	char status[STATUS_BYTES];
	if (!read_status(heap, status))
		return false;
	for (size_t i = 0; i < sizeof status_fields / sizeof status_fields[0]; i++) {
		uint64_t bytes;
		if (memory_status_field(status, status_fields[i].name, &bytes))
			memory_store(heap, status_fields[i].key, bytes);
	}
	return true;
}

bool memory_is_confined(const struct heap *heap)
{
	char status[STATUS_BYTES];
	uint64_t mode; /* a small number, which the parser takes for kilobytes */
	return read_status(heap, status) && memory_status_field(status, "Seccomp:", &mode) && mode != 0;
}

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
bool memory_group_path(const char *cgroup, bool *version1, char *path, uint32_t size)
{
	bool found = false;
	for (const char *line = cgroup; *line;) {
		const char *end = strchr(line, '\n'), *stop = end ? end : line + strlen(line);
		const char *first = memchr(line, ':', (size_t)(stop - line));
		const char *second = first ? memchr(first + 1, ':', (size_t)(stop - first - 1)) : NULL;
		if (second) {
			bool memory = list_holds(first + 1, second, "memory");
			if (memory || (!found && second == first + 1)) {
				struct text text = text_begin(path, size);
				text_add_bounded(&text, second + 1, (size_t)(stop - second - 1));
				*version1 = memory;
				found = !text.cut;
			}
			if (memory)
				return found;
		}
		line = end ? end + 1 : stop;
	}
	return found;
}

bool memory_resource_limit(const char *limits, const char *name, uint64_t *bytes)
{
	const char *at = strstr(limits, name);
	if (!at || (at != limits && at[-1] != '\n'))
		return false;
	at += strlen(name);
	while (*at == ' ')
		at++;
	/* a digit first: "unlimited" is none */
	return text_take_unsigned(&at, bytes);
}

static void read_resource_limits(const struct heap *heap)
{
	static const struct {
		const char *name;
		enum seep_memory_key key;
	} known[] = {{"Max address space", SEEP_MEMORY_LIMIT_VIRTUAL}, {"Max data size", SEEP_MEMORY_LIMIT_DATA}};
	char path[48], limits[2048];
	proc_path(path, sizeof path, heap_pid(heap), "/limits");
	if (file_read_text(path, limits, sizeof limits) <= 0)
		return;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		uint64_t bytes;
		if (memory_resource_limit(limits, known[i].name, &bytes))
			memory_store(heap, known[i].key, bytes);
	}
}

static bool limit_read(const char *path, uint64_t *limit)
{
	char line[64];
	const char *at = line;
	return file_read_text(path, line, sizeof line) > 0 && text_take_unsigned(&at, limit) && *limit < NO_LIMIT;
}

bool memory_read_limit(const struct heap *heap)
{
	char cgroup[4096], group[PATH_BYTES], path[PATH_BYTES + 64];
	bool version1, found = false;
	uint64_t smallest = UINT64_MAX;
	read_resource_limits(heap);
	proc_path(path, sizeof path, heap_pid(heap), "/cgroup");
	if (file_read_text(path, cgroup, sizeof cgroup) <= 0 ||
	    !memory_group_path(cgroup, &version1, group, sizeof group))
		return false;
	/* from the group up to the root: the tightest counts. In a container whose /sys shows only its own group, the
	 * upper names do not exist and the root is its own. */
	for (;;) {
		uint64_t limit;
		struct text text = text_begin(path, sizeof path);
		text_add(&text, version1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup");
		text_add(&text, group);
		text_add(&text, version1 ? "/memory.limit_in_bytes" : "/memory.max");
		if (limit_read(path, &limit)) {
			smallest = limit < smallest ? limit : smallest;
			found = true;
		}
		char *slash = strrchr(group, '/');
		if (!slash)
			break;
		*slash = 0;
	}
	if (found)
		memory_store(heap, SEEP_MEMORY_LIMIT, smallest);
	return found;
}
