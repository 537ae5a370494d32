/* SPDX-License-Identifier: Apache-2.0 */
/* Heap dumps as text: jemalloc's ("heap_v2/RATE", a stack, then its counts in all and by thread) and gperftools' ("heap
 * profile:", counts and stack in one line), both followed by /proc/self/maps. Lines are read one by one, and never
 * beyond the end of the data. A line that does not belong there is an error with its place. */
#include <string.h>

#include "base/memory.h"
#include "reader/input.h"
#include "foreign/foreign_profile.h"

/* The rest of the line that is being read. */
struct line {
	const char *at, *end;
};

struct reader {
	struct foreign_profile *foreign;
	const char *name, *data;
	size_t bytes, next; /* offset of the next line */
	size_t line_offset;
	struct line line;
	struct error *error;
	bool has_allocated; /* stacks have a count of everything that was allocated */
	bool has_freed;     /* which differs from the count of what is in use */
	bool is_heap_sample;
};

struct counts {
	uint64_t objects, bytes, allocated_objects, allocated_bytes;
};

static bool fault(struct reader *reader, const char *text)
{
	return input_fault(reader->error, reader->name, reader->line_offset, "%s", text);
}

/* False at the end of the data. Also hands out a last line without a newline. */
static bool line_next(struct reader *reader)
{
	if (reader->next >= reader->bytes)
		return false;
	const char *start = reader->data + reader->next;
	const char *newline = memchr(start, '\n', reader->bytes - reader->next);
	reader->line_offset = reader->next;
	reader->line = (struct line){start, newline ? newline : reader->data + reader->bytes};
	reader->next = (size_t)(reader->line.end - reader->data) + (newline != NULL);
	if (reader->line.end > start && reader->line.end[-1] == '\r')
		reader->line.end--;
	return true;
}

static void skip_blanks(struct line *line)
{
	while (line->at < line->end && (*line->at == ' ' || *line->at == '\t'))
		line->at++;
}

/* Skips blanks, then the text, if it is there. */
static bool take(struct line *line, const char *text)
{
	const size_t length = strlen(text);

	skip_blanks(line);
	if ((size_t)(line->end - line->at) < length || memcmp(line->at, text, length) != 0)
		return false;
	line->at += length;
	return true;
}

static bool take_number(struct line *line, unsigned base, uint64_t *number)
{
	skip_blanks(line);
	const char *start = line->at;
	*number = 0;
	for (; line->at < line->end && hex_digit(*line->at) < base; line->at++)
		if (__builtin_mul_overflow(*number, (uint64_t)base, number) ||
		    __builtin_add_overflow(*number, (uint64_t)hex_digit(*line->at), number))
			return false;
	return line->at > start;
}

/* "12: 3456 [78: 9012]" */
static bool take_counts(struct line *line, struct counts *counts)
{
	return take_number(line, 10, &counts->objects) && take(line, ":") && take_number(line, 10, &counts->bytes) &&
	       take(line, "[") && take_number(line, 10, &counts->allocated_objects) && take(line, ":") &&
	       take_number(line, 10, &counts->allocated_bytes) && take(line, "]");
}

/* Reads "0x1234 0x5678", leaf first, to the end of the line. */
static bool take_stack(struct reader *reader, struct foreign_stack *stack)
{
	struct foreign_profile *foreign = reader->foreign;

	*stack = (struct foreign_stack){.first_frame = foreign->frame_count};
	for (skip_blanks(&reader->line); reader->line.at < reader->line.end; skip_blanks(&reader->line)) {
		uint64_t address;
		take(&reader->line, "0x");
		if (!take_number(&reader->line, 16, &address))
			return fault(reader, "a stack has something other than addresses");
		if (address == 0)
			continue; /* stands for an unknown stack */
		if (stack->depth == FOREIGN_DEPTH_MAX) {
			stack->truncated = true;
			break;
		}
		foreign_profile_frame(foreign, foreign_profile_address(foreign, address));
		stack->depth++;
	}
	return true;
}

static void stack_add(struct reader *reader, struct foreign_stack *stack, const struct counts *counts)
{
	struct foreign_profile *foreign = reader->foreign;

	reader->has_allocated |= counts->allocated_objects > 0;
	reader->has_freed |= counts->allocated_objects != counts->objects;
	stack->in_use = foreign_measure((double)counts->objects, (double)counts->bytes, foreign->rate);
	stack->allocated =
	    foreign_measure((double)counts->allocated_objects, (double)counts->allocated_bytes, foreign->rate);
	ARRAY_RESERVE(foreign->stacks, foreign->stack_count, foreign->stack_capacity);
	foreign->stacks[foreign->stack_count++] = *stack;
}

/* Takes a line of /proc/self/maps; skips a line of another form, or without a file. */
static void mapping_add(struct reader *reader)
{
	struct foreign_profile *foreign = reader->foreign;
	struct line line = reader->line;
	struct foreign_mapping mapping = {0};
	uint64_t ignored;

	if (!take_number(&line, 16, &mapping.start) || !take(&line, "-") || !take_number(&line, 16, &mapping.limit))
		return;
	skip_blanks(&line);
	while (line.at < line.end && *line.at != ' ')
		line.at++; /* skips the rights */
	if (!take_number(&line, 16, &mapping.file_offset) || !take_number(&line, 16, &ignored) || !take(&line, ":") ||
	    !take_number(&line, 16, &ignored) || !take_number(&line, 10, &ignored))
		return;
	skip_blanks(&line);
	const size_t length = (size_t)(line.end - line.at);
	if (mapping.limit <= mapping.start || length == 0 || length > FOREIGN_TEXT_LIMIT ||
	    memchr(line.at, 0, length) || (*line.at == '[' && !take(&(struct line){line.at, line.end}, "[vdso]")))
		return;
	mapping.path = string_pool_intern_safe(foreign->strings, line.at, length, FOREIGN_TEXT_LIMIT);
	mapping.place = string_pool_intern_bytes(foreign->strings, line.at, length);
	ARRAY_RESERVE(foreign->mappings, foreign->mapping_count, foreign->mapping_capacity);
	foreign->mappings[foreign->mapping_count++] = mapping;
}

