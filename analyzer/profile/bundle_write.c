/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a bundle. First it collects the addresses of all snapshots, each once, in a profile without sites. That profile
 * is symbolized like any other, so the work is done once, however many snapshots there are. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include <seep/keeper.h>

#include "base/map.h"
#include "base/memory.h"
#include "base/message.h"
#include "encoding/checksum.h"
#include "encoding/gzip.h"
#include "profile/bundle.h"
#include "profile/profile_private.h"
#include "reader/bundle_reader.h"
#include "reader/snapshot_reader.h"

#define QUICK_BYTES (1 << 20)    /* a part of this size or more is packed quickly */
#define COMPACT_BYTES (64 << 10) /* so is a compact snapshot of this size or more, which would hardly become smaller */

struct writer {
	struct buffer packed; /* room for header and table, then the parts' contents */
	size_t head_bytes;    /* of that room */
	struct bundle_part *parts;
	uint32_t part_count, part_capacity;
	struct profile *names; /* has every module and location once */
	uint32_t location_capacity, module_capacity, path_capacity;
	struct map *modules, *locations; /* from key to index + 1 */
	struct input input;
	/* About the last snapshot: */
	struct snapshot_view view;
	struct seep_node *nodes;
	uint64_t *last_modules; /* keys of its modules */
	uint32_t node_count, node_room, last_module_count;
};

/* Makes room for a table of so many parts. */
static void head_reserve(struct writer *writer, size_t parts)
{
	writer->head_bytes = sizeof(struct bundle_header) + parts * sizeof(struct bundle_part);
	buffer_reserve(&writer->packed, writer->head_bytes);
	writer->packed.length = writer->head_bytes;
}

static void part_add(struct writer *writer, struct bundle_part part, const void *data, size_t bytes, bool is_compact)
{
	const size_t begin = writer->packed.length;

	part.offset = begin - writer->head_bytes; /* counted from the table's end; it is corrected at the end */
	part.bytes = bytes;
	if (bytes < (is_compact ? COMPACT_BYTES : QUICK_BYTES))
		gzip_pack(&writer->packed, data, bytes);
	else
		gzip_pack_quickly(&writer->packed, data, bytes);
	part.packed_bytes = writer->packed.length - begin;
	part.crc = checksum_of(writer->packed.data + begin, part.packed_bytes);
	ARRAY_RESERVE(writer->parts, writer->part_count, writer->part_capacity);
	writer->parts[writer->part_count++] = part;
}

static uint64_t module_key(const struct profile *profile, uint32_t index)
{
	const struct profile_module *module = &profile->modules[index];
	const struct profile_storage *storage = profile->storage;
	const char *path = storage->module_paths[index];

	return hash_bytes(hash_bytes(hash_secret(), module->build_id, module->build_id_bytes), path, strlen(path));
}

static uint32_t module_collect(struct writer *writer, const struct profile *profile, uint32_t index)
{
	const struct profile_module *module = &profile->modules[index];
	const struct profile_storage *from = profile->storage;
	struct profile *names = writer->names;
	struct profile_storage *storage = names->storage;
	const char *path = from->module_paths[index];

	uint64_t *slot = map_put(writer->modules, module_key(profile, index), NULL);
	if (*slot)
		return (uint32_t)*slot;
	uint32_t count = names->module_count;
	ARRAY_RESERVE(storage->module_paths, count, writer->path_capacity);
	ARRAY_RESERVE(names->modules, names->module_count, writer->module_capacity);
	storage->module_paths[count] = string_pool_intern(names->strings, path);
	names->modules[count] = *module;
	names->modules[count].path = string_pool_intern(names->strings, module->path);
	*slot = names->module_count++;
	return (uint32_t)*slot;
}

/* The modules of a snapshot, while its nodes are collected. */
struct modules {
	const struct profile *head;
	uint32_t *canonical;
	uint64_t *keys;      /* of the canonical module: equal for modules that are collected as one */
	uint32_t *collected; /* its number among the collected ones; 0: not collected yet */
};

