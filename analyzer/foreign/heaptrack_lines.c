/* SPDX-License-Identifier: Apache-2.0 */
/* Reads heaptrack's lines: see heaptrack_lines.h. */
#include "foreign/heaptrack_lines.h"

#include <string.h>

#include "base/memory.h"
#include "files/path.h"
#include "reader/input.h"

#define BLOCK_BYTES_MOST (UINT64_C(1) << 47) /* an address space has no more bytes */
#define TIME_MS_MOST (UINT64_C(1) << 40)     /* 35 years */

enum {
	VERSION_LEAST = 1, /* earlier versions identify blocks by their addresses */
	VERSION_MOST = 3,
	LINE_BYTES_MOST = 1 << 20,
	/* The memory that a definition takes here and in the profile. */
	KEPT_TEXT = 64,
	KEPT_LOCATION = 120,
	KEPT_CALL = 16,
	KEPT_BLOCK = 32,
	KEPT_STACK = 1000,
};

bool heaptrack_fault(struct heaptrack *reader, const char *text)
{
	return input_fault(reader->error, reader->name, reader->offset, "%s", text);
}

static bool keep(struct heaptrack *reader, uint64_t bytes)
{
	reader->kept += bytes;
	return reader->kept <= reader->kept_limit ||
	       heaptrack_fault(reader, "the file defines more than its size allows");
}

/* Takes the next number of the line; false: there is none. */
static bool take_number(struct heaptrack *reader, uint64_t *number)
{
	const unsigned char *at = reader->at;

	while (at < reader->end && *at == ' ')
		at++;
	const unsigned char *start = at;
	for (*number = 0; at < reader->end && hex_digit((char)*at) < 16 && *number >> 60 == 0; at++)
		*number = *number << 4 | hex_digit((char)*at);
	if (at == start || (at < reader->end && *at != ' '))
		return false;
	reader->at = at;
	return true;
}

/* Takes the next number, from 1 to `count`, or 0 if that is allowed. */
static bool take_index(struct heaptrack *reader, size_t count, bool zero_is_fine, uint32_t *index)
{
	uint64_t number;

	if (!take_number(reader, &number) || number > count || number > UINT32_MAX - 1 || (!number && !zero_is_fine))
		return heaptrack_fault(reader, "an index is missing, or names nothing that was defined before");
	*index = (uint32_t)number;
	return true;
}

/* "v WRITER VERSION" */
static bool version_read(struct heaptrack *reader)
{
	uint64_t writer;

	if (!take_number(reader, &writer) || !take_number(reader, &reader->version))
		return heaptrack_fault(reader, "the head names no version");
	if (reader->version < VERSION_LEAST || reader->version > VERSION_MOST)
		return input_fault(reader->error, reader->name, reader->offset,
				   "heaptrack's format has version %llu here; %d to %d are read",
				   (unsigned long long)reader->version, VERSION_LEAST, VERSION_MOST);
	return true;
}

