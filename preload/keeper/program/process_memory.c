/* SPDX-License-Identifier: Apache-2.0 */
/* RSS, swap and their like: see process_memory.h. */
#include "keeper/program/process.h"
#include "keeper/program/process_memory.h"

#include <linux/seccomp.h>

#include "keeper/base/atomics.h"
#include "keeper/base/file.h"
#include "keeper/base/text.h"

#include <seep/process.h>

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

static bool read_status(const struct heap *heap, char status[static PROCESS_STATUS_BYTES])
{
	return seep_process_read(heap_pid(heap), "status", status, PROCESS_STATUS_BYTES) > 0;
}

bool memory_read_status(const struct heap *heap)
{
	char status[PROCESS_STATUS_BYTES];
	uint64_t dumping;
	if (!read_status(heap, status))
		return false;
	if (text_line_number(status, "CoreDumping:", &dumping) && dumping)
		or_relaxed(&heap->header->status, SEEP_STATUS_DUMPED);
	for (size_t i = 0; i < sizeof status_fields / sizeof status_fields[0]; i++) {
		uint64_t kilobytes;
		if (text_line_number(status, status_fields[i].name, &kilobytes) && kilobytes <= UINT64_MAX / 1024)
			memory_store(heap, status_fields[i].key, kilobytes * 1024);
	}
	return true;
}

/* The number of filters that a process runs behind (since Linux 5.9); before, only whether there are any. */
static uint64_t filters_count(const char *status)
{
	uint64_t filters = 0, mode = 0;
	if (!text_line_number(status, "Seccomp_filters:", &filters) || !filters)
		text_line_number(status, "Seccomp:", &mode);
	return filters ? filters : mode;
}

bool memory_is_confined(const struct heap *heap)
{
	char status[PROCESS_STATUS_BYTES];
	uint64_t mode;
	if (!read_status(heap, status))
		return false;
	if (text_line_number(status, "Seccomp:", &mode) && mode == SECCOMP_MODE_STRICT)
		return true;
	uint64_t theirs = filters_count(status);
	return theirs && (file_read_text("/proc/thread-self/status", status, sizeof status) <= 0 ||
			  filters_count(status) < theirs);
}
