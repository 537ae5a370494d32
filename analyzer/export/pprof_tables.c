/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers the things that pprof's samples refer to; field numbers are those of profile.proto. */
#include "export/pprof_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoding/protobuf.h"
#include "export/rows.h"

enum profile_field { PROFILE_MAPPING = 3, PROFILE_LOCATION = 4, PROFILE_FUNCTION = 5, PROFILE_STRING = 6 };
enum mapping_field {
	MAPPING_ID = 1,
	MAPPING_START = 2,
	MAPPING_LIMIT = 3,
	MAPPING_FILE = 5,
	MAPPING_BUILD_ID = 6,
	MAPPING_HAS_FUNCTIONS = 7,
	MAPPING_HAS_FILES = 8,
	MAPPING_HAS_LINES = 9,
	MAPPING_HAS_INLINES = 10,
};
enum location_field { LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_ADDRESS = 3, LOCATION_LINE = 4 };
enum line_field { LINE_FUNCTION = 1, LINE_LINE = 2 };
enum function_field { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3, FUNCTION_FILE = 4 };

void pprof_tables_open(struct pprof_tables *tables, struct buffer *out, bool is_alone)
{
	*tables = (struct pprof_tables){.out = out,
					.strings = string_pool_create(),
					.text_numbers = map_create(),
					.functions = map_create(),
					.locations = map_create(),
					.is_alone = is_alone};
	pprof_text(tables, "");
}

void pprof_tables_close(struct pprof_tables *tables)
{
	for (uint32_t i = 0; i < tables->text_count; i++)
		protobuf_bytes(tables->out, PROFILE_STRING, tables->texts[i], strlen(tables->texts[i]));
	buffer_free(&tables->message);
	buffer_free(&tables->inner);
	string_pool_free(tables->strings);
	free(tables->texts);
	map_free(tables->text_numbers);
	map_free(tables->functions);
	map_free(tables->locations);
	numbering_free(&tables->mappings);
	free(tables->modules);
	for (size_t i = 0; i < 2; i++) {
		free(tables->numbers[i].locations);
		free(tables->numbers[i].mappings);
	}
}

static uint64_t text_key(const char *text)
{
	return hash_bytes(hash_secret(), text, strlen(text));
}

static uint32_t text_add(struct pprof_tables *tables, const char *text)
{
	ARRAY_RESERVE(tables->texts, tables->text_count, tables->text_capacity);
	tables->texts[tables->text_count] = text;
	return tables->text_count++;
}

uint64_t pprof_text(struct pprof_tables *tables, const char *text)
{
	bool is_new;
	uint64_t *number = map_put(tables->text_numbers, text_key(text), &is_new);

	if (is_new)
		*number = text_add(tables, text);
	return *number;
}

uint64_t pprof_text_copied(struct pprof_tables *tables, const char *text)
{
	return pprof_text(tables, string_pool_intern(tables->strings, text));
}

/* `has_functions` tells pprof that the names are in here, so that it does not look for any. */
uint64_t pprof_mapping(struct pprof_tables *tables, const struct profile_module *module)
{
	if (!*module->path)
		return 0;
	bool is_new;
	const uint64_t identity = profile_module_identity(module->build_id, module->build_id_bytes, module->path);
	const uint64_t id = 1 + numbering_put(&tables->mappings, identity, &is_new);
	if (!is_new)
		return id;
	ARRAY_RESERVE(tables->modules, tables->module_count, tables->module_capacity);
	tables->modules[tables->module_count++] = module;
	struct buffer *message = &tables->message, build_id = {0};
	buffer_append_hex(&build_id, module->build_id, module->build_id_bytes);
	protobuf_unsigned(message, MAPPING_ID, id);
	protobuf_unsigned(message, MAPPING_START, module->start);
	protobuf_unsigned(message, MAPPING_LIMIT, module->end);
	protobuf_unsigned(message, MAPPING_FILE, pprof_text(tables, module->path));
	protobuf_unsigned(message, MAPPING_BUILD_ID, pprof_text_copied(tables, build_id.length ? build_id.data : ""));
	buffer_free(&build_id);
	protobuf_unsigned(message, MAPPING_HAS_FUNCTIONS, 1);
	protobuf_unsigned(message, MAPPING_HAS_FILES, module->has_lines);
	protobuf_unsigned(message, MAPPING_HAS_LINES, module->has_lines);
	protobuf_unsigned(message, MAPPING_HAS_INLINES, module->has_lines);
	protobuf_message(tables->out, PROFILE_MAPPING, message);
	return id;
}

static uint64_t function_add(struct pprof_tables *tables, uint64_t name, uint64_t file)
{
	const uint64_t number = ++tables->function_count;
	struct buffer *message = &tables->inner;

	protobuf_unsigned(message, FUNCTION_ID, number);
	protobuf_unsigned(message, FUNCTION_NAME, name);
	protobuf_unsigned(message, FUNCTION_SYSTEM_NAME, name);
	protobuf_unsigned(message, FUNCTION_FILE, file);
	protobuf_message(tables->out, PROFILE_FUNCTION, message);
	return number;
}

