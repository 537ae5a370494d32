/* SPDX-License-Identifier: Apache-2.0 */
/* Reads profile.proto as Go, tcmalloc, jemalloc's and Datadog's profilers write it. Tables and samples may come in any
 * order, so the data is walked four times: for texts; for functions, mappings and value types; for locations; for
 * samples. Every reference is checked; one that leads nowhere is a fault. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "reader/input.h"
#include "encoding/protobuf.h"
#include "foreign/foreign_profile.h"

enum { VALUES_MAX = 32 };
enum heap_value { HEAP_ALLOC_OBJECTS, HEAP_ALLOC_SPACE, HEAP_INUSE_OBJECTS, HEAP_INUSE_SPACE, HEAP_VALUES };

/* What tools call the four values; '-' counts as '_'. */
static const struct {
	const char *name;
	enum heap_value value;
} value_names[] = {
    {"inuse_space", HEAP_INUSE_SPACE},
    {"inuse_objects", HEAP_INUSE_OBJECTS},
    {"alloc_space", HEAP_ALLOC_SPACE},
    {"alloc_objects", HEAP_ALLOC_OBJECTS},
    {"space", HEAP_INUSE_SPACE},
    {"objects", HEAP_INUSE_OBJECTS}, /* tcmalloc, Node */
    {"inuse_bytes", HEAP_INUSE_SPACE},
    {"inuse_count", HEAP_INUSE_OBJECTS},
    {"heap_space", HEAP_INUSE_SPACE},
    {"heap_live_size", HEAP_INUSE_SPACE},
    {"heap_live_samples", HEAP_INUSE_OBJECTS},
    {"alloc_samples", HEAP_ALLOC_OBJECTS}, /* ddprof */
    {"alloc_size", HEAP_ALLOC_SPACE},
    {"alloc_bytes", HEAP_ALLOC_SPACE},
    {"alloc_count", HEAP_ALLOC_OBJECTS},
    {"allocations", HEAP_ALLOC_OBJECTS},
};

struct text {
	const unsigned char *data;
	size_t bytes;
	const char *known; /* interned when it is first asked for */
};

struct function {
	uint64_t name, file;
};

struct reader {
	struct foreign_profile *foreign;
	const char *name;
	const unsigned char *data;
	size_t bytes;
	struct error *error;
	struct text *texts;
	size_t text_count, text_capacity;
	struct function *functions;
	size_t function_count, function_capacity;
	struct numbering functions_by_id, mappings_by_id, locations_by_id;
	int column[HEAP_VALUES]; /* where a sample has its values; -1: nowhere */
	uint64_t scale[HEAP_VALUES];
	uint32_t value_count;
};

static bool fault_at(struct reader *reader, const unsigned char *at, const char *text)
{
	return input_fault(reader->error, reader->name, (uint64_t)(at - reader->data), "%s", text);
}

/* Called after the last field: true if that was the end. */
static bool at_end(struct reader *reader, const struct protobuf_reader *message)
{
	return message->fault ? fault_at(reader, message->at, message->fault) : true;
}

/* NULL: there is no such text. */
static const char *text_of(struct reader *reader, uint64_t number)
{
	if (number >= reader->text_count)
		return NULL;
	struct text *text = &reader->texts[number];
	if (!text->known)
		text->known = string_pool_intern_safe(reader->foreign->strings, (const char *)text->data, text->bytes,
						      FOREIGN_TEXT_LIMIT);
	return text->known;
}

static bool texts_read(struct reader *reader)
{
	struct protobuf_reader profile = {.at = reader->data, .end = reader->data + reader->bytes};
	struct protobuf_field field;

	while (protobuf_next(&profile, &field)) {
		if (field.number != 6 || !field.is_bytes)
			continue;
		ARRAY_RESERVE(reader->texts, reader->text_count, reader->text_capacity);
		reader->texts[reader->text_count++] =
		    (struct text){field.bytes.at, (size_t)(field.bytes.end - field.bytes.at), NULL};
	}
	return at_end(reader, &profile);
}

