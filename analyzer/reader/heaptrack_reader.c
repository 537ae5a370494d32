/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heaptrack's files, as heaptrack_interpret writes them: a line for each text, instruction, call, kind of block,
 * allocation and free, in the order of events. Numbers are hexadecimal, indices begin at 1 and name earlier lines.
 *
 * Billions of events pack to some megabytes, so they are never kept: bytes come piece by piece, and only what the other
 * lines define stays. The size of the file bounds that (`kept_limit`), and how much is unpacked.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/map.h"
#include "base/memory.h"
#include "files/path.h"
#include "reader/foreign_profile.h"
#include "reader/input.h"
#include "reader/packed.h"

#define BLOCK_BYTES_MOST (UINT64_C(1) << 47) /* an address space has no more */
#define TIME_MS_MOST (UINT64_C(1) << 40)     /* 35 years */

/* A loop that allocates one block packs to less than a hundredth. What is unpacked is not kept: this bounds the time. */
#define PLAIN_ALWAYS ((size_t)256 << 20)
#define PLAIN_RATIO 4096
#define PLAIN_MOST ((size_t)64 << 30)

/* The memory for what is kept. */
#define KEPT_ALWAYS (UINT64_C(32) << 20)
#define KEPT_RATIO 40

enum {
	VERSION_LEAST = 1, /* earlier ones tell blocks by their addresses */
	VERSION_MOST = 3,
	LINE_BYTES_MOST = 1 << 20,
	/* What a definition takes here and in the profile that is made of it. */
	KEPT_TEXT = 64,
	KEPT_LOCATION = 120,
	KEPT_CALL = 16,
	KEPT_BLOCK = 32,
	KEPT_STACK = 1000,
	KEPT_FRAME = 8,
};

/* A call: an instruction and the call that led to it. */
struct call {
	uint32_t location, parent; /* indices + 1 */
	uint32_t sums;             /* index + 1; 0: nothing was allocated here */
};

/* Blocks of one size from one call. */
struct block {
	uint64_t bytes, allocated, live;
	uint32_t sums; /* index */
};

struct sums {
	uint32_t call; /* index + 1; 0: a stack that is not known */
	double objects, live_objects, bytes, live_bytes;
};

struct reader {
	struct foreign_profile *foreign;
	const char *name;
	struct error *error;
	struct buffer pending;         /* bytes that are not read yet */
	uint64_t offset;               /* of the line that is being read, in the unpacked bytes */
	const unsigned char *at, *end; /* the rest of that line */
	const char **texts, **places;  /* fit to print; as they are */
	uint32_t *mapping_of;          /* by text: index + 1 */
	size_t text_count, text_capacity, place_capacity, mapping_capacity;
	struct call *calls;
	size_t call_count, call_capacity;
	struct block *blocks;
	size_t block_count, block_capacity;
	struct sums *sums;
	size_t sum_count, sum_capacity;
	uint32_t stackless; /* index + 1 of sums */
	uint64_t version;
	uint64_t events, live_bytes, time_ms;
	struct peak {
		uint64_t bytes, event;
	} peak;
	uint64_t stop_event, stop_ms; /* what comes behind is not read */
	bool stopped;
	uint64_t kept, kept_limit; /* bytes of memory */
};

static bool fault(struct reader *reader, const char *text)
{
	return input_fault(reader->error, reader->name, reader->offset, "%s", text);
}

static bool keep(struct reader *reader, uint64_t bytes)
{
	reader->kept += bytes;
	return reader->kept <= reader->kept_limit || fault(reader, "the file defines more than its size allows");
}

static int digit_value(unsigned char digit)
{
	return digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : 16;
}

/* The next number of the line; false: there is none. */
static bool take_number(struct reader *reader, uint64_t *number)
{
	const unsigned char *at = reader->at;

	while (at < reader->end && *at == ' ')
		at++;
	const unsigned char *start = at;
	for (*number = 0; at < reader->end && digit_value(*at) < 16 && *number >> 60 == 0; at++)
		*number = *number << 4 | (uint64_t)digit_value(*at);
	if (at == start || (at < reader->end && *at != ' '))
		return false;
	reader->at = at;
	return true;
}

/* The next number, from 1 to `count`, or 0 if that is allowed. */
static bool take_index(struct reader *reader, size_t count, bool zero_is_fine, uint32_t *index)
{
	uint64_t number;

	if (!take_number(reader, &number) || number > count || number > UINT32_MAX - 1 || (!number && !zero_is_fine))
		return fault(reader, "an index is missing, or names nothing that was defined before");
	*index = (uint32_t)number;
	return true;
}

