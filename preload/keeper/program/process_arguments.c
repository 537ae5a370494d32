/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments as a process shows them: see process_arguments.h. */
#include "keeper/program/process_arguments.h"

#include <string.h>

#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"

long title_tidy(char *data, long length)
{
	while (length > 0 && (data[length - 1] == 0 || data[length - 1] == ' '))
		data[--length] = 0;
	for (long i = 0; i < length; i++) {
		if (data[i] == 0)
			data[i] = ' ';
	}
	return length;
}

static void proc_path(char *path, size_t size, uint64_t pid, const char *name)
{
	struct text text = text_begin(path, size);
	text_add(&text, "/proc/");
	text_add_unsigned(&text, pid);
	text_add(&text, name);
}

static bool runs_what_it_ran(const struct heap *heap)
{
	const struct seep_heap_header *header = heap->header;
	char path[48], target[sizeof header->executable];
	proc_path(path, sizeof path, heap_pid(heap), "/exe");
	long length = system_read_link(path, target, sizeof target - 1);
	if (length <= 0)
		return false;
	target[length] = 0;
	return strncmp(target, header->executable, sizeof target) == 0;
}

void title_follow(const struct heap *heap)
{
	struct seep_heap_header *header = heap->header;
	char path[48], now[sizeof header->arguments];
	proc_path(path, sizeof path, heap_pid(heap), "/cmdline");
	long length = title_tidy(now, file_read_text(path, now, sizeof now));
	if (length <= 0 || strncmp(now, header->arguments, sizeof now) == 0 || !runs_what_it_ran(heap))
		return;
	memset(now + length, 0, sizeof now - (size_t)length);
	memcpy(header->arguments, now, sizeof now);
}
