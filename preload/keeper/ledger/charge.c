/* SPDX-License-Identifier: Apache-2.0 */
/* A group's charge, of cgroups v2 and v1: see charge.h. */
#include "keeper/ledger/charge.h"

#include "keeper/base/file.h"
#include "keeper/base/text.h"
#include "keeper/program/limits.h"

#define STAT_BYTES 6144

/* The file that has each figure. Without a key the figure is the whole file, else the line of memory.stat that begins
 * with the key. In v1 a group's own lines stand before those with the groups below it. */
static const struct source {
	const char *file, *key;
} sources[2][CHARGE_COUNT] = {{[CHARGE_ALL] = {"/memory.current", NULL},
			       [CHARGE_SWAP] = {"/memory.swap.current", NULL},
			       [CHARGE_ANON] = {NULL, "anon"},
			       [CHARGE_FILE] = {NULL, "file"},
			       [CHARGE_SHARED] = {NULL, "shmem"},
			       [CHARGE_KERNEL] = {NULL, "kernel"}},
			      {[CHARGE_ALL] = {"/memory.usage_in_bytes", NULL},
			       [CHARGE_SWAP] = {NULL, "total_swap"},
			       [CHARGE_ANON] = {NULL, "total_rss"},
			       [CHARGE_FILE] = {NULL, "total_cache"},
			       [CHARGE_SHARED] = {NULL, "total_shmem"},
			       [CHARGE_KERNEL] = {"/memory.kmem.usage_in_bytes", NULL}}};

static bool source_read(const struct source *source, const struct limits *limits, uint32_t length, const char *stat,
			uint64_t *value)
{
	char line[64];
	const char *at = line;
	if (!source->file)
		return text_line_number(stat, source->key, value);
	return limits_group_read(limits, length, source->file, line, sizeof line) > 0 && text_take_unsigned(&at, value);
}

void charge_read(struct charge *charge, uint64_t pid, const char *root)
{
	struct limits limits = {0};
	char stat[STAT_BYTES] = "";
	uint32_t top = 0, length = limits_find_group(&limits, pid, root, &top);
	*charge = (struct charge){0};
	if (!length)
		return;
	if (limits_group_read(&limits, length, "/memory.stat", stat, sizeof stat) <= 0) {
		length = top;
		if (limits_group_read(&limits, length, "/memory.stat", stat, sizeof stat) <= 0)
			return;
	}
	for (int i = 0; i < CHARGE_COUNT; i++)
		if (source_read(&sources[limits.version1][i], &limits, length, stat, &charge->bytes[i]))
			charge->known |= 1u << i;
}
