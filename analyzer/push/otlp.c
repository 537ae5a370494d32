/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first entry of every table is the zero value. Receivers name a profile after the scope (Parca) or the period's type
 * (Pyroscope): both are "memory".
 */
#include "push/otlp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/memory.h"
#include "export/pprof_tables.h"
#include "encoding/protobuf.h"

enum { REQUEST_RESOURCES = 1, REQUEST_DICTIONARY = 2 };
enum { RESOURCES_RESOURCE = 1, RESOURCES_SCOPES = 2, RESOURCE_ATTRIBUTES = 1, ATTRIBUTE_KEY = 1, ATTRIBUTE_VALUE = 2 };
enum { SCOPES_SCOPE = 1, SCOPES_PROFILES = 2, SCOPE_NAME = 1, SCOPE_VERSION = 2 };
enum { VALUE_TEXT = 1, TYPE_TYPE = 1, TYPE_UNIT = 2 };
enum {
	PROFILE_TYPE = 1,
	PROFILE_SAMPLES = 2,
	PROFILE_TIME = 3,
	PROFILE_DURATION = 4,
	PROFILE_PERIOD_TYPE = 5,
	PROFILE_PERIOD = 6,
	PROFILE_ID = 7,
};
enum { SAMPLE_STACK = 1, SAMPLE_ATTRIBUTES = 2, SAMPLE_VALUES = 4 };
enum {
	TABLE_MAPPINGS = 1,
	TABLE_LOCATIONS = 2,
	TABLE_FUNCTIONS = 3,
	TABLE_LINKS = 4,
	TABLE_TEXTS = 5,
	TABLE_ATTRIBUTES = 6,
	TABLE_STACKS = 7
};
enum { MAPPING_START = 1, MAPPING_LIMIT = 2, MAPPING_FILE = 4, MAPPING_ATTRIBUTES = 5 };
enum {
	LOCATION_MAPPING = 1,
	LOCATION_ADDRESS = 2,
	LOCATION_LINES = 3,
	LOCATION_ATTRIBUTES = 4,
	LINE_FUNCTION = 1,
	LINE_LINE = 2
};
enum { FUNCTION_NAME = 1, FUNCTION_SYSTEM_NAME = 2, FUNCTION_FILE = 3, STACK_LOCATIONS = 1 };
enum { ANSWER_PARTIAL = 1, PARTIAL_REFUSED = 1, PARTIAL_WHY = 2 };
enum { FRAMES_ARE_NATIVE = 1 }; /* index of this attribute */

struct writer {
	const struct profile *profile;
	struct pprof_tables texts; /* only its texts are used */
	struct buffer ignored, dictionary, inner, deeper;
	uint32_t *mappings, *locations; /* by index in the profile: their numbers in the tables; 0: none yet */
	uint32_t *labels;               /* by the label's module: its attribute; 0: none yet */
	uint32_t mapping_count, location_count, function_count, attribute_count;
	struct map *functions;
};

static void text_field(struct buffer *out, uint32_t field, const char *text)
{
	protobuf_bytes(out, field, text, strlen(text));
}

static void fixed_field(struct buffer *out, uint32_t field, uint64_t value)
{
	protobuf_varint(out, field << 3 | 1);
	for (int shift = 0; shift < 64; shift += 8)
		buffer_append_byte(out, (char)(value >> shift & 0xff));
}

/* Adds a name and a text as its value to the table of attributes. */
static uint32_t attribute_add(struct writer *writer, const char *name, const char *value)
{
	text_field(&writer->deeper, VALUE_TEXT, value);
	protobuf_unsigned(&writer->inner, ATTRIBUTE_KEY, pprof_text(&writer->texts, name));
	protobuf_message(&writer->inner, ATTRIBUTE_VALUE, &writer->deeper);
	protobuf_message(&writer->dictionary, TABLE_ATTRIBUTES, &writer->inner);
	const uint32_t number = writer->attribute_count;
	writer->attribute_count = number + 1;
	return number;
}

static void packed_one(struct buffer *out, uint32_t field, uint64_t value, struct buffer *array)
{
	protobuf_varint(array, value);
	protobuf_message(out, field, array);
}