static bool line_is_maps_title(const struct reader *reader)
{
	struct line line = reader->line;

	return take(&line, "MAPPED_LIBRARIES:") || take(&line, "--- Memory map: ---");
}

static void maps_read(struct reader *reader)
{
	while (line_next(reader))
		mapping_add(reader);
	foreign_profile_map_addresses(reader->foreign);
}

/* After its head, jemalloc's dump has "@ STACK" lines. Behind each is "t*: COUNTS", which includes the lines for each
 * thread that follow. Those before the first stack are totals, which are recomputed. */
static bool jemalloc_read(struct reader *reader)
{
	struct foreign_stack stack = {0};
	struct counts counts;
	bool in_stack = false;
	uint64_t thread;

	if (!take(&reader->line, "heap_v2/") || !take_number(&reader->line, 10, &reader->foreign->rate) ||
	    reader->foreign->rate == 0)
		return fault(reader, "the head names no sample rate");
	reader->foreign->format = "jemalloc";
	while (line_next(reader)) {
		struct line *line = &reader->line;
		skip_blanks(line);
		if (line->at == line->end)
			continue;
		if (line_is_maps_title(reader)) {
			maps_read(reader);
			return true;
		}
		if (take(line, "@")) {
			if (!take_stack(reader, &stack))
				return false;
			in_stack = true;
		} else if (take(line, "t*:")) {
			if (!take_counts(line, &counts))
				return fault(reader, "a stack's counts cannot be read");
			if (in_stack)
				stack_add(reader, &stack, &counts);
			in_stack = false;
		} else if (!take(line, "t") || !take_number(line, 10, &thread)) {
			return fault(reader, "this line does not belong in a jemalloc heap dump");
		}
	}
	reader->line_offset = reader->bytes;
	return fault(reader, "the dump is truncated: MAPPED_LIBRARIES is missing");
}

/* The part behind the totals: "@ heapprofile" (nothing was sampled), "@ heap_v2/RATE", "@ heap/TWICE THE RATE". */
static bool gperftools_head_read(struct reader *reader)
{
	struct counts totals;
	struct foreign_profile *foreign = reader->foreign;
	uint64_t number = 0;

	if (!take(&reader->line, "heap profile:") || !take_counts(&reader->line, &totals))
		return fault(reader, "the head's counts cannot be read");
	if (!take(&reader->line, "@"))
		return true;
	const bool is_old = take(&reader->line, "heap/");
	if (!is_old && !take(&reader->line, "heap_v2/") && !take(&reader->line, "heapz_v2/"))
		return take(&reader->line, "heapprofile") ||
		       fault(reader, "the head names a profile that is not a heap's");
	if (!take_number(&reader->line, 10, &number) || number < 1u + is_old)
		return fault(reader, "the head names no sample rate");
	foreign->rate = is_old ? number / 2 : number;
	reader->is_heap_sample = !is_old;
	return true;
}

static bool gperftools_read(struct reader *reader)
{
	struct foreign_stack stack;
	struct counts counts;

	if (!gperftools_head_read(reader))
		return false;
	reader->foreign->format = "gperftools";
	while (line_next(reader)) {
		struct line *line = &reader->line;
		skip_blanks(line);
		if (line->at == line->end || *line->at == '#')
			continue;
		if (line_is_maps_title(reader)) {
			maps_read(reader);
			return true;
		}
		if (!take_counts(line, &counts) || !take(line, "@"))
			return fault(reader, "this line does not belong in a gperftools heap profile");
		if (!take_stack(reader, &stack))
			return false;
		stack_add(reader, &stack, &counts);
	}
	reader->line_offset = reader->bytes;
	/* Go's text has names in comments and ends without maps, but never within a line. */
	if (reader->data[reader->bytes - 1] != '\n')
		return fault(reader, "the profile is truncated");
	return true;
}

bool heap_text_read(struct foreign_profile *foreign, const char *name, const char *data, size_t bytes,
		    struct error *error)
{
	struct reader reader = {.foreign = foreign, .name = name, .data = data, .bytes = bytes, .error = error};

	if (!line_next(&reader))
		return fault(&reader, "the file is empty");
	struct line start = reader.line;
	if (!(take(&start, "heap_v2/") ? jemalloc_read(&reader) : gperftools_read(&reader)))
		return false;
	/* jemalloc counts this only with prof_accum:true; memory in use was allocated, so a 0 can't be true. And
	 * tcmalloc's sample of the heap has the memory in use in both places. */
	if (foreign->stack_count && (!reader.has_allocated || (reader.is_heap_sample && !reader.has_freed)))
		foreign->lacks = FOREIGN_ALLOC_SPACE | FOREIGN_ALLOC_OBJECTS;
	return true;
}
