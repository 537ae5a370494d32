/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a profile of one of a bundle's snapshots; the bundle's symbols give its locations their lines. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/map.h"
#include "base/memory.h"
#include "profile/bundle.h"
#include "profile/profile_private.h"
#include "reader/bundle_reader.h"
#include "foreign/foreign_profile.h"

enum { NUMBER_DIGITS_MAX = 18 };

bool bundle_number_parse(const char *text, uint64_t *number)
{
	const size_t digits = strspn(text, "0123456789");

	*number = strtoull(text, NULL, 10);
	return digits > 0 && digits <= NUMBER_DIGITS_MAX && !text[digits];
}

/* Finds the snapshot that was asked for; NULL: there is none. */
static const struct bundle_part *snapshot_find(const struct bundle *bundle, uint64_t number)
{
	const struct bundle_part *found = NULL;

	for (uint32_t i = 0; i < bundle->part_count; i++) {
		const struct bundle_part *part = &bundle->parts[i];
		if (part->type == BUNDLE_SNAPSHOT &&
		    (number ? part->number == number : !found || part->number >= found->number))
			found = part;
	}
	return found;
}

/* Gives a profile its names. */
struct giving {
	struct profile *profile;
	const struct bundle_symbols *symbols;
	struct map *texts;     /* from a text's offset to the interned text */
	struct map *addresses; /* from an address's key to index + 1 */
};

static const char *text_at(struct giving *giving, uint32_t offset)
{
	const char *text = giving->symbols->texts + offset;
	uint64_t *slot = map_put(giving->texts, offset, NULL);

	if (*slot == 0)
		*slot = (uint64_t)(uintptr_t)string_pool_intern_safe(giving->profile->strings, text, strlen(text),
								     FOREIGN_TEXT_LIMIT);
	return (const char *)(uintptr_t)*slot;
}

static uint64_t address_key(uint64_t module, uint64_t address, bool exact)
{
	const uint64_t words[] = {module, address, exact};

	return hash_bytes(hash_secret(), words, sizeof words);
}

static struct source_line *lines_copy(struct giving *giving)
{
	const struct bundle_symbols *symbols = giving->symbols;
	struct source_line *lines = memory_allocate((size_t)symbols->header.line_count + 1, sizeof *lines);

	for (uint32_t i = 0; i < symbols->header.line_count; i++) {
		const struct bundle_line *from = &symbols->lines[i];
		lines[i] = (struct source_line){.function = text_at(giving, from->function),
						.file = from->file ? text_at(giving, from->file) : NULL,
						.line = from->line,
						.inlined = from->inlined & 1};
	}
	return lines;
}

static uint64_t *addresses_index(struct giving *giving)
{
	const struct bundle_symbols *symbols = giving->symbols;
	uint64_t *keys = memory_allocate((size_t)symbols->header.module_count + 1, sizeof *keys);

	for (uint32_t i = 0; i < symbols->header.module_count; i++) {
		const struct bundle_module *module = &symbols->modules[i];
		keys[i] =
		    profile_module_identity(module->build_id, module->build_id_bytes, symbols->texts + module->path);
	}
	for (uint32_t i = 0; i < symbols->header.address_count; i++) {
		const struct bundle_address *address = &symbols->addresses[i];
		*map_put(giving->addresses, address_key(keys[address->module], address->address, address->exact & 1),
			 NULL) = i + 1;
	}
	return keys;
}

/* Keys of the profile's own modules. They are made once for each module, since paths may be long and addresses many. */
static uint64_t *module_keys(const struct profile *profile)
{
	const struct profile_storage *storage = profile->storage;
	uint64_t *keys = memory_allocate((size_t)profile->module_count + 1, sizeof *keys);

	for (uint32_t i = 0; i < profile->module_count; i++)
		keys[i] = profile_module_identity(profile->modules[i].build_id, profile->modules[i].build_id_bytes,
						  storage->module_paths[i]);
	return keys;
}

