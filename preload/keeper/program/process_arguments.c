/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments as a process shows them: see process_arguments.h. */
#include "keeper/program/process.h"
#include "keeper/program/process_arguments.h"

#include <string.h>

#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"

#include <seep/process.h>

long arguments_tidy(char *data, long length)
{
	while (length > 0 && (data[length - 1] == 0 || data[length - 1] == ' '))
		data[--length] = 0;
	for (long i = 0; i < length; i++) {
		if (data[i] == 0)
			data[i] = ' ';
	}
	return length;
}

static bool runs_what_it_ran(const struct heap *heap)
{
	const struct seep_heap_header *header = heap->header;
	char path[48], target[sizeof header->executable];
	process_path(path, sizeof path, heap_pid(heap), "exe");
	long length = system_read_link(path, target, sizeof target - 1);
	if (length <= 0)
		return false;
	target[length] = 0;
	return strncmp(target, header->executable, sizeof target) == 0;
}

void arguments_follow(const struct heap *heap)
{
	struct seep_heap_header *header = heap->header;
	char now[sizeof header->arguments];
	long length = arguments_tidy(now, seep_process_read(heap_pid(heap), "cmdline", now, sizeof now));
	if (length <= 0 || strncmp(now, header->arguments, sizeof now) == 0 || !runs_what_it_ran(heap))
		return;
	memset(now + length, 0, sizeof now - (size_t)length);
	memcpy(header->arguments, now, sizeof now);
}