/* Reads fields 1 to `count` - 1 of a message as numbers, and skips the others; false: a fault. */
static bool numbers_read(struct reader *reader, struct protobuf_reader message, uint64_t *numbers, size_t count)
{
	struct protobuf_field field;

	memset(numbers, 0, count * sizeof *numbers);
	while (protobuf_next(&message, &field))
		if (field.number < count && !field.is_bytes)
			numbers[field.number] = field.value;
	return at_end(reader, &message);
}

static uint64_t unit_scale(const char *unit)
{
	static const struct {
		const char *name;
		uint64_t scale;
	} units[] = {{"kilobytes", 1 << 10}, {"kb", 1 << 10}, {"megabytes", 1 << 20}, {"mb", 1 << 20}};

	for (size_t i = 0; unit && i < sizeof units / sizeof *units; i++)
		if (strcasecmp(unit, units[i].name) == 0)
			return units[i].scale;
	return 1;
}

static bool value_type_read(struct reader *reader, struct protobuf_reader message)
{
	uint64_t numbers[3];
	char name[32];

	if (!numbers_read(reader, message, numbers, 3))
		return false;
	const char *type = text_of(reader, numbers[1]);
	if (!type || reader->value_count == VALUES_MAX)
		return fault_at(reader, message.at,
				type ? "there are too many sample types"
				     : "a sample type has no name in the string table");
	size_t length = 0;
	for (; type[length] && length < sizeof name - 1; length++)
		name[length] = type[length] == '-' ? '_' : type[length];
	name[length] = '\0';
	for (size_t i = 0; i < sizeof value_names / sizeof *value_names; i++) {
		const enum heap_value value = value_names[i].value;
		if (strcmp(name, value_names[i].name) == 0 && reader->column[value] < 0) {
			reader->column[value] = (int)reader->value_count;
			reader->scale[value] = unit_scale(text_of(reader, numbers[2]));
		}
	}
	reader->value_count++;
	return true;
}

/* Gives the next entry its id; an id of 0, or one that another entry has, is a fault. */
static bool id_add(struct reader *reader, struct numbering *ids, uint64_t id, const unsigned char *at)
{
	bool is_new;

	if (id == 0)
		return fault_at(reader, at, "an entry has no id");
	numbering_put(ids, id, &is_new);
	return is_new || fault_at(reader, at, "two entries have the same id");
}

static void build_id_parse(struct foreign_mapping *mapping, const char *text)
{
	const size_t digits = strspn(text, "0123456789abcdefABCDEF");

	if (text[digits] || digits % 2 || digits > 2 * sizeof mapping->build_id)
		return; /* Go's own build ids are not of GNU's kind */
	for (size_t i = 0; i < digits; i += 2)
		mapping->build_id[i / 2] = (uint8_t)(hex_digit(text[i]) << 4 | hex_digit(text[i + 1]));
	mapping->build_id_bytes = (uint32_t)(digits / 2);
}

static bool mapping_read(struct reader *reader, struct protobuf_reader message)
{
	struct foreign_profile *foreign = reader->foreign;
	uint64_t numbers[7];

	if (!numbers_read(reader, message, numbers, 7))
		return false;
	const char *path = text_of(reader, numbers[5]), *build_id = text_of(reader, numbers[6]);
	if (!path || !build_id)
		return fault_at(reader, message.at, "a mapping names a text that is not there");
	if (!id_add(reader, &reader->mappings_by_id, numbers[1], message.at))
		return false;
	struct foreign_mapping mapping = {
	    .start = numbers[2], .limit = numbers[3], .file_offset = numbers[4], .path = path, .place = path};
	build_id_parse(&mapping, build_id);
	ARRAY_RESERVE(foreign->mappings, foreign->mapping_count, foreign->mapping_capacity);
	foreign->mappings[foreign->mapping_count++] = mapping;
	return true;
}