/* "v WRITER VERSION" */
static bool version_read(struct reader *reader)
{
	uint64_t writer;

	if (!take_number(reader, &writer) || !take_number(reader, &reader->version))
		return fault(reader, "the head names no version");
	if (reader->version < VERSION_LEAST || reader->version > VERSION_MOST)
		return input_fault(reader->error, reader->name, reader->offset,
				   "heaptrack's format has version %llu here; %d to %d are read",
				   (unsigned long long)reader->version, VERSION_LEAST, VERSION_MOST);
	return true;
}

/* "s TEXT", or "s LENGTH TEXT" since version 3 */
static bool text_read(struct reader *reader)
{
	struct string_pool *strings = reader->foreign->strings;
	uint64_t length;

	if (reader->version >= 3 && !take_number(reader, &length))
		return fault(reader, "a text has no length");
	if (reader->at < reader->end)
		reader->at++; /* the blank */
	const char *text = (const char *)reader->at;
	const size_t bytes = strnlen(text, (size_t)(reader->end - reader->at));
	if (!keep(reader, KEPT_TEXT + 2 * bytes))
		return false;
	const size_t before = reader->text_count;
	ARRAY_RESERVE(reader->texts, before, reader->text_capacity);
	ARRAY_RESERVE(reader->places, before, reader->place_capacity);
	ARRAY_RESERVE(reader->mapping_of, before, reader->mapping_capacity);
	reader->texts[before] = string_pool_intern_safe(strings, text, bytes, FOREIGN_TEXT_LIMIT);
	reader->places[before] = string_pool_intern_bytes(strings, text, bytes);
	reader->mapping_of[before] = 0;
	reader->text_count++;
	return true;
}

/* Modules have no addresses here, since the file says nothing of where they lay. */
static uint32_t module_of(struct reader *reader, uint32_t text)
{
	struct foreign_profile *foreign = reader->foreign;

	if (text == 0)
		return 0;
	if (reader->mapping_of[text - 1] == 0) {
		ARRAY_RESERVE(foreign->mappings, foreign->mapping_count, foreign->mapping_capacity);
		foreign->mappings[foreign->mapping_count++] =
		    (struct foreign_mapping){.path = reader->texts[text - 1], .place = reader->places[text - 1]};
		reader->mapping_of[text - 1] = (uint32_t)foreign->mapping_count;
	}
	return reader->mapping_of[text - 1];
}

static void line_add(struct reader *reader, struct foreign_location *location, const struct source_line *line)
{
	struct foreign_profile *foreign = reader->foreign;

	if (location->line_count == FOREIGN_LINES_MAX)
		return;
	ARRAY_RESERVE(foreign->lines, foreign->line_count, foreign->line_capacity);
	foreign->lines[foreign->line_count++] = *line;
	location->line_count++;
}

/* An address without a name: its place in its page is all that is the same in every run. */
static void address_name(struct reader *reader, struct foreign_location *location, uint32_t module, uint64_t address)
{
	struct buffer name = {0};
	const char *path = module ? path_base_name(reader->texts[module - 1]) : "";

	buffer_printf(&name, "%.*s+0x..%03x", BUDGET_LABEL_BYTES, *path ? path : "unknown",
		      (unsigned)(address & 0xfff));
	line_add(reader, location,
		 &(struct source_line){.function = string_pool_intern_safe(reader->foreign->strings, name.data,
									   name.length, FOREIGN_TEXT_LIMIT)});
	buffer_free(&name);
}

/* "i ADDRESS MODULE [FUNCTION [FILE LINE]]...", innermost call first */
static bool location_read(struct reader *reader)
{
	struct foreign_profile *foreign = reader->foreign;
	struct foreign_location location = {.first_line = foreign->line_count, .exact = true};
	uint64_t address, number;
	uint32_t module;

	if (!take_number(reader, &address) || !take_index(reader, reader->text_count, true, &module))
		return fault(reader, "an instruction has no address or no module");
	while (take_number(reader, &number)) {
		struct source_line line = {0};
		uint32_t file = 0;
		uint64_t row = 0;
		if (number > reader->text_count)
			return fault(reader, "a function names a text that is not there");
		if (reader->at < reader->end &&
		    (!take_index(reader, reader->text_count, true, &file) || !take_number(reader, &row)))
			return fault(reader, "a function has a file, and no line");
		line.function = number ? reader->texts[number - 1] : "";
		line.file = file ? reader->texts[file - 1] : NULL;
		line.line = row < UINT32_MAX ? (uint32_t)row : 0;
		if (*line.function)
			line_add(reader, &location, &line);
	}
	if (location.line_count == 0)
		address_name(reader, &location, module, address);
	location.mapping = module_of(reader, module);
	ARRAY_RESERVE(foreign->locations, foreign->location_count, foreign->location_capacity);
	foreign->locations[foreign->location_count++] = location;
	return keep(reader, KEPT_LOCATION + location.line_count * sizeof(struct source_line));
}

