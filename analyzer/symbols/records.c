/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads names that are kept with a recording; see the header. What is found on disk wins unless the kept
 * names say more: so debug symbols that were installed later count, and names that a debug package took away stay. If
 * no build id tells builds apart, a file that has changed since does not count. */
#include "symbols/records.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/memory.h"
#include "encoding/gzip.h"
#include "symbols/cache_file.h"
#include "symbols/label.h"

enum { UNPACK_RATIO = 64 };
#define UNPACKED_BYTES_MAX ((size_t)64 << 20)

/* How much an answer says: whether it has a name, and a line. */
static unsigned answer_worth(const struct symbol_module *module, const struct symbol_address *address,
			     const struct symbol_lines *lines)
{
	if (!address->line_count)
		return 0;
	const struct source_line *line = &lines->lines[address->first_line];
	return !label_is(module->path, line->function) + (line->file != NULL);
}

/* A module without a build id is identified by its path: a recording has one file of that path. */
static struct symbol_module identified(const struct symbol_module *module, uint8_t id[static sizeof(uint64_t)])
{
	const uint64_t hash = hash_bytes(0, module->path, strlen(module->path));
	struct symbol_module result = *module;

	if (module->build_id_bytes)
		return result;
	memcpy(id, &hash, sizeof hash);
	result.build_id = id;
	result.build_id_bytes = sizeof hash;
	return result;
}

/* ---- keeping ---- */

static bool is_known(const struct symbol_module *module, const struct symbol_lines *lines)
{
	unsigned worth = 0;

	for (size_t i = 0; i < module->address_count && !worth; i++)
		worth = answer_worth(module, &module->addresses[i], lines);
	return worth && module->build_id_bytes <= 32 && module->address_count <= CACHE_ADDRESSES_MAX;
}

static void module_pack(struct buffer *out, const struct symbol_module *module, const struct symbol_lines *lines)
{
	uint8_t id[sizeof(uint64_t)];
	struct buffer file = {0};
	struct symbol_module named = identified(module, id);

	named.source = module->kept ? module->kept : module->source;
	named.debug_file = ""; /* no witness: the build id says everything */
	struct cache_content content = cache_content_join(&named, lines, &(struct cache_content){0});
	cache_file_encode(&file, &content.module, &content.lines, &(struct cache_witness){0});
	gzip_pack_quickly(out, file.data, file.length);
	cache_content_free(&content);
	buffer_free(&file);
}

/* Modules are added as long as there is room; one that is too large is skipped for smaller ones behind it. */
static void records_pack(struct buffer *out, const struct symbol_module *modules, size_t count,
			 const struct symbol_lines *lines, struct records_summary *summary)
{
	struct records_header header = {.magic = RECORDS_MAGIC, .version = RECORDS_VERSION};

	buffer_append(out, &header, sizeof header);
	for (size_t i = 0; i < count; i++) {
		const size_t before = out->length;
		if (!is_known(&modules[i], lines))
			continue;
		module_pack(out, &modules[i], lines);
		if (out->length > RECORDS_FILE_BYTES_MAX) {
			out->length = before;
			summary->left_out += (uint32_t)modules[i].address_count;
			continue;
		}
		summary->modules++;
		summary->addresses += (uint32_t)modules[i].address_count;
	}
	header.left_out = summary->left_out;
	memcpy(out->data, &header, sizeof header);
	summary->bytes = out->length;
}

bool symbol_records_write(const char *directory, const struct symbol_module *modules, size_t count,
			  const struct symbol_lines *lines, struct records_summary *summary, struct error *error)
{
	struct buffer file = {0};
	struct stat status;
	bool written = false;
	int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (descriptor < 0)
		return error_set(error, "%s: %s", directory, strerror(errno));
	if (fstat(descriptor, &status) < 0 || status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH))) {
		close(descriptor);
		return error_set(error, "%s: is another user's, or others may write to it", directory);
	}
	records_pack(&file, modules, count, lines, summary);
	written = summary->modules == 0 || cache_file_write(descriptor, RECORDS_FILE_NAME, &file) ||
		  error_set(error, "%s/%s: can't be written", directory, RECORDS_FILE_NAME);
	close(descriptor);
	buffer_free(&file);
	return written;
}

/* ---- using ---- */

/* The unpacked records of one recording. */
struct records {
	struct buffer bytes;
	struct map *places; /* from a build id to offset + 1 */
	uint32_t left_out;
	const char *fault; /* NULL: they can be read */
};

static uint64_t build_key(const uint8_t *build_id, uint32_t bytes)
{
	return hash_bytes(hash_secret(), build_id, bytes);
}

/* As far as they are complete. */
static void records_index(struct records *records)
{
	struct cache_header header;

	records->places = map_create();
	for (size_t at = 0; records->bytes.length - at >= sizeof header; at += header.file_bytes) {
		memcpy(&header, records->bytes.data + at, sizeof header);
		if (header.file_bytes < sizeof header || header.file_bytes > records->bytes.length - at ||
		    header.build_id_bytes > sizeof header.build_id)
			return;
		*map_put(records->places, build_key(header.build_id, header.build_id_bytes), NULL) = at + 1;
	}
}