static void symbols_give(struct profile *profile, const struct bundle_symbols *symbols)
{
	struct giving giving = {
	    .profile = profile, .symbols = symbols, .texts = map_create(), .addresses = map_create()};
	struct profile_storage *storage = profile->storage;
	struct source_line *lines = storage->given_lines = lines_copy(&giving);
	uint64_t *theirs = addresses_index(&giving), *keys = module_keys(profile);

	for (uint32_t i = 0; i < profile->location_count; i++) {
		struct profile_location *location = &profile->locations[i];
		struct profile_module *module = &profile->modules[location->module];
		const uint64_t *slot =
		    map_get(giving.addresses, address_key(keys[location->module], location->address, location->exact));
		if (!slot)
			continue;
		const struct bundle_address *address = &symbols->addresses[*slot - 1];
		const struct bundle_module *from = &symbols->modules[address->module];
		location->lines = &lines[address->first_line];
		location->line_count = address->line_count;
		location->given = true;
		module->symbols = *text_at(&giving, from->source) ? text_at(&giving, from->source) : NULL;
		module->has_lines = from->has_lines & 1;
	}
	free(theirs);
	free(keys);
	map_free(giving.texts);
	map_free(giving.addresses);
}

/* Only snapshots without stacks make a bundle without symbols. */
static bool symbols_find(const struct bundle *bundle, struct profile *profile, struct error *error)
{
	for (uint32_t i = 0; i < bundle->part_count; i++) {
		struct buffer part = {0};
		struct bundle_symbols symbols;
		if (bundle->parts[i].type != BUNDLE_SYMBOLS)
			continue;
		const bool good = bundle_unpack(bundle, &bundle->parts[i], &part, error) &&
				  bundle_symbols_verify(&symbols, &part, bundle->input->name, error);
		if (good)
			symbols_give(profile, &symbols);
		buffer_free(&part);
		return good;
	}
	return true;
}

/* The table of parts and the snapshot's header must agree. */
static bool number_verify(const struct bundle *bundle, const struct bundle_part *part, uint64_t number,
			  struct error *error)
{
	if (!number || number == part->number)
		return true;
	return input_fault(error, bundle->input->name, part->offset,
			   "a snapshot says that it is number %" PRIu64 ", the table of parts says %" PRIu64, number,
			   part->number);
}

/* Makes a part's profile, with the names that the bundle has for it. */
static struct profile *part_profile(const struct bundle *bundle, const struct bundle_part *part, struct error *error)
{
	const struct input *input = bundle->input;
	struct buffer snapshot = {0}, name = {0};
	struct profile *profile = NULL;

	buffer_printf(&name, "%s#%" PRIu64, input->name, part->number);
	if (bundle_unpack(bundle, part, &snapshot, error))
		profile = profile_open_snapshot(snapshot.data, snapshot.length, name.data, error);
	bool fine = profile != NULL && number_verify(bundle, part, profile->number, error);
	if (fine)
		profile->input_bytes = budget_packed_bytes(input->file_bytes, profile->input_bytes);
	if (fine)
		fine = symbols_find(bundle, profile, error);
	if (!fine && profile) {
		profile_free(profile);
		profile = NULL;
	}
	buffer_free(&snapshot);
	buffer_free(&name);
	return profile;
}

struct profile *bundle_profile(const struct input *input, uint64_t number, struct error *error)
{
	struct profile *profile = NULL;
	struct bundle bundle;

	if (!bundle_open(&bundle, input, error))
		return NULL;
	const struct bundle_part *part = snapshot_find(&bundle, number);
	if (part)
		profile = part_profile(&bundle, part, error);
	else
		input_fault(error, input->name, sizeof(struct bundle_header), "the bundle has no snapshot %" PRIu64,
			    number);
	bundle_close(&bundle);
	return profile;
}

struct bundle_file {
	struct input input;
	struct bundle bundle;
	struct map *part_of; /* from a snapshot's number to its index */
};

struct bundle_file *bundle_file_open(const char *path, struct error *error)
{
	struct bundle_file *file = memory_allocate(1, sizeof *file);