/* "t INSTRUCTION PARENT" */
static bool call_read(struct reader *reader)
{
	struct call call = {0};

	if (!take_index(reader, reader->foreign->location_count, false, &call.location) ||
	    !take_index(reader, reader->call_count, true, &call.parent))
		return false;
	ARRAY_RESERVE(reader->calls, reader->call_count, reader->call_capacity);
	reader->calls[reader->call_count++] = call;
	return keep(reader, KEPT_CALL);
}

/* "a BYTES CALL" */
static bool block_read(struct reader *reader)
{
	struct block block = {0};
	uint32_t call;

	if (!take_number(reader, &block.bytes) || block.bytes > BLOCK_BYTES_MOST)
		return fault(reader, "a kind of block has no size, or one that no block can have");
	if (!take_index(reader, reader->call_count, true, &call))
		return false;
	uint32_t *sums = call ? &reader->calls[call - 1].sums : &reader->stackless;
	if (*sums == 0) {
		ARRAY_RESERVE(reader->sums, reader->sum_count, reader->sum_capacity);
		reader->sums[reader->sum_count++] = (struct sums){.call = call};
		*sums = (uint32_t)reader->sum_count;
		if (!keep(reader, KEPT_STACK))
			return false;
	}
	block.sums = *sums - 1;
	ARRAY_RESERVE(reader->blocks, reader->block_count, reader->block_capacity);
	reader->blocks[reader->block_count++] = block;
	return keep(reader, KEPT_BLOCK);
}

/* "+ BLOCK" and "- BLOCK"; these indices begin at 0. */
static bool event_read(struct reader *reader, bool is_allocation)
{
	uint64_t number;

	if (!take_number(reader, &number) || number >= reader->block_count)
		return fault(reader, "an event names no kind of block that was defined before");
	struct block *block = &reader->blocks[number];
	reader->events++;
	reader->stopped = reader->events == reader->stop_event;
	if (is_allocation) {
		block->allocated++;
		block->live++;
		reader->live_bytes += block->bytes;
		if (reader->live_bytes > reader->peak.bytes)
			reader->peak = (struct peak){reader->live_bytes, reader->events};
		return !reader->stopped;
	}
	if (block->live == 0)
		return fault(reader, "more blocks are freed than were allocated");
	block->live--;
	reader->live_bytes -= block->bytes;
	return !reader->stopped;
}

/* "c MILLISECONDS" since the beginning */
static bool time_read(struct reader *reader)
{
	uint64_t time_ms;

	if (!take_number(reader, &time_ms) || time_ms < reader->time_ms || time_ms > TIME_MS_MOST)
		return fault(reader, "a time is missing, or before the last");
	reader->stopped = time_ms > reader->stop_ms;
	reader->time_ms = reader->stopped ? reader->stop_ms : time_ms;
	return !reader->stopped;
}

/* "X COMMAND ARGUMENT..." */
static void arguments_read(struct reader *reader)
{
	reader->at += reader->at < reader->end;
	reader->foreign->arguments = string_pool_intern_safe(reader->foreign->strings, (const char *)reader->at,
							     (size_t)(reader->end - reader->at), FOREIGN_TEXT_LIMIT);
}

static bool line_read(struct reader *reader)
{
	const unsigned char kind = *reader->at++;

	if (kind != 'v' && kind != '#' && reader->version == 0)
		return fault(reader, "the head names no version");
	switch (kind) {
	case 'v':
		return version_read(reader);
	case 's':
		return text_read(reader);
	case 'i':
		return location_read(reader);
	case 't':
		return call_read(reader);
	case 'a':
		return block_read(reader);
	case '+':
	case '-':
		return event_read(reader, kind == '+');
	case 'c':
		return time_read(reader);
	case 'X':
		arguments_read(reader);
		return true;
	case 'x':
	case 'm':
		return fault(reader, "is heaptrack's raw data: heaptrack_interpret makes what is read here of it");
	case '#': /* a comment */
	case 'R': /* RSS */
	case 'I': /* the system */
	case 'S': /* what heaptrack suppresses */
	case 'A': /* from here on: attached */
		return true;
	default:
		return fault(reader, "this line does not belong in heaptrack's file");
	}
}