/* False: there are no records. */
static bool records_open(struct records *records, const char *directory)
{
	struct buffer file = {0};
	struct records_header header;
	struct stat status;
	struct error fault;
	size_t offset = 0;
	int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*records = (struct records){0};
	const bool is_read =
	    descriptor >= 0 && fstat(descriptor, &status) == 0 &&
	    cache_file_read(descriptor, RECORDS_FILE_NAME, status.st_uid, RECORDS_FILE_BYTES_MAX, &file);
	if (descriptor >= 0)
		close(descriptor);
	if (!is_read)
		return false;
	memory_expect_input(file.length);
	memcpy(&header, file.data, file.length < sizeof header ? 0 : sizeof header);
	if (file.length < sizeof header || memcmp(header.magic, RECORDS_MAGIC, sizeof header.magic) != 0 ||
	    header.version != RECORDS_VERSION)
		records->fault = "is not a file of names that this seep reads";
	else if (!gzip_unpack(&records->bytes, file.data + sizeof header, file.length - sizeof header,
			      gzip_limit(file.length, UNPACK_RATIO, UNPACKED_BYTES_MAX), &offset, &fault))
		records->fault = "is damaged";
	else
		records->left_out = header.left_out;
	records_index(records);
	buffer_free(&file);
	return true;
}

/* The record of the module's build. `is_stale`: no build id shows that the file on disk is of that build, and it has
 * changed since. */
static bool record_find(const struct records *records, const struct symbol_module *module, struct string_pool *strings,
			struct cache_content *content, bool *is_stale)
{
	uint8_t id[sizeof(uint64_t)];
	const struct symbol_module wanted = identified(module, id);
	const uint64_t *place = map_get(records->places, build_key(wanted.build_id, wanted.build_id_bytes));
	struct cache_header header;

	if (!place)
		return false;
	memcpy(&header, records->bytes.data + *place - 1, sizeof header);
	const struct buffer file = {.data = records->bytes.data + *place - 1, .length = header.file_bytes};
	if (!cache_file_decode(content, &file, &wanted, strings))
		return false;
	*is_stale = !module->build_id_bytes && !cache_file_is_fresh(&file, module->path);
	if (content->module.source)
		return true;
	cache_content_free(content);
	return false;
}

/* Takes the answers that say more than those found, or all of them; false: there are none. */
static bool answers_take(struct symbol_module *module, const struct cache_content *content, bool all,
			 struct symbol_lines *lines)
{
	bool taken = false;

	for (size_t i = 0; i < module->address_count; i++) {
		struct symbol_address *address = &module->addresses[i];
		const struct symbol_address *kept = cache_address_find(&content->module, address);
		if (!kept ||
		    (!all && answer_worth(module, kept, &content->lines) <= answer_worth(module, address, lines)))
			continue;
		cache_answer_copy(address, kept, &content->lines, lines);
		taken = true;
	}
	return taken;
}

static bool is_wanting(const struct symbol_module *module, const struct symbol_lines *lines)
{
	for (size_t i = 0; i < module->address_count; i++)
		if (answer_worth(module, &module->addresses[i], lines) < 2)
			return true;
	return false;
}

/* Notes that names are from the records, or why they are not. */
static void source_describe(struct symbol_module *module, const struct records *records,
			    const struct cache_content *content, bool taken, struct string_pool *strings)
{
	struct buffer source = {0};

	if (taken)
		buffer_printf(&source, "kept with the recording: %s (now: %s)", content->module.source, module->source);
	else if (records->fault)
		buffer_printf(&source, "%s (the recording's file of kept names %s)", module->source, records->fault);
	else if (records->left_out)
		buffer_printf(&source, "%s (%u addresses had no room among the names kept with the recording)",
			      module->source, records->left_out);
	if (source.length)
		module->source = string_pool_intern(strings, source.data);
	buffer_free(&source);
}

static void records_use(const struct records *records, struct symbol_module *modules, size_t count,
			struct string_pool *strings, struct symbol_lines *lines)
{
	for (size_t i = 0; i < count; i++) {
		struct symbol_module *module = &modules[i];
		struct cache_content content = {0};
		bool is_stale = false;
		if (module->build_id_bytes && !is_wanting(module, lines))
			continue;
		const bool found = !records->fault && record_find(records, module, strings, &content, &is_stale);
		const bool taken = found && answers_take(module, &content, is_stale, lines);
		module->has_lines |= taken && content.module.has_lines;
		if (taken)
			module->kept = content.module.source;
		if (taken || !found)
			source_describe(module, records, &content, taken, strings);
		if (found)
			cache_content_free(&content);
	}
}

void symbol_records_use(struct symbol_module *modules, size_t count, const struct symbol_search *search,
			struct string_pool *strings, struct symbol_lines *lines)
{
	for (size_t i = 0; i < search->recording_count; i++) {
		struct records records;
		if (!records_open(&records, search->recordings[i]))
			continue;
		records_use(&records, modules, count, strings, lines);
		buffer_free(&records.bytes);
		map_free(records.places);
	}
}