static uint64_t pprof_function(struct pprof_tables *tables, const char *function, const char *file)
{
	const uint64_t name = pprof_text(tables, function), place = file ? pprof_text(tables, file) : 0;
	bool is_new;
	/* Both numbers are below 2^32: there are fewer texts than bytes in memory, so this key is exact. */
	uint64_t *number = map_put(tables->functions, name << 32 | place, &is_new);

	if (is_new)
		*number = function_add(tables, name, place);
	return *number;
}

static void line_append(struct pprof_tables *tables, uint64_t function, uint32_t line)
{
	protobuf_unsigned(&tables->inner, LINE_FUNCTION, function);
	protobuf_unsigned(&tables->inner, LINE_LINE, line);
	protobuf_message(&tables->message, LOCATION_LINE, &tables->inner);
}

/* Locations of two profiles are the same if module, address and names are. */
static uint64_t location_key(const struct profile *profile, const struct profile_location *location)
{
	const struct profile_module *module = &profile->modules[location->module];
	const uint64_t words[] = {profile_module_identity(module->build_id, module->build_id_bytes, module->path),
				  location->address, location->exact, location->line_count};
	uint64_t key = hash_bytes(hash_secret(), words, sizeof words);

	for (uint32_t i = 0; i < location->line_count; i++) {
		const struct source_line *line = &profile_lines(profile, location)[i];
		key = hash_bytes(key, line->function, strlen(line->function) + 1);
		key = hash_bytes(key, &line->line, sizeof line->line);
	}
	return key;
}

/* The address in the program's memory, within the instruction that is meant. In a difference of two profiles, a module
 * lies where its mapping says: at its place in the first profile. */
static uint64_t location_address(const struct pprof_tables *tables, uint64_t mapping,
				 const struct profile_location *location)
{
	const uint64_t bias = mapping ? tables->modules[mapping - 1]->bias : 0;

	return location->address ? location->address + bias - !location->exact : 0;
}

/* The numbers that are known, since stacks meet the same locations and modules again and again. */
static struct pprof_numbers *numbers_of(struct pprof_tables *tables, const struct profile *profile)
{
	struct pprof_numbers *known = &tables->numbers[tables->numbers[0].of && tables->numbers[0].of != profile];

	if (!known->of)
		*known =
		    (struct pprof_numbers){profile, memory_allocate(profile->location_count, sizeof *known->locations),
					   memory_allocate(profile->module_count, sizeof *known->mappings)};
	return known;
}

static uint32_t location_add(struct pprof_tables *tables, const struct profile *profile,
			     const struct profile_location *location, bool is_met_once)
{
	uint32_t *known = &numbers_of(tables, profile)->mappings[location->module];
	const uint32_t mapping =
	    *known ? *known : (*known = (uint32_t)pprof_mapping(tables, &profile->modules[location->module]));
	const struct source_line *lines = profile_lines(profile, location);
	struct buffer *message = &tables->message;

	protobuf_unsigned(message, LOCATION_ID, ++tables->location_count);
	protobuf_unsigned(message, LOCATION_MAPPING, mapping);
	protobuf_unsigned(message, LOCATION_ADDRESS, location_address(tables, mapping, location));
	for (uint32_t i = 0; i < location->line_count; i++)
		line_append(tables,
			    is_met_once ? function_add(tables, text_add(tables, lines[i].function), 0)
					: pprof_function(tables, lines[i].function, lines[i].file),
			    lines[i].line);
	protobuf_message(tables->out, PROFILE_LOCATION, message);
	return tables->location_count;
}

static uint32_t location_number(struct pprof_tables *tables, const struct profile *profile,
				const struct profile_location *location)
{
	bool is_new;

	if (tables->is_alone && location->labelled)
		return location_add(tables, profile, location, true);
	uint64_t *number = map_put(tables->locations, location_key(profile, location), &is_new);
	if (is_new)
		*number = location_add(tables, profile, location, false);
	return (uint32_t)*number;
}

uint64_t pprof_location(struct pprof_tables *tables, const struct profile *profile,
			const struct profile_location *location)
{
	uint32_t *number = &numbers_of(tables, profile)->locations[location - profile->locations];

	if (!*number)
		*number = location_number(tables, profile, location);
	return *number;
}

uint64_t pprof_made_up_location(struct pprof_tables *tables, const char *name)
{
	bool is_new;
	uint64_t *number = map_put(tables->locations, text_key(name), &is_new);

	if (is_new) {
		*number = ++tables->location_count;
		protobuf_unsigned(&tables->message, LOCATION_ID, *number);
		line_append(tables, pprof_function(tables, name, NULL), 0);
		protobuf_message(tables->out, PROFILE_LOCATION, &tables->message);
	}
	return *number;
}
