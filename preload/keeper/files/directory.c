/* SPDX-License-Identifier: Apache-2.0 */
/* The content of a recording directory: see directory.h. */
#include "keeper/files/directory.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include <seep/service.h>

#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/snapshot/write.h"

static bool may_be_file(unsigned char type)
{
	return type == DT_REG || type == DT_UNKNOWN;
}

struct listing {
	const struct heap *heap;
	int directory;
	struct kept_snapshot *list;
	size_t count, limit;
};

static bool process_matches(const struct seep_process *process, const struct seep_heap_header *header)
{
	return process->pid == header->pid && process->start_ticks == header->start_ticks &&
	       process->start_ns == header->start_ns &&
	       memcmp(process->boot_id, header->boot_id, sizeof process->boot_id) == 0;
}

/* PROCESS comes first in every snapshot that we write, right behind a table that may be longer than ours: `seep leaks
 * --references` adds a section. */
static bool snapshot_read(const struct listing *listing, const char *name, uint64_t number, struct kept_snapshot *kept)
{
	struct {
		struct seep_snapshot_header header;
		struct seep_section first;
	} head;
	struct seep_process process;
	struct stat status;
	int descriptor = file_open(listing->directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (descriptor < 0)
		return false;
	bool read = system_stat_descriptor(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
		    file_read_at(descriptor, &head, sizeof head, 0) == (long)sizeof head &&
		    head.first.type == SEEP_SECTION_PROCESS && head.first.offset < (uint64_t)status.st_size &&
		    file_read_at(descriptor, &process, sizeof process, head.first.offset) == (long)sizeof process;
	system_close(descriptor);
	if (!read || memcmp(head.header.magic, SEEP_SNAPSHOT_MAGIC, sizeof head.header.magic) != 0 ||
	    head.header.number != number || !process_matches(&process, listing->heap->header))
		return false;
	*kept = (struct kept_snapshot){.number = number,
				       .time_ns = head.header.time_ns,
				       .bytes = (uint64_t)status.st_size,
				       .timer = head.header.trigger == SEEP_TRIGGER_TIMER,
				       .marked = status.st_mode & SEEP_SNAPSHOT_MARK};
	return true;
}

/* Keeps the list sorted; names mostly come in some order of their own. */
static void listing_insert(struct listing *listing, const struct kept_snapshot *kept)
{
	size_t place = listing->count;
	while (place > 0 && listing->list[place - 1].number > kept->number)
		place--;
	if (place == listing->limit)
		return;
	if (listing->count == listing->limit)
		listing->count--;
	memmove(&listing->list[place + 1], &listing->list[place], (listing->count - place) * sizeof *kept);
	listing->list[place] = *kept;
	listing->count++;
}

static bool listing_visit(const char *name, unsigned char type, void *context)
{
	struct listing *listing = context;
	struct kept_snapshot kept;
	uint64_t number;
	if (may_be_file(type) && snapshot_number(name, &number) && snapshot_read(listing, name, number, &kept))
		listing_insert(listing, &kept);
	return true;
}

size_t directory_list(const struct heap *heap, int directory, struct kept_snapshot *list, size_t limit)
{
	struct listing listing = {.heap = heap, .directory = directory, .list = list, .limit = limit};
	return file_visit_names(directory, listing_visit, &listing) == 0 ? listing.count : 0;
}

struct search {
	struct listing listing;
	uint64_t last;
};

static bool last_visit(const char *name, unsigned char type, void *context)
{
	struct search *search = context;
	struct kept_snapshot kept;
	uint64_t number;
	if (may_be_file(type) && snapshot_number(name, &number) && number > search->last &&
	    snapshot_read(&search->listing, name, number, &kept))
		search->last = number;
	return true;
}

uint64_t directory_last(const struct heap *heap, int directory)
{
	struct search search = {.listing = {.heap = heap, .directory = directory}};
	file_visit_names(directory, last_visit, &search);
	return search.last;
}

static bool clean_visit(const char *name, unsigned char type, void *context)
{
	const int *directory = context;
	if (may_be_file(type) && write_is_temporary(name))
		system_unlink_at(*directory, name, 0);
	return true;
}

void directory_clean(int directory)
{
	file_visit_names(directory, clean_visit, &directory);
}
