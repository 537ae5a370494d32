/* SPDX-License-Identifier: Apache-2.0 */
/* Texts are compared, so that two functions are never taken for one. If no other location can have a label, the label
 * is not looked up. */
#include "tree/call_tree_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "files/path.h"

/* The part of a module's name that is equal for all of its builds: nothing for the program itself; otherwise the file's
 * name without version, and without the " (deleted)" of a replaced file. */
static size_t module_identity(const struct profile_module *module, const char **text)
{
	if (module->flags & SEEP_MODULE_EXECUTABLE) {
		*text = "";
		return 0;
	}
	*text = path_base_name(module->path);
	const char *end = strstr(*text, ".so");
	if (!end)
		end = strstr(*text, " (deleted)");
	return end ? (size_t)(end - *text) : strlen(*text);
}

static uint32_t module_add(struct call_frames *frames, const char *path, const char *identity, size_t length)
{
	struct call_tree *tree = frames->tree;

	ARRAY_RESERVE(tree->modules, tree->module_count, frames->module_capacity);
	tree->modules[tree->module_count] = string_pool_intern(tree->strings, path);
	if (frames->identity_capacity < frames->module_capacity) {
		frames->identity_capacity = frames->module_capacity;
		frames->identities = memory_resize(frames->identities, frames->identity_capacity, sizeof(char *));
	}
	frames->identities[tree->module_count] = string_pool_intern_bytes(tree->strings, identity, length);
	return tree->module_count++;
}

static uint64_t frame_hash(const void *context, const struct call_frame *frame)
{
	const struct call_frames *frames = context;
	const uint64_t seed = (uint64_t)(uintptr_t)frames->identities[frame->module] << 2 | frame->kind;

	return hash_bytes(frames->secret ^ seed, frame->function, strlen(frame->function));
}

static uint64_t frame_hash_again(const void *context, uint32_t index)
{
	return frame_hash(context, &((const struct call_frames *)context)->tree->frames[index]);
}

static bool frame_is(const struct call_frames *frames, const struct call_frame *a, const struct call_frame *b)
{
	return a->kind == b->kind && frames->identities[a->module] == frames->identities[b->module] &&
	       (a->function == b->function || strcmp(a->function, b->function) == 0);
}

static uint32_t frame_add(struct call_frames *frames, const struct call_frame *frame)
{
	struct call_tree *tree = frames->tree;

	ARRAY_RESERVE(tree->frames, tree->frame_count, frames->frame_capacity);
	tree->frames[tree->frame_count] = *frame;
	return tree->frame_count++;
}

static uint32_t frame_find(struct call_frames *frames, const struct call_frame *wanted, size_t place)
{
	struct call_tree *tree = frames->tree;

	for (size_t at = place;; at++) {
		uint32_t *slot = index_table_slot(&frames->table, at);
		if (*slot && frame_is(frames, wanted, &tree->frames[*slot - 1]))
			return *slot - 1;
		if (*slot)
			continue;
		*slot = frame_add(frames, wanted) + 1;
		return *slot - 1;
	}
}

uint32_t call_frames_made_up(struct call_frames *frames, enum call_kind kind, const char *name)
{
	const struct call_frame frame = {.function = name, .kind = kind};

	index_table_reserve(&frames->table, frames->tree->frame_count + 1, frames->tree->frame_count, frame_hash_again,
			    frames);
	return frame_find(frames, &frame, frame_hash(frames, &frame));
}

/* Frames that are looked up together, so that their places in memory can be prefetched. */
enum { FRAMES_AT_ONCE = 32 };

struct frame_batch {
	struct call_frame wanted[FRAMES_AT_ONCE];
	size_t places[FRAMES_AT_ONCE];
	uint32_t count;
};