/* The length of the first line, its newline included; 0: it is not all there. A text may have newlines in it. */
static size_t line_length(struct reader *reader, const unsigned char *data, size_t bytes)
{
	size_t begin = 0;
	uint64_t length;

	if (bytes >= 2 && data[0] == 's' && reader->version >= 3) {
		const unsigned char *blank = bytes > 2 ? memchr(data + 2, ' ', bytes - 2) : NULL;
		reader->at = data + 1;
		reader->end = blank ? blank : data + bytes;
		if (blank && take_number(reader, &length) && length < LINE_BYTES_MOST)
			begin = (size_t)(blank - data) + 1 + length;
	}
	const unsigned char *newline = begin < bytes ? memchr(data + begin, '\n', bytes - begin) : NULL;
	return newline ? (size_t)(newline - data) + 1 : 0;
}

static bool lines_read(struct reader *reader)
{
	const unsigned char *data = (const unsigned char *)reader->pending.data;
	size_t used = 0, length;
	bool fine = true;

	while (fine && (length = line_length(reader, data + used, reader->pending.length - used))) {
		reader->at = data + used;
		reader->end = reader->at + length - 1;
		fine = length == 1 || line_read(reader);
		used += length;
		reader->offset += length;
	}
	reader->pending.length -= used;
	memmove(reader->pending.data, data + used, reader->pending.length);
	if (fine && reader->pending.length > LINE_BYTES_MOST)
		return fault(reader, "a line has no end");
	return fine;
}

static bool piece_take(void *context, const unsigned char *piece, size_t bytes)
{
	struct reader *reader = context;

	buffer_append(&reader->pending, piece, bytes);
	reader->foreign->plain_bytes += bytes;
	return lines_read(reader);
}

static size_t plain_limit(size_t bytes)
{
	return bytes > (PLAIN_MOST - PLAIN_ALWAYS) / PLAIN_RATIO ? PLAIN_MOST : PLAIN_ALWAYS + bytes * PLAIN_RATIO;
}

static void blocks_add_up(struct reader *reader)
{
	for (size_t i = 0; i < reader->block_count; i++) {
		const struct block *block = &reader->blocks[i];
		struct sums *sums = &reader->sums[block->sums];
		sums->objects += (double)block->allocated;
		sums->live_objects += (double)block->live;
		sums->bytes += (double)block->allocated * (double)block->bytes;
		sums->live_bytes += (double)block->live * (double)block->bytes;
	}
}

/* Frames are leaf first; of a stack for which there is no more room the callers are cut. */
static void frames_add(struct reader *reader, struct foreign_stack *stack, uint32_t call)
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

static void stacks_make(struct reader *reader)
{
	struct foreign_profile *foreign = reader->foreign;

	blocks_add_up(reader);
	foreign->stacks = memory_allocate(reader->sum_count + 1, sizeof *foreign->stacks);
	for (size_t i = 0; i < reader->sum_count; i++) {
		const struct sums *sums = &reader->sums[i];
		struct foreign_stack *stack = &foreign->stacks[foreign->stack_count++];
		*stack = (struct foreign_stack){
		    .first_frame = foreign->frame_count,
		    .in_use = foreign_measure(sums->live_objects, sums->live_bytes, foreign->rate),
		    .allocated = foreign_measure(sums->objects, sums->bytes, foreign->rate)};
		frames_add(reader, stack, sums->call);
	}
}

static bool all_read(struct reader *reader, const void *data, size_t bytes)
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
	return reader->pending.length == 0 || fault(reader, "the file is truncated: its last line has no end");
}

bool heaptrack_is_heaptrack(const unsigned char *head, size_t bytes)
{
	const unsigned char *newline = bytes > 2 ? memchr(head, '\n', bytes) : NULL;
	struct reader line = {.at = head + 1, .end = newline};
	uint64_t writer, version;

	return newline && head[0] == 'v' && head[1] == ' ' && take_number(&line, &writer) &&
	       take_number(&line, &version) && line.at == line.end;
}

static struct reader reader_make(struct foreign_profile *foreign, const char *name, size_t bytes, struct error *error)
{
	return (struct reader){.foreign = foreign,
			       .name = name,
			       .error = error,
			       .stop_ms = UINT64_MAX,
			       .kept_limit = KEPT_ALWAYS + KEPT_RATIO * bytes};
}

static void reader_free(struct reader *reader)
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
	struct reader reader = reader_make(&foreign, name, bytes, error);
	const bool read = all_read(&reader, data, bytes);

	*event = reader.peak.event;
	reader_free(&reader);
	foreign_profile_free(&foreign);
	return read;
}

bool heaptrack_read(struct foreign_profile *foreign, const char *name, const unsigned char *data, size_t bytes,
		    const struct foreign_moment *moment, struct error *error)
{
	struct reader reader = reader_make(foreign, name, bytes, error);

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