static void modules_open(struct modules *modules, const struct profile *head, uint32_t *canonical)
{
	*modules = (struct modules){.head = head,
				    .keys = memory_allocate(head->module_count, sizeof *modules->keys),
				    .collected = memory_allocate(head->module_count, sizeof *modules->collected)};
	modules->canonical = canonical;
	for (uint32_t i = 1; i < head->module_count; i++)
		modules->keys[i] = canonical[i] == i ? module_key(head, i) : modules->keys[canonical[i]];
}

static void location_collect(struct writer *writer, struct modules *modules, const struct seep_node *node)
{
	struct profile *names = writer->names;
	const uint32_t module = modules->canonical[node->module];
	bool is_new;

	if (modules->head->modules[module].flags & SEEP_MODULE_LABEL)
		return; /* names itself */
	if (module && !modules->collected[module])
		modules->collected[module] = module_collect(writer, modules->head, module);
	const struct profile_location location = {
	    .module = modules->collected[module], .address = node->address, .exact = node->flags & SEEP_NODE_EXACT};
	const uint64_t words[] = {location.module, location.address, location.exact};
	map_put(writer->locations, hash_bytes(hash_secret(), words, sizeof words), &is_new);
	if (!is_new)
		return;
	ARRAY_RESERVE(names->locations, names->location_count, writer->location_capacity);
	names->locations[names->location_count++] = location;
}

/* The first node that may differ from the node at its place in the snapshot before, given its module. */
static uint32_t nodes_shared(const struct writer *writer, const struct snapshot_view *view,
			     const struct modules *modules)
{
	const bool modules_stay =
	    writer->last_modules && writer->last_module_count <= modules->head->module_count &&
	    memcmp(writer->last_modules, modules->keys, writer->last_module_count * sizeof *modules->keys) == 0;

	return modules_stay && view->shared_nodes > 1 ? view->shared_nodes : 1;
}

/* Nodes that the snapshot before had at the same place and in the same module are collected already. */
static void nodes_collect(struct writer *writer, const struct snapshot_view *view, struct modules *modules)
{
	const uint32_t count = snapshot_count(view, SEEP_SECTION_NODES);

	if (count > writer->node_room) {
		writer->nodes = memory_resize(writer->nodes, count, sizeof *writer->nodes);
		writer->node_room = count;
	}
	for (uint32_t i = nodes_shared(writer, view, modules); i < count; i++) {
		const struct seep_node node = snapshot_node(view, i);
		const bool was_there = i < writer->node_count && node.module < writer->last_module_count &&
				       writer->last_modules[node.module] == modules->keys[node.module] &&
				       memcmp(&writer->nodes[i], &node, sizeof node) == 0;
		if (!was_there)
			location_collect(writer, modules, &node);
		writer->nodes[i] = node;
	}
	writer->node_count = count;
	free(writer->last_modules);
	writer->last_modules = modules->keys;
	writer->last_module_count = modules->head->module_count;
	free(modules->collected);
	free(modules->canonical);
}

/* Collects the process, for its map of code made at run time. */
static void process_collect(struct profile *names, const struct profile *head)
{
	names->source = string_pool_intern(names->strings, head->source);
	names->trigger = head->trigger;
	names->time_ns = head->time_ns;
	names->start_ns = head->start_ns;
	names->pid = head->pid;
	names->start_ticks = head->start_ticks;
	names->start_unix_ns = head->start_unix_ns;
	memcpy(names->boot_id, head->boot_id, sizeof names->boot_id);
}

