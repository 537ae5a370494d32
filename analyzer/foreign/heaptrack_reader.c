/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From heaptrack's file to a profile of one moment.
 *
 * Billions of events pack into some megabytes, so they are never kept: bytes come piece by piece, and only what the
 * other lines define stays. The size of the file bounds the memory for that (`kept_limit`), and how much is unpacked.
 */
#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "foreign/heaptrack_lines.h"
#include "reader/input.h"
#include "reader/packed.h"

/* A loop that allocates one block packs to less than a hundredth. Unpacked bytes are not kept, so this bounds only the
 * time. */
#define PLAIN_ALWAYS ((size_t)256 << 20)
#define PLAIN_RATIO 4096
#define PLAIN_MOST ((size_t)64 << 30)

/* The memory for what is kept. */
#define KEPT_ALWAYS (UINT64_C(32) << 20)
#define KEPT_RATIO 40
#define KEPT_FRAME 8

static bool piece_take(void *context, const unsigned char *piece, size_t bytes)
{
	struct heaptrack *reader = context;

	buffer_append(&reader->pending, piece, bytes);
	reader->foreign->plain_bytes += bytes;
	return heaptrack_lines_read(reader);
}

static size_t plain_limit(size_t bytes)
{
	return bytes > (PLAIN_MOST - PLAIN_ALWAYS) / PLAIN_RATIO ? PLAIN_MOST : PLAIN_ALWAYS + bytes * PLAIN_RATIO;
}

static void blocks_add_up(struct heaptrack *reader)
{
	for (size_t i = 0; i < reader->block_count; i++) {
		const struct heaptrack_block *block = &reader->blocks[i];
		struct heaptrack_sums *sums = &reader->sums[block->sums];
		sums->objects += (double)block->allocated;
		sums->live_objects += (double)block->live;
		sums->bytes += (double)block->allocated * (double)block->bytes;
		sums->live_bytes += (double)block->live * (double)block->bytes;
	}
}

/* Frames are leaf first; if there is no more room for a stack, its callers are cut off. */
static void frames_add(struct heaptrack *reader, struct foreign_stack *stack, uint32_t call)
{
	struct foreign_profile *foreign = reader->foreign;

	for (; call; call = reader->calls[call - 1].parent) {
		if (stack->depth == FOREIGN_DEPTH_MAX || reader->kept + KEPT_FRAME > reader->kept_limit) {
			stack->truncated = true;
			return;
		}
		foreign_profile_frame(foreign, reader->calls[call - 1].location - 1);
		stack->depth++;
		reader->kept += KEPT_FRAME;
	}
}

static void stacks_make(struct heaptrack *reader)
{
	struct foreign_profile *foreign = reader->foreign;

	blocks_add_up(reader);
	foreign->stacks = memory_allocate(reader->sum_count + 1, sizeof *foreign->stacks);
	for (size_t i = 0; i < reader->sum_count; i++) {
		const struct heaptrack_sums *sums = &reader->sums[i];
		struct foreign_stack *stack = &foreign->stacks[foreign->stack_count++];
		*stack = (struct foreign_stack){
		    .first_frame = foreign->frame_count,
		    .in_use = foreign_measure(sums->live_objects, sums->live_bytes, foreign->rate),
		    .allocated = foreign_measure(sums->objects, sums->bytes, foreign->rate)};
		frames_add(reader, stack, sums->call);
	}
}

static bool all_read(struct heaptrack *reader, const void *data, size_t bytes)
{
	struct unpacking unpacking = {
	    .data = data, .bytes = bytes, .limit_bytes = plain_limit(bytes), .take = piece_take, .context = reader};

	switch (packed_read_each(&unpacking)) {
	case UNPACK_BROKEN:
		return input_fault(reader->error, reader->name, unpacking.offset, "%s", unpacking.fault.text);
	case UNPACK_STOPPED:
		return reader->stopped;
	case UNPACK_WHOLE:
		break;
	}
	return reader->pending.length == 0 ||
	       heaptrack_fault(reader, "the file is truncated: its last line has no end");
}

static struct heaptrack reader_make(struct foreign_profile *foreign, const char *name, size_t bytes,
				    struct error *error)
{
	return (struct heaptrack){.foreign = foreign,
				  .name = name,
				  .error = error,
				  .stop_ms = UINT64_MAX,
				  .kept_limit = KEPT_ALWAYS + KEPT_RATIO * bytes};
}

static void reader_free(struct heaptrack *reader)
{
	buffer_free(&reader->pending);
	free(reader->texts);
	free(reader->places);
	free(reader->mapping_of);
	free(reader->calls);
	free(reader->blocks);
	free(reader->sums);
}

/* The number of the event after which most was in use. */
static bool peak_find(const char *name, const unsigned char *data, size_t bytes, uint64_t *event, struct error *error)
{
	struct foreign_profile foreign = {.strings = string_pool_create()};
	struct heaptrack reader = reader_make(&foreign, name, bytes, error);
	const bool read = all_read(&reader, data, bytes);

	*event = reader.peak.event;
	reader_free(&reader);
	foreign_profile_free(&foreign);
	return read;
}

bool heaptrack_read(struct foreign_profile *foreign, const char *name, const unsigned char *data, size_t bytes,
		    const struct foreign_moment *moment, struct error *error)
{
	struct heaptrack reader = reader_make(foreign, name, bytes, error);

	if (moment->kind == FOREIGN_AT_TIME)
		reader.stop_ms = moment->time_ms;
	if (moment->kind == FOREIGN_AT_PEAK && !peak_find(name, data, bytes, &reader.stop_event, error))
		return false;
	foreign->format = "heaptrack";
	foreign->rate = 1;
	foreign->plain_bytes = 0;
	foreign->has_time = true;
	foreign->identity = hash_bytes(0, data, bytes);
	const bool read = all_read(&reader, data, bytes);
	if (read)
		stacks_make(&reader);
	foreign->time_ms = reader.time_ms;
	reader_free(&reader);
	return read;
}