static bool function_read(struct reader *reader, struct protobuf_reader message)
{
	uint64_t numbers[5];

	if (!numbers_read(reader, message, numbers, 5))
		return false;
	const struct function function = {numbers[2] ? numbers[2] : numbers[3], numbers[4]};
	if (function.name >= reader->text_count || function.file >= reader->text_count)
		return fault_at(reader, message.at, "a function names a text that is not there");
	if (!id_add(reader, &reader->functions_by_id, numbers[1], message.at))
		return false;
	ARRAY_RESERVE(reader->functions, reader->function_count, reader->function_capacity);
	reader->functions[reader->function_count++] = function;
	return true;
}

static bool line_read(struct reader *reader, struct protobuf_reader message, struct foreign_location *location)
{
	struct foreign_profile *foreign = reader->foreign;
	uint64_t numbers[3];

	if (!numbers_read(reader, message, numbers, 3))
		return false;
	const uint32_t index = numbering_get(&reader->functions_by_id, numbers[1]);
	if (index == NUMBERING_NONE)
		return fault_at(reader, message.at, "a line names a function that is not there");
	const struct function *function = &reader->functions[index];
	const char *name = text_of(reader, function->name), *file = text_of(reader, function->file);
	if (!*name)
		return true; /* a line without a name is useless */
	if (location->line_count ==
	    BUDGET_INLINED_LINES) { /* keeps the outermost function, and leaves out the middle */
		location->line_count--;
		foreign->line_count--;
	}
	ARRAY_RESERVE(foreign->lines, foreign->line_count, foreign->line_capacity);
	foreign->lines[foreign->line_count++] = (struct source_line){
	    .function = name, .file = *file ? file : NULL, .line = numbers[2] <= INT32_MAX ? (uint32_t)numbers[2] : 0};
	location->line_count++;
	return true;
}

static bool location_read(struct reader *reader, struct protobuf_reader message)
{
	struct foreign_profile *foreign = reader->foreign;
	struct foreign_location location = {.first_line = foreign->line_count, .exact = true};
	struct protobuf_reader rest = message;
	struct protobuf_field field;
	uint64_t numbers[4];

	if (!numbers_read(reader, message, numbers, 4))
		return false;
	while (protobuf_next(&rest, &field))
		if (field.number == 4 && field.is_bytes && !line_read(reader, field.bytes, &location))
			return false;
	if (!id_add(reader, &reader->locations_by_id, numbers[1], message.at))
		return false;
	location.address = numbers[3];
	if (numbers[2]) {
		const uint32_t index = numbering_get(&reader->mappings_by_id, numbers[2]);
		if (index == NUMBERING_NONE)
			return fault_at(reader, message.at, "a location names a mapping that is not there");
		location.mapping = index + 1;
	}
	ARRAY_RESERVE(foreign->locations, foreign->location_count, foreign->location_capacity);
	foreign->locations[foreign->location_count++] = location;
	return true;
}

static bool frame_add(struct reader *reader, struct foreign_stack *stack, uint64_t id, const unsigned char *at)
{
	const uint32_t index = numbering_get(&reader->locations_by_id, id);

	if (index == NUMBERING_NONE)
		return fault_at(reader, at, "a sample names a location that is not there");
	if (stack->depth == FOREIGN_DEPTH_MAX) {
		stack->truncated = true;
		return true;
	}
	foreign_profile_frame(reader->foreign, index);
	stack->depth++;
	return true;
}

/* The value of one kind, scaled to bytes or objects; 0 if the profile lacks it. */
static double heap_value(const struct reader *reader, const uint64_t *values, enum heap_value value)
{
	return reader->column[value] < 0 ? 0 : (double)values[reader->column[value]] * (double)reader->scale[value];
}

static bool values_check(struct reader *reader, const uint64_t *values, uint32_t count, const unsigned char *at)
{
	if (count != reader->value_count)
		return fault_at(reader, at, "a sample has another number of values than there are sample types");
	for (uint32_t i = 0; i < count; i++) {
		if (values[i] > INT64_MAX)
			return fault_at(reader, at,
					"a sample's value is negative: this is a difference; give the two profiles");
	}
	return true;
}