static bool snapshot_add(struct writer *writer, const void *data, size_t bytes, const char *name, struct error *error)
{
	struct snapshot_view *view = &writer->view;
	struct modules modules;
	uint32_t *canonical;

	if (!snapshot_verify_brief(view, data, bytes, name, error)) {
		writer->last_module_count = 0; /* the next one shares nothing with a snapshot that is missing */
		return false;
	}
	struct profile *head = profile_head_from_snapshot(view, &canonical);
	part_add(
	    writer,
	    (struct bundle_part){
		.type = BUNDLE_SNAPSHOT, .number = head->number, .time_ns = head->time_ns, .trigger = head->trigger},
	    data, bytes, view->expanded_bytes > 0);
	modules_open(&modules, head, canonical);
	nodes_collect(writer, view, &modules);
	process_collect(writer->names, head);
	profile_free(head);
	return true;
}

static bool snapshot_file_add(struct writer *writer, const char *path, struct error *error)
{
	struct input *input = &writer->input;

	return input_open_next(input, path, error) &&
	       (!snapshot_is_snapshot(input->data, input->bytes) ||
		input_read_rest(input, SNAPSHOT_BYTES_LIMIT, error)) &&
	       snapshot_add(writer, input->data, input->bytes, path, error);
}

static bool recording_add(struct writer *writer, const char *directory, struct error *error)
{
	struct passed_over passed_over = {0};
	struct recording recording = {0};
	struct seep_image image = {0};
	const bool has_more = recording_fold_heap(directory, &image);
	const bool has_snapshots = recording_list(directory, &recording, error);
	bool added = has_snapshots || has_more;

	head_reserve(writer, recording.count + has_more + 1u);
	for (size_t i = 0; i < recording.count; i++) {
		message_progress("packing snapshot", i + 1, recording.count);
		if (!snapshot_file_add(writer, recording.entries[i].path, error))
			passed_over_add(&passed_over, error);
	}
	message_progress_end();
	if (passed_over.count && passed_over.count == recording.count && !has_more) {
		*error = passed_over.first;
		added = false;
	}
	if (added)
		passed_over_say(&passed_over);
	if (added && has_more)
		added = snapshot_add(writer, image.data, image.bytes, directory, error);
	if (has_more)
		seep_snapshot_free(&image);
	recording_free(&recording);
	return added;
}

/* The texts of the part SYMBOLS, each once. */
struct texts {
	struct buffer bytes;
	struct map *offsets; /* from an interned pointer to offset + 1 */
};

static uint32_t text_put(struct texts *texts, const char *text)
{
	if (!text || !*text)
		return 0;
	uint64_t *slot = map_put(texts->offsets, (uint64_t)(uintptr_t)text, NULL);
	if (*slot == 0) {
		*slot = texts->bytes.length;
		buffer_append(&texts->bytes, text, strlen(text) + 1);
	}
	return (uint32_t)*slot;
}

static void symbols_add(struct writer *writer)
{
	const struct profile *names = writer->names;
	struct texts texts = {.offsets = map_create()};
	struct buffer part = {0}, modules = {0}, lines = {0};
	struct bundle_symbols_header header = {.module_count = names->module_count,
					       .address_count = names->location_count};

	buffer_append_byte(&texts.bytes, '\0');
	buffer_append(&part, &header, sizeof header);
	for (uint32_t i = 0; i < names->location_count; i++) {
		const struct profile_location *location = &names->locations[i];
		const struct bundle_address address = {.address = location->address,
						       .module = location->module,
						       .exact = location->exact,
						       .first_line = header.line_count,
						       .line_count = location->line_count};
		buffer_append(&part, &address, sizeof address);
		for (uint32_t k = 0; k < location->line_count; k++) {
			const struct source_line *from = &profile_lines(names, location)[k];
			const struct bundle_line line = {.function = text_put(&texts, from->function),
							 .file = text_put(&texts, from->file),
							 .line = from->line,
							 .inlined = from->inlined};
			buffer_append(&lines, &line, sizeof line);
		}
		header.line_count += location->line_count;
	}
	for (uint32_t i = 0; i < names->module_count; i++) {
		const struct profile_module *from = &names->modules[i];
		const struct profile_storage *storage = names->storage;
		struct bundle_module module = {.path = text_put(&texts, storage->module_paths[i]),
					       .source = text_put(&texts, from->symbols),
					       .has_lines = from->has_lines,
					       .build_id_bytes = from->build_id_bytes};
		memcpy(module.build_id, from->build_id, sizeof module.build_id);
		buffer_append(&modules, &module, sizeof module);
	}
	buffer_append(&part, modules.data, modules.length);
	buffer_append(&part, lines.data, lines.length);
	buffer_append(&part, texts.bytes.data, texts.bytes.length);
	header.text_bytes = (uint32_t)texts.bytes.length;
	memcpy(part.data, &header, sizeof header);
	part_add(writer, (struct bundle_part){.type = BUNDLE_SYMBOLS}, part.data, part.length, false);
	buffer_free(&part);
	buffer_free(&modules);
	buffer_free(&lines);
	buffer_free(&texts.bytes);
	map_free(texts.offsets);
}