static uint32_t *batch_find(struct call_frames *frames, struct frame_batch *batch, uint32_t *next)
{
	for (uint32_t k = 0; k < batch->count; k++) {
		const uint32_t index = *index_table_slot(&frames->table, batch->places[k]);
		if (index)
			__builtin_prefetch(&frames->tree->frames[index - 1]);
	}
	for (uint32_t k = 0; k < batch->count; k++)
		*next++ = frame_find(frames, &batch->wanted[k], batch->places[k]);
	batch->count = 0;
	return next;
}

static void batch_add(struct call_frames *frames, struct frame_batch *batch, const char *function, uint32_t module)
{
	struct call_frame *frame = &batch->wanted[batch->count];

	*frame = (struct call_frame){.function = function, .module = module, .kind = CALL_FUNCTION};
	batch->places[batch->count] = frame_hash(frames, frame);
	__builtin_prefetch(index_table_slot(&frames->table, batch->places[batch->count++]), 1);
}

/* Adds the profile's modules to the tree's; returns the first one's number. */
static uint32_t modules_add(struct call_frames *frames, const struct profile *profile)
{
	const uint32_t first = frames->tree->module_count;

	for (uint32_t i = 0; i < profile->module_count; i++) {
		const char *identity = "";
		const size_t length = module_identity(&profile->modules[i], &identity);
		module_add(frames, profile->modules[i].path, identity, length);
	}
	return first;
}

void call_frames_prepare(struct call_frames *frames, const struct profile *profile)
{
	const uint32_t module = modules_add(frames, profile);
	struct frame_batch batch = {.count = 0};
	size_t total = 0;

	frames->first = memory_allocate((size_t)profile->location_count + 1, sizeof *frames->first);
	for (uint32_t i = 0; i < profile->location_count; i++) {
		frames->first[i] = (uint32_t)total;
		total += profile->locations[i].line_count;
	}
	frames->of_lines = memory_allocate(total + 1, sizeof *frames->of_lines);
	index_table_reserve(&frames->table, frames->tree->frame_count + total, frames->tree->frame_count,
			    frame_hash_again, frames);
	uint32_t *next = frames->of_lines;
	for (uint32_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];
		if (location->labelled && !frames->tree->differential) {
			/* no other location has this name */
			next = batch_find(frames, &batch, next);
			*next++ = frame_add(
			    frames, &(struct call_frame){.module = module + location->module, .kind = CALL_FUNCTION});
			continue;
		}
		for (uint32_t k = 0; k < location->line_count; k++) {
			const struct source_line *line = &profile_lines(profile, location)[k];
			frames->has_lines |= line->file && line->line;
			const char *function =
			    frames->builds ? call_builds_name(frames->builds, profile, location, k) : line->function;
			batch_add(frames, &batch, function, module + location->module);
			if (batch.count == FRAMES_AT_ONCE)
				next = batch_find(frames, &batch, next);
		}
	}
	batch_find(frames, &batch, next);
}

void call_frames_name(const struct call_frames *frames, const struct profile *profile)
{
	const struct call_tree *tree = frames->tree;
	bool *is_there = memory_allocate(tree->frame_count, sizeof *is_there);

	for (uint32_t i = 0; i < tree->node_count; i++)
		is_there[tree->nodes[i].frame] = true;
	for (uint32_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];
		const uint32_t frame = location->labelled ? frames->of_lines[frames->first[i]] : 0;
		if (is_there[frame] && !tree->frames[frame].function)
			tree->frames[frame].function = profile_lines(profile, location)->function;
	}
	free(is_there);
}

void call_frames_forget_profile(struct call_frames *frames)
{
	free(frames->first);
	free(frames->of_lines);
	frames->first = frames->of_lines = NULL;
}

void call_frames_open(struct call_frames *frames, struct call_tree *tree)
{
	*frames = (struct call_frames){.tree = tree, .secret = hash_secret()};
	module_add(frames, "", "", 0);
}

void call_frames_close(struct call_frames *frames)
{
	call_frames_forget_profile(frames);
	free(frames->identities);
	index_table_free(&frames->table);
}