static uint32_t mapping_number(struct writer *writer, uint32_t index)
{
	const struct profile_module *module = &writer->profile->modules[index];
	struct buffer build_id = {0}, array = {0};

	if (writer->mappings[index] || !*module->path)
		return writer->mappings[index];
	buffer_append_hex(&build_id, module->build_id, module->build_id_bytes);
	const uint32_t attribute =
	    build_id.length ? attribute_add(writer, "process.executable.build_id.gnu", build_id.data) : 0;
	protobuf_unsigned(&writer->inner, MAPPING_START, module->start);
	protobuf_unsigned(&writer->inner, MAPPING_LIMIT, module->end);
	protobuf_unsigned(&writer->inner, MAPPING_FILE, pprof_text(&writer->texts, module->path));
	if (attribute)
		packed_one(&writer->inner, MAPPING_ATTRIBUTES, attribute, &array);
	protobuf_message(&writer->dictionary, TABLE_MAPPINGS, &writer->inner);
	buffer_free(&build_id);
	buffer_free(&array);
	return writer->mappings[index] = writer->mapping_count++;
}

static uint32_t function_number(struct writer *writer, const char *function, const char *file)
{
	const uint64_t name = pprof_text(&writer->texts, function), place = file ? pprof_text(&writer->texts, file) : 0;
	bool is_new;
	uint64_t *number = map_put(writer->functions, name << 32 | place, &is_new);

	if (!is_new)
		return (uint32_t)*number;
	*number = writer->function_count++;
	protobuf_unsigned(&writer->inner, FUNCTION_NAME, name);
	protobuf_unsigned(&writer->inner, FUNCTION_SYSTEM_NAME, name);
	protobuf_unsigned(&writer->inner, FUNCTION_FILE, place);
	protobuf_message(&writer->dictionary, TABLE_FUNCTIONS, &writer->inner);
	return writer->function_count - 1;
}

static void lines_append(struct writer *writer, struct buffer *message, const struct profile_location *location)
{
	const struct source_line *lines = profile_lines(writer->profile, location);
	struct buffer line = {0};

	for (uint32_t i = 0; i < location->line_count; i++) {
		protobuf_unsigned(&line, LINE_FUNCTION, function_number(writer, lines[i].function, lines[i].file));
		protobuf_unsigned(&line, LINE_LINE, lines[i].line);
		protobuf_message(message, LOCATION_LINES, &line);
	}
	buffer_free(&line);
}

static uint32_t location_number(struct writer *writer, uint32_t index)
{
	const struct profile_location *location = &writer->profile->locations[index];
	struct buffer message = {0}, array = {0};

	if (writer->locations[index])
		return writer->locations[index];
	const uint64_t bias = writer->profile->modules[location->module].bias;
	protobuf_unsigned(&message, LOCATION_MAPPING, mapping_number(writer, location->module));
	protobuf_unsigned(&message, LOCATION_ADDRESS,
			  location->address ? location->address + bias - !location->exact : 0);
	lines_append(writer, &message, location);
	packed_one(&message, LOCATION_ATTRIBUTES, FRAMES_ARE_NATIVE, &array);
	protobuf_message(&writer->dictionary, TABLE_LOCATIONS, &message);
	buffer_free(&message);
	buffer_free(&array);
	return writer->locations[index] = writer->location_count++;
}

/* A location that has only a name: for an unknown stack. */
static uint32_t name_location(struct writer *writer, const char *name)
{
	struct buffer message = {0}, line = {0};

	protobuf_unsigned(&line, LINE_FUNCTION, function_number(writer, name, NULL));
	protobuf_message(&message, LOCATION_LINES, &line);
	protobuf_message(&writer->dictionary, TABLE_LOCATIONS, &message);
	buffer_free(&message);
	buffer_free(&line);
	return writer->location_count++;
}