/* Puts header and table in front of the packed parts, which become the output: it may be as large as all snapshots, and
 * moves only if there are fewer parts than was thought. */
static void bundle_assemble(struct writer *writer, struct buffer *out)
{
	const size_t table_bytes = writer->part_count * sizeof *writer->parts;
	const size_t parts_bytes = writer->packed.length - writer->head_bytes;
	struct bundle_header header = {.magic = BUNDLE_MAGIC, .version = BUNDLE_VERSION};

	for (uint32_t i = 0; i < writer->part_count; i++)
		writer->parts[i].offset += sizeof header + table_bytes;
	header.part_count = writer->part_count;
	header.file_bytes = sizeof header + table_bytes + parts_bytes;
	header.table_crc = (uint32_t)crc32_z(0, (const unsigned char *)writer->parts, table_bytes);
	header.header_crc = (uint32_t)crc32_z(0, (const unsigned char *)&header, sizeof header);
	*out = writer->packed;
	writer->packed = (struct buffer){0};
	if (sizeof header + table_bytes < writer->head_bytes)
		memmove(out->data + sizeof header + table_bytes, out->data + writer->head_bytes, parts_bytes + 1);
	memcpy(out->data, &header, sizeof header);
	memcpy(out->data + sizeof header, writer->parts, table_bytes);
	out->length = header.file_bytes;
}

static void writer_open(struct writer *writer)
{
	struct profile *names = writer->names = profile_create();
	struct profile_storage *storage = names->storage;

	writer->input.descriptor = -1;
	writer->modules = map_create();
	writer->locations = map_create();
	writer->module_capacity = writer->path_capacity = 16;
	names->modules = memory_allocate(writer->module_capacity, sizeof *names->modules);
	storage->module_paths = memory_allocate(writer->path_capacity, sizeof *storage->module_paths);
	names->modules[0].path = storage->module_paths[0] = string_pool_intern(names->strings, "");
	names->module_count = 1;
}

bool bundle_write(struct buffer *out, const char *path, const struct symbol_search *search,
		  struct bundle_summary *summary, struct error *error)
{
	struct writer writer = {0};
	struct stat status;

	writer_open(&writer);
	const bool is_directory = stat(path, &status) == 0 && S_ISDIR(status.st_mode);

	if (!is_directory)
		head_reserve(&writer, 2);
	const bool written = is_directory           ? recording_add(&writer, path, error)
			     : path_is_bundle(path) ? error_set(error, "%s: is a bundle already", path)
						    : snapshot_file_add(&writer, path, error);
	if (written) {
		if (is_directory)
			profile_add_recording(writer.names, path);
		*summary = (struct bundle_summary){.snapshots = writer.part_count,
						   .modules = writer.names->module_count - 1,
						   .addresses = writer.names->location_count};
		profile_symbolize(writer.names, search);
		symbols_add(&writer);
		bundle_assemble(&writer, out);
	}
	profile_free(writer.names);
	input_close(&writer.input);
	snapshot_view_free(&writer.view);
	free(writer.nodes);
	free(writer.last_modules);
	buffer_free(&writer.packed);
	free(writer.parts);
	map_free(writer.modules);
	map_free(writer.locations);
	return written;
}