static bool sample_read(struct reader *reader, struct protobuf_reader message)
{
	struct foreign_profile *foreign = reader->foreign;
	struct foreign_stack stack = {.first_frame = foreign->frame_count};
	struct protobuf_reader rest = message;
	struct protobuf_field field;
	uint64_t values[VALUES_MAX + 1], number;
	uint32_t count = 0;

	while (protobuf_next(&rest, &field)) {
		if (field.number != 1 && field.number != 2)
			continue;
		/* An array that is not packed comes as single numbers. */
		for (bool more = !field.is_bytes || protobuf_next_packed(&field.bytes, &number); more;
		     more = field.is_bytes && protobuf_next_packed(&field.bytes, &number)) {
			const uint64_t found = field.is_bytes ? number : field.value;
			if (field.number == 1 && !frame_add(reader, &stack, found, message.at))
				return false;
			if (field.number == 2 && count <= VALUES_MAX)
				values[count++] = found;
		}
		if (field.is_bytes && !at_end(reader, &field.bytes))
			return false;
	}
	if (!at_end(reader, &rest) || !values_check(reader, values, count, message.at))
		return false;
	stack.in_use = foreign_measure(heap_value(reader, values, HEAP_INUSE_OBJECTS),
				       heap_value(reader, values, HEAP_INUSE_SPACE), 0);
	stack.allocated = foreign_measure(heap_value(reader, values, HEAP_ALLOC_OBJECTS),
					  heap_value(reader, values, HEAP_ALLOC_SPACE), 0);
	ARRAY_RESERVE(foreign->stacks, foreign->stack_count, foreign->stack_capacity);
	foreign->stacks[foreign->stack_count++] = stack;
	return true;
}

/* One walk over the profile's fields: which of them it reads, and with what. */
struct walk {
	uint32_t field;
	bool (*read)(struct reader *reader, struct protobuf_reader message);
};

static bool walk(struct reader *reader, const struct walk *wanted, size_t count)
{
	struct protobuf_reader profile = {.at = reader->data, .end = reader->data + reader->bytes};
	struct protobuf_field field;

	while (protobuf_next(&profile, &field))
		for (size_t i = 0; i < count; i++)
			if (field.is_bytes && field.number == wanted[i].field && !wanted[i].read(reader, field.bytes))
				return false;
	return at_end(reader, &profile);
}

static bool heap_values_known(struct reader *reader)
{
	static const enum foreign_value values[HEAP_VALUES] = {
	    [HEAP_ALLOC_OBJECTS] = FOREIGN_ALLOC_OBJECTS,
	    [HEAP_ALLOC_SPACE] = FOREIGN_ALLOC_SPACE,
	    [HEAP_INUSE_OBJECTS] = FOREIGN_INUSE_OBJECTS,
	    [HEAP_INUSE_SPACE] = FOREIGN_INUSE_SPACE,
	};
	bool known = false;

	for (int i = 0; i < HEAP_VALUES; i++) {
		known |= reader->column[i] >= 0;
		reader->foreign->lacks |= reader->column[i] < 0 ? (uint32_t)values[i] : 0;
	}
	return known ||
	       fault_at(reader, reader->data, "this is not a heap profile: no sample type is of inuse or alloc");
}

static bool profile_read(struct reader *reader)
{
	static const struct walk tables[] = {{1, value_type_read}, {3, mapping_read}, {5, function_read}};
	static const struct walk locations[] = {{4, location_read}}, samples[] = {{2, sample_read}};

	return texts_read(reader) && walk(reader, tables, 3) && heap_values_known(reader) &&
	       walk(reader, locations, 1) && walk(reader, samples, 1);
}

bool pprof_read(struct foreign_profile *foreign, const char *name, const unsigned char *data, size_t bytes,
		struct error *error)
{
	struct reader reader = {
	    .foreign = foreign, .name = name, .data = data, .bytes = bytes, .error = error, .column = {-1, -1, -1, -1}};

	foreign->format = "pprof";
	const bool read = profile_read(&reader);
	numbering_free(&reader.functions_by_id);
	numbering_free(&reader.mappings_by_id);
	numbering_free(&reader.locations_by_id);
	free(reader.texts);
	free(reader.functions);
	return read;
}
