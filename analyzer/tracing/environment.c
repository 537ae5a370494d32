/* SPDX-License-Identifier: Apache-2.0 */
/* See environment.h. */
#include "tracing/environment.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { ENTRIES_MAX = 1 << 16 };

#define PRELOAD "LD_PRELOAD="

/* A list of pointers to variables. */
struct list {
	uint64_t *entries;
	size_t count, capacity;
};

static bool list_read(const struct remote *remote, uint64_t at, struct list *list)
{
	uint64_t entry;

	*list = (struct list){0};
	while (list->count < ENTRIES_MAX &&
	       remote_read(remote, at + list->count * sizeof entry, &entry, sizeof entry)) {
		if (!entry)
			return true;
		ARRAY_RESERVE(list->entries, list->count, list->capacity);
		list->entries[list->count++] = entry;
	}
	free(list->entries);
	return false;
}

static bool is_ours(const struct joined_block *joined, uint64_t text)
{
	return text >= joined->address && text < joined->address + sizeof *joined->block;
}

/* Whether the process has changed or removed a variable of ours. */
static bool is_as_made(const struct joined_block *joined, const struct list *now, const struct list *was)
{
	size_t next = 0;

	if (now->count != joined->block->environ_count)
		return false;
	for (size_t i = 0; i < now->count; i++) {
		if (is_ours(joined, now->entries[i]))
			continue;
		while (next < was->count && was->entries[next] != now->entries[i])
			next++;
		if (next++ >= was->count)
			return false;
	}
	return true;
}

/* Removes our variables from the list. LD_PRELOAD gets its old value, if it had one. */
static void list_clear(const struct joined_block *joined, const struct list *now)
{
	const uint64_t preload = joined->address + offsetof(struct seep_join, preload), end = 0;
	const bool keeps = strcmp(joined->block->preload_was, PRELOAD) != 0;
	size_t kept = 0;

	for (size_t i = 0; i < now->count; i++)
		if (!is_ours(joined, now->entries[i]) || (keeps && now->entries[i] == preload))
			now->entries[kept++] = now->entries[i];
	remote_write(joined->remote, joined->block->environ_is, now->entries, kept * sizeof *now->entries);
	remote_write(joined->remote, joined->block->environ_is + kept * sizeof end, &end, sizeof end);
}

void environment_put_in(const struct joined_block *joined)
{
	const struct seep_join *join = joined->block;
	uint64_t now;

	if (join->environ_at && remote_read(joined->remote, join->environ_at, &now, sizeof now) &&
	    now == join->environ_was)
		remote_write(joined->remote, join->environ_at, &join->environ_is, sizeof join->environ_is);
}

static void list_take_out(const struct joined_block *joined)
{
	const struct seep_join *join = joined->block;
	struct list now, was;

	if (!list_read(joined->remote, join->environ_is, &now))
		return;
	bool known = list_read(joined->remote, join->environ_was, &was);
	if (known && is_as_made(joined, &now, &was))
		remote_write(joined->remote, join->environ_at, &join->environ_was, sizeof join->environ_was);
	else
		list_clear(joined, &now);
	if (known)
		free(was.entries);
	free(now.entries);
}

void environment_take_out(const struct joined_block *joined)
{
	struct seep_join *join = joined->block;
	uint64_t now = 0;

	if (!join->environ_at)
		return;
	if (remote_read(joined->remote, join->environ_at, &now, sizeof now) && now == join->environ_is)
		list_take_out(joined);
	memcpy(join->preload, join->preload_was, sizeof join->preload);
	for (char *at = join->environment, *end = at + sizeof join->environment; at < end && *at;) {
		size_t length = strnlen(at, (size_t)(end - at));
		char *equals = memchr(at, '=', length);
		if (equals)
			equals[1] = 0;
		at += length + 1;
	}
}
