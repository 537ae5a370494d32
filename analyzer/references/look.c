/* SPDX-License-Identifier: Apache-2.0 */
/* See look.h. */
#include "references/look.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/message.h"
#include "references/record.h"
#include "target/take_snapshot.h"

enum { DOUBT_LEAST = 100 }; /* sampled blocks */

static bool process_of(const char *directory, pid_t *pid, struct error *error)
{
	bool alive;

	if (!target_process(directory, pid, &alive, error))
		return false;
	return alive ||
	       error_set(error, "%s: its process has ended; if there is a core dump: seep leaks --core FILE %s",
			 directory, directory);
}

void references_doubt_say(size_t lost, size_t count)
{
	if (count >= DOUBT_LEAST && lost > count / 2)
		message(
		    "most of all blocks would be lost then: does the program hide its pointers, compressed or xored? "
		    "docs/REFERENCES.md lists what can't be seen");
}

static void summary_say(const struct references *references)
{
	size_t lost = 0;

	for (size_t i = 0; i < references->count; i++)
		lost += references->findings[i].state != SEEP_REFERENCE_LIVE;
	message("%zu of %zu sampled blocks are referenced by nobody; looked twice, %.1f s apart, at %" PRIu64
		" MiB in %.2f s of CPU; the longest stop was %.1f ms",
		lost, references->count, (double)references->apart_ns / 1e9, references->scanned_bytes >> 20,
		(double)references->scan_cpu_ns / 1e9, (double)references->longest_stop_ns / 1e6);
	if (references->hidden)
		message("io_uring or asynchronous I/O may hold pointers that can't be seen: what they alone refer to "
			"counts as unreferenced");
	if (references->unread_bytes)
		message("%" PRIu64 " KiB could not be read", references->unread_bytes >> 10);
	references_doubt_say(lost, references->count);
}

void *references_at_exit(const char *directory)
{
	struct references *found = memory_allocate(1, sizeof *found);
	struct error error;
	pid_t pid;

	if (process_of(directory, &pid, &error) && references_find_at_exit(found, directory, pid, &error))
		return found;
	message("the process's lost memory is not known: %s", error.text);
	free(found);
	return NULL;
}

void references_at_exit_keep(const char *directory, const char *name, void *found)
{
	struct references *references = found;
	struct error error;

	if (directory && !references_record(directory, name, references, &error))
		message("%s", error.text);
	references_free(references);
	free(references);
}

bool references_snapshot(const char *directory, char name[static 32], struct error *error)
{
	struct references references;
	pid_t pid;

	if (!process_of(directory, &pid, error) || !references_find(&references, directory, pid, error))
		return false;
	bool taken = target_snapshot(directory, name, error) && references_record(directory, name, &references, error);
	if (taken)
		summary_say(&references);
	references_free(&references);
	return taken;
}
