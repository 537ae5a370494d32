/* SPDX-License-Identifier: Apache-2.0 */
/* Thinning of a recording's snapshots: see retention.h. */
#include "keeper/loop/retention.h"

#include <string.h>

#include "keeper/base/syscall.h"
#include "keeper/files/heap_space.h"
#include "keeper/image/snapshot_writer.h"
#include "keeper/snapshot/write.h"

/* Time between the neighbours of snapshot i in its own kind; the first and the last snapshot are everyone's
 * neighbours. */
static uint64_t gap_without(const struct kept_snapshot *list, size_t count, size_t i)
{
	size_t before = i - 1, after = i + 1;
	while (before > 0 && list[before].timer != list[i].timer)
		before--;
	while (after + 1 < count && list[after].timer != list[i].timer)
		after++;
	return list[after].time_ns > list[before].time_ns ? list[after].time_ns - list[before].time_ns : 0;
}

static size_t choose_of_kind(const struct kept_snapshot *list, size_t count, bool timer)
{
	uint64_t smallest = UINT64_MAX;
	size_t chosen = RETENTION_NONE;
	for (size_t i = 1; i + 1 < count; i++) {
		uint64_t gap = list[i].timer == timer && !list[i].marked ? gap_without(list, count, i) : UINT64_MAX;
		smallest = gap < smallest ? gap : smallest;
	}
	for (size_t i = 1; i + 1 < count && chosen == RETENTION_NONE && smallest != UINT64_MAX; i++) {
		if (list[i].timer == timer && !list[i].marked &&
		    gap_without(list, count, i) <= smallest + smallest / 10)
			chosen = i;
	}
	return chosen;
}

size_t retention_choose(const struct kept_snapshot *list, size_t count, const struct retention *limits)
{
	uint64_t most = limits->snapshots ? limits->snapshots : RETENTION_SNAPSHOTS;
	uint64_t most_bytes = limits->bytes ? limits->bytes : RETENTION_BYTES;
	uint64_t number[2] = {0}, bytes[2] = {0};
	if (count <= 2)
		return RETENTION_NONE;
	for (size_t i = 0; i < count; i++) {
		number[list[i].timer]++;
		bytes[list[i].timer] += list[i].bytes;
	}
	bool timer;
	if (count > most)
		timer = number[true] >= number[false];
	else if (bytes[false] + bytes[true] <= most_bytes)
		return RETENTION_NONE;
	else if (limits->has_space && number[true] <= RETENTION_SERIES)
		return bytes[false] > most_bytes / 2 ? choose_of_kind(list, count, false) : RETENTION_NONE;
	else
		timer = bytes[true] >= bytes[false];
	size_t chosen = choose_of_kind(list, count, timer);
	return chosen != RETENTION_NONE ? chosen : choose_of_kind(list, count, !timer);
}

void retention_apply(const struct heap *heap, int directory)
{
	struct retention limits = {.snapshots = heap->header->snapshots_limit,
				   .bytes = heap->header->snapshots_bytes_limit};
	size_t bytes = DIRECTORY_SNAPSHOTS * sizeof(struct kept_snapshot), chosen;
	struct kept_snapshot *list = scratch_map(bytes);
	if (!list)
		return;
	size_t count = directory_list(heap, directory, list, DIRECTORY_SNAPSHOTS);
	limits.has_space = count && space_may_take(directory, list[count - 1].bytes);
	while ((chosen = retention_choose(list, count, &limits)) != RETENTION_NONE) {
		char name[SNAPSHOT_NAME_BYTES];
		snapshot_name(name, list[chosen].number);
		if (system_unlink_at(directory, name, 0) == 0)
			heap_count_loss(heap, SEEP_LOSS_SNAPSHOTS_THINNED);
		count--;
		memmove(&list[chosen], &list[chosen + 1], (count - chosen) * sizeof *list);
	}
	scratch_unmap(list, bytes);
}