/* "s TEXT", or "s LENGTH TEXT" since version 3 */
static bool text_read(struct heaptrack *reader)
{
	struct string_pool *strings = reader->foreign->strings;
	uint64_t length;

	if (reader->version >= 3 && !take_number(reader, &length))
		return heaptrack_fault(reader, "a text has no length");
	if (reader->at < reader->end)
		reader->at++; /* skips the blank */
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

/* Modules have no addresses here, because the file does not say where they lay. */
static uint32_t module_of(struct heaptrack *reader, uint32_t text)
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

static void line_add(struct heaptrack *reader, struct foreign_location *location, const struct source_line *line)
{
	struct foreign_profile *foreign = reader->foreign;

	if (location->line_count == BUDGET_INLINED_LINES)
		return;
	ARRAY_RESERVE(foreign->lines, foreign->line_count, foreign->line_capacity);
	foreign->lines[foreign->line_count++] = *line;
	location->line_count++;
}

/* Names a nameless address by its place in its page: only that is the same in every run. */
static void address_name(struct heaptrack *reader, struct foreign_location *location, uint32_t module, uint64_t address)
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
static bool location_read(struct heaptrack *reader)
{
	struct foreign_profile *foreign = reader->foreign;
	struct foreign_location location = {.first_line = foreign->line_count, .exact = true};
	uint64_t address, number;
	uint32_t module;

	if (!take_number(reader, &address) || !take_index(reader, reader->text_count, true, &module))
		return heaptrack_fault(reader, "an instruction has no address or no module");
	while (take_number(reader, &number)) {
		struct source_line line = {0};
		uint32_t file = 0;
		uint64_t row = 0;
		if (number > reader->text_count)
			return heaptrack_fault(reader, "a function names a text that is not there");
		if (reader->at < reader->end &&
		    (!take_index(reader, reader->text_count, true, &file) || !take_number(reader, &row)))
			return heaptrack_fault(reader, "a function has a file, and no line");
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
static bool call_read(struct heaptrack *reader)
{
	struct heaptrack_call call = {0};

	if (!take_index(reader, reader->foreign->location_count, false, &call.location) ||
	    !take_index(reader, reader->call_count, true, &call.parent))
		return false;
	ARRAY_RESERVE(reader->calls, reader->call_count, reader->call_capacity);
	reader->calls[reader->call_count++] = call;
	return keep(reader, KEPT_CALL);
}

/* "a BYTES CALL" */
static bool block_read(struct heaptrack *reader)
{
	struct heaptrack_block block = {0};
	uint32_t call;

	if (!take_number(reader, &block.bytes) || block.bytes > BLOCK_BYTES_MOST)
		return heaptrack_fault(reader, "a kind of block has no size, or one that no block can have");
	if (!take_index(reader, reader->call_count, true, &call))
		return false;
	uint32_t *sums = call ? &reader->calls[call - 1].sums : &reader->stackless;
	if (*sums == 0) {
		ARRAY_RESERVE(reader->sums, reader->sum_count, reader->sum_capacity);
		reader->sums[reader->sum_count++] = (struct heaptrack_sums){.call = call};
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
static bool event_read(struct heaptrack *reader, bool is_allocation)
{
	uint64_t number;

	if (!take_number(reader, &number) || number >= reader->block_count)
		return heaptrack_fault(reader, "an event names no kind of block that was defined before");
	struct heaptrack_block *block = &reader->blocks[number];
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
		return heaptrack_fault(reader, "more blocks are freed than were allocated");
	block->live--;
	reader->live_bytes -= block->bytes;
	return !reader->stopped;
}

/* "c MILLISECONDS" since the beginning */
static bool time_read(struct heaptrack *reader)
{
	uint64_t time_ms;

	if (!take_number(reader, &time_ms) || time_ms < reader->time_ms || time_ms > TIME_MS_MOST)
		return heaptrack_fault(reader, "a time is missing, or before the last");
	reader->stopped = time_ms > reader->stop_ms;
	reader->time_ms = reader->stopped ? reader->stop_ms : time_ms;
	return !reader->stopped;
}

/* "X COMMAND ARGUMENT..." */
static void arguments_read(struct heaptrack *reader)
{
	reader->at += reader->at < reader->end;
	reader->foreign->arguments = string_pool_intern_safe(reader->foreign->strings, (const char *)reader->at,
							     (size_t)(reader->end - reader->at), FOREIGN_TEXT_LIMIT);
}

static bool line_read(struct heaptrack *reader)
{
	const unsigned char kind = *reader->at++;

	if (kind != 'v' && kind != '#' && reader->version == 0)
		return heaptrack_fault(reader, "the head names no version");
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
		return heaptrack_fault(
		    reader, "is heaptrack's raw data: heaptrack_interpret makes of it a file that seep reads");
	case '#': /* a comment */
	case 'R': /* RSS */
	case 'I': /* the system */
	case 'S': /* something that heaptrack suppresses */
	case 'A': /* heaptrack attached here */
		return true;
	default:
		return heaptrack_fault(reader, "this line does not belong in heaptrack's file");
	}
}

/* The length of the first line with its newline; 0: it is not complete. A text may contain newlines. */
static size_t line_length(struct heaptrack *reader, const unsigned char *data, size_t bytes)
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

bool heaptrack_lines_read(struct heaptrack *reader)
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
		return heaptrack_fault(reader, "a line has no end");
	return fine;
}

bool heaptrack_is_heaptrack(const unsigned char *head, size_t bytes)
{
	const unsigned char *newline = bytes > 2 ? memchr(head, '\n', bytes) : NULL;
	struct heaptrack line = {.at = head + 1, .end = newline};
	uint64_t writer, version;

	return newline && head[0] == 'v' && head[1] == ' ' && take_number(&line, &writer) &&
	       take_number(&line, &version) && line.at == line.end;
}