	if (!input_open(&file->input, path, error)) {
		free(file);
		return NULL;
	}
	if (!bundle_open(&file->bundle, &file->input, error)) {
		input_close(&file->input);
		free(file);
		return NULL;
	}
	file->part_of = map_create();
	for (uint32_t i = 0; i < file->bundle.part_count; i++)
		if (file->bundle.parts[i].type == BUNDLE_SNAPSHOT)
			*map_put(file->part_of, file->bundle.parts[i].number, NULL) = i;
	return file;
}

static const struct bundle_part *part_find(const struct bundle_file *file, uint64_t number, struct error *error)
{
	const uint64_t *part = map_get(file->part_of, number);

	if (part)
		return &file->bundle.parts[*part];
	input_fault(error, file->input.name, sizeof(struct bundle_header), "the bundle has no snapshot %" PRIu64,
		    number);
	return NULL;
}

struct profile *bundle_file_profile(const struct bundle_file *file, uint64_t number, struct error *error)
{
	const struct bundle_part *part = part_find(file, number, error);

	return part ? part_profile(&file->bundle, part, error) : NULL;
}

bool bundle_file_moment(const struct bundle_file *file, uint64_t number, struct moment_reader *reader,
			struct buffer *bytes, struct moment *moment, struct error *error)
{
	const struct bundle_part *part = part_find(file, number, error);
	struct buffer name = {0};

	if (!part)
		return false;
	buffer_printf(&name, "%s#%" PRIu64, file->input.name, part->number);
	bytes->length = 0;
	const bool read = bundle_unpack(&file->bundle, part, bytes, error) &&
			  moment_read(reader, bytes->data, bytes->length, name.data, moment, error) &&
			  number_verify(&file->bundle, part, moment->number, error);
	buffer_free(&name);
	return read;
}

void bundle_file_close(struct bundle_file *file)
{
	if (!file)
		return;
	map_free(file->part_of);
	bundle_close(&file->bundle);
	input_close(&file->input);
	free(file);
}

bool path_is_bundle(const char *path)
{
	struct input input;
	struct error ignored;

	if (!input_open(&input, path, &ignored))
		return false;
	const bool is_bundle = bundle_is_bundle(input.data, input.bytes);
	input_close(&input);
	return is_bundle;
}

static int entry_compare(const void *left, const void *right)
{
	const struct recording_entry *a = left, *b = right;

	return (a->number > b->number) - (a->number < b->number);
}

bool bundle_list(const char *path, struct recording *recording, struct error *error)
{
	struct input input;
	struct bundle bundle;
	size_t capacity = 0;

	if (!input_open(&input, path, error))
		return false;
	bool listed = bundle_is_bundle(input.data, input.bytes)
			  ? bundle_open(&bundle, &input, error)
			  : input_fault(error, path, 0, "is neither a recording nor a bundle of one");
	for (uint32_t i = 0; listed && i < bundle.part_count; i++) {
		const struct bundle_part *part = &bundle.parts[i];
		struct buffer name = {0};
		if (part->type != BUNDLE_SNAPSHOT)
			continue;
		buffer_printf(&name, "%s#%" PRIu64, path, part->number);
		ARRAY_RESERVE(recording->entries, recording->count, capacity);
		recording->entries[recording->count++] = (struct recording_entry){
		    .path = name.data,
		    .number = part->number,
		    .time_ns = part->time_ns,
		    .trigger = part->trigger < SEEP_TRIGGER_COUNT ? part->trigger : SEEP_TRIGGER_UNKNOWN};
	}
	if (listed) {
		bundle_close(&bundle);
		if (recording->count == 0)
			listed = input_fault(error, path, 0, "the bundle has no snapshot");
		else
			qsort(recording->entries, recording->count, sizeof *recording->entries, entry_compare);
		listed = listed && recording_check(recording, error);
		if (!listed)
			recording_free(recording);
	}
	input_close(&input);
	return listed;
}