/* Writes the rows' stacks, one for each: row `first` has stack 1. */
static void stacks_write(struct writer *writer, const struct export_interval *interval)
{
	struct buffer array = {0};

	for (uint32_t i = interval->first; i < interval->first + interval->count; i++) {
		const struct profile_site *site = interval->rows->rows[i].site;
		for (uint32_t node = site->node; node; node = writer->profile->nodes[node].parent)
			protobuf_varint(&array, location_number(writer, writer->profile->nodes[node].location));
		if (site->depth == 0)
			protobuf_varint(&array, name_location(writer, profile_site_stand_in(site)));
		else if (site->truncated)
			protobuf_varint(&array, name_location(writer, EXPORT_STACK_CUT));
		protobuf_message(&writer->inner, STACK_LOCATIONS, &array);
		protobuf_message(&writer->dictionary, TABLE_STACKS, &writer->inner);
	}
	buffer_free(&array);
}

static void type_field(struct writer *writer, struct buffer *out, uint32_t field, const char *type, const char *unit)
{
	protobuf_unsigned(&writer->inner, TYPE_TYPE, pprof_text(&writer->texts, type));
	protobuf_unsigned(&writer->inner, TYPE_UNIT, pprof_text(&writer->texts, unit));
	protobuf_message(out, field, &writer->inner);
}

/* What the program called its work; 0: nothing. */
static uint32_t label_attribute(struct writer *writer, const struct profile_site *site)
{
	if (site->label && !writer->labels[site->label])
		writer->labels[site->label] = attribute_add(writer, "label", profile_site_label(writer->profile, site));
	return writer->labels[site->label];
}

/* The remainder of each rounding is carried to the next sample, so that the sum is right. */
static void samples_write(struct writer *writer, struct buffer *out, const struct export_interval *interval,
			  enum call_value value)
{
	double carried = 0;
	struct buffer array = {0};

	for (uint32_t i = 0; i < interval->count; i++) {
		const double exact = interval->rows->rows[interval->first + i].values.of[value] + carried,
			     whole = floor(exact + 0.5);
		carried = exact - whole;
		if (whole <= 0)
			continue;
		const uint32_t label = label_attribute(writer, interval->rows->rows[interval->first + i].site);
		protobuf_unsigned(&writer->inner, SAMPLE_STACK, i + 1);
		if (label)
			packed_one(&writer->inner, SAMPLE_ATTRIBUTES, label, &array);
		packed_one(&writer->inner, SAMPLE_VALUES, (uint64_t)fmin(whole, 0x1p62), &array);
		protobuf_message(out, PROFILE_SAMPLES, &writer->inner);
	}
	buffer_free(&array);
}

static void profile_write(struct writer *writer, struct buffer *scopes, const struct export_interval *interval,
			  enum call_value value, const uint8_t identity[16])
{
	const struct profile *now = interval->now;
	const uint64_t since_ns = interval->base ? interval->base->time_ns : now->start_ns;
	struct buffer profile = {0};
	uint8_t own[16];

	memcpy(own, identity, sizeof own);
	own[15] ^= (uint8_t)value;
	type_field(writer, &profile, PROFILE_TYPE, call_value_name(value),
		   call_value_is_space(value) ? "bytes" : "count");
	samples_write(writer, &profile, interval, value);
	fixed_field(&profile, PROFILE_TIME, now->start_unix_ns + (now->time_ns - now->start_ns));
	if (!call_value_is_in_use(value) && now->time_ns > since_ns)
		protobuf_unsigned(&profile, PROFILE_DURATION, now->time_ns - since_ns);
	type_field(writer, &profile, PROFILE_PERIOD_TYPE, "memory", "bytes");
	protobuf_unsigned(&profile, PROFILE_PERIOD, now->rate ? now->rate : 1);
	protobuf_bytes(&profile, PROFILE_ID, own, sizeof own);
	protobuf_message(scopes, SCOPES_PROFILES, &profile);
	buffer_free(&profile);
}

/* Writes every table's zero value, and the attribute that all frames have. */
static void tables_begin(struct writer *writer)
{
	protobuf_bytes(&writer->dictionary, TABLE_MAPPINGS, "", 0);
	protobuf_bytes(&writer->dictionary, TABLE_LOCATIONS, "", 0);
	protobuf_bytes(&writer->dictionary, TABLE_FUNCTIONS, "", 0);
	protobuf_bytes(&writer->dictionary, TABLE_LINKS, "", 0);
	protobuf_bytes(&writer->dictionary, TABLE_ATTRIBUTES, "", 0);
	protobuf_bytes(&writer->dictionary, TABLE_STACKS, "", 0);
	writer->mapping_count = writer->location_count = writer->function_count = writer->attribute_count = 1;
	attribute_add(writer, "profile.frame.type", "native");
}

static void resource_write(struct buffer *resources, const struct labels *labels)
{
	struct buffer resource = {0}, attribute = {0}, value = {0};

	for (size_t i = 0; i < labels->count; i++) {
		const bool is_service = strcmp(labels->each[i].name, "service_name") == 0;
		text_field(&value, VALUE_TEXT, labels->each[i].value);
		text_field(&attribute, ATTRIBUTE_KEY, is_service ? "service.name" : labels->each[i].name);
		protobuf_message(&attribute, ATTRIBUTE_VALUE, &value);
		protobuf_message(&resource, RESOURCE_ATTRIBUTES, &attribute);
	}
	protobuf_message(resources, RESOURCES_RESOURCE, &resource);
	buffer_free(&resource);
	buffer_free(&attribute);
	buffer_free(&value);
}

static void scopes_write(struct writer *writer, struct buffer *resources, const struct export_interval *interval,
			 const uint8_t identity[16])
{
	struct buffer scopes = {0};

	text_field(&writer->inner, SCOPE_NAME, "memory");
	text_field(&writer->inner, SCOPE_VERSION, SEEP_VERSION);
	protobuf_message(&scopes, SCOPES_SCOPE, &writer->inner);
	for (int value = 0; value < CALL_VALUE_COUNT; value++)
		if (profile_has(interval->now, (enum call_value)value))
			profile_write(writer, &scopes, interval, (enum call_value)value, identity);
	protobuf_message(resources, RESOURCES_SCOPES, &scopes);
	buffer_free(&scopes);
}

void otlp_write(struct buffer *out, const struct labels *labels, const struct export_interval *interval,
		const uint8_t identity[16])
{
	const struct profile *now = interval->now;
	struct writer writer = {.profile = now, .functions = map_create()};
	struct buffer resources = {0};

	pprof_tables_open(&writer.texts, &writer.ignored, true);
	writer.mappings = memory_allocate(now->module_count, sizeof *writer.mappings);
	writer.locations = memory_allocate((size_t)now->location_count + 1, sizeof *writer.locations);
	writer.labels = memory_allocate(now->module_count, sizeof *writer.labels);
	tables_begin(&writer);
	stacks_write(&writer, interval);
	resource_write(&resources, labels);
	scopes_write(&writer, &resources, interval, identity);
	for (uint32_t i = 0; i < writer.texts.text_count; i++)
		text_field(&writer.dictionary, TABLE_TEXTS, writer.texts.texts[i]);
	protobuf_message(out, REQUEST_RESOURCES, &resources);
	protobuf_message(out, REQUEST_DICTIONARY, &writer.dictionary);
	pprof_tables_close(&writer.texts);
	map_free(writer.functions);
	free(writer.mappings);
	free(writer.locations);
	free(writer.labels);
	buffer_free(&resources);
	buffer_free(&writer.ignored);
	buffer_free(&writer.dictionary);
	buffer_free(&writer.inner);
	buffer_free(&writer.deeper);
}

uint64_t otlp_refused(const void *answer, size_t bytes, struct buffer *why)
{
	struct protobuf_reader reader = {answer, (const unsigned char *)answer + bytes, NULL};
	struct protobuf_field field, inner;
	uint64_t refused = 0;

	while (protobuf_next(&reader, &field)) {
		if (field.number != ANSWER_PARTIAL || !field.is_bytes)
			continue;
		while (protobuf_next(&field.bytes, &inner)) {
			if (inner.number == PARTIAL_REFUSED && !inner.is_bytes)
				refused = inner.value;
			else if (inner.number == PARTIAL_WHY && inner.is_bytes)
				buffer_append(why, inner.bytes.at, (size_t)(inner.bytes.end - inner.bytes.at));
		}
	}
	return refused;
}
