/* SPDX-License-Identifier: Apache-2.0 */
/* Makes valid snapshot files; see snapshot_maker.h. Each section is a growing buffer of entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "files/output.h"
#include "statistics/measure.h"
#include "support/snapshot_maker.h"

#define SECTION_BYTES(name, type, is_always_there) [SEEP_SECTION_##name] = is_always_there * sizeof(type),
static const uint32_t entry_bytes[SEEP_SECTION_TYPES] = {SEEP_SNAPSHOT_SECTIONS(SECTION_BYTES)};

struct snapshot_maker {
	struct seep_snapshot_header header;
	struct buffer sections[SEEP_SECTION_TYPES]; /* by type */
	uint64_t next_address;
	uint32_t widened_bytes;
	bool unknown_section;
};

struct snapshot_maker *snapshot_maker_create(uint64_t rate)
{
	struct snapshot_maker *maker = memory_allocate(1, sizeof *maker);

	memcpy(maker->header.magic, SEEP_SNAPSHOT_MAGIC, sizeof maker->header.magic);
	maker->header.version = SEEP_SNAPSHOT_VERSION_PLAIN;
	maker->header.header_bytes = sizeof maker->header;
	maker->header.trigger = SEEP_TRIGGER_TIMER;
	maker->header.number = 1;
	maker->header.time_ns = UINT64_C(110000000000);
	maker->next_address = 0x10000;
	snapshot_maker_text(maker, "");
	const struct seep_process process = {
	    .pid = 4242,
	    .parent_pid = 1,
	    .start_ticks = 777,
	    .boot_id = "0123456789abcde",
	    .start_ns = UINT64_C(100000000000),
	    .start_unix_ns = UINT64_C(1700000000000000000),
	    .rate = rate,
	    .interval_ns = UINT64_C(10000000000),
	    .command = snapshot_maker_text(maker, "server"),
	    .executable = snapshot_maker_text(maker, "/usr/bin/server"),
	    .arguments = snapshot_maker_text(maker, "server --port 1"),
	    .host = snapshot_maker_text(maker, "here"),
	    .allocator = snapshot_maker_text(maker, "glibc"),
	    .allocator_path = snapshot_maker_text(maker, "/lib/x86_64-linux-gnu/libc.so.6"),
	    .unwinder = snapshot_maker_text(maker, "synthetic"),
	};
	buffer_append(&maker->sections[SEEP_SECTION_PROCESS], &process, sizeof process);
	buffer_append(&maker->sections[SEEP_SECTION_MODULES], &(struct seep_module){0}, sizeof(struct seep_module));
	buffer_append(&maker->sections[SEEP_SECTION_NODES], &(struct seep_node){0}, sizeof(struct seep_node));
	return maker;
}

void snapshot_maker_free(struct snapshot_maker *maker)
{
	for (int type = 0; type < SEEP_SECTION_TYPES; type++)
		buffer_free(&maker->sections[type]);
	free(maker);
}

struct seep_snapshot_header *snapshot_maker_header(struct snapshot_maker *maker)
{
	return &maker->header;
}

/* Entry `index` of a section. */
static void *section_entry(struct snapshot_maker *maker, enum seep_section_type type, uint32_t index)
{
	struct buffer *section = &maker->sections[type];

	assert_true((size_t)index < section->length / entry_bytes[type]);
	return section->data + (size_t)index * entry_bytes[type];
}

static uint32_t section_count(const struct snapshot_maker *maker, enum seep_section_type type)
{
	return (uint32_t)(maker->sections[type].length / entry_bytes[type]);
}

/* Appends an entry and returns its index. */
static uint32_t section_append(struct snapshot_maker *maker, enum seep_section_type type, const void *entry)
{
	buffer_append(&maker->sections[type], entry, entry_bytes[type]);
	return section_count(maker, type) - 1;
}

struct seep_process *snapshot_maker_process(struct snapshot_maker *maker)
{
	return section_entry(maker, SEEP_SECTION_PROCESS, 0);
}

seep_string snapshot_maker_text(struct snapshot_maker *maker, const char *text)
{
	struct buffer *strings = &maker->sections[SEEP_SECTION_STRINGS];
	seep_string offset = (seep_string)strings->length;

	buffer_append(strings, text, strlen(text) + 1);
	return offset;
}

uint32_t snapshot_maker_add_module(struct snapshot_maker *maker, const char *path, const char *build_id)
{
	struct seep_module module = {.end = UINT64_C(1) << 32, .path = snapshot_maker_text(maker, path)};

	for (; build_id && build_id[0] && build_id[1]; build_id += 2) {
		unsigned byte;
		assert_int_equal(sscanf(build_id, "%2x", &byte), 1);
		module.build_id[module.build_id_bytes++] = (uint8_t)byte;
	}
	return section_append(maker, SEEP_SECTION_MODULES, &module);
}

struct seep_module *snapshot_maker_module(struct snapshot_maker *maker, uint32_t module)
{
	return section_entry(maker, SEEP_SECTION_MODULES, module);
}

/* The child of `parent` for this frame, made if it is not there. Linear: test files are small. */
static uint32_t maker_node(struct snapshot_maker *maker, uint32_t parent, const struct maker_frame *frame)
{
	for (uint32_t index = 1; index < section_count(maker, SEEP_SECTION_NODES); index++) {
		const struct seep_node *node = section_entry(maker, SEEP_SECTION_NODES, index);
		if (node->parent == parent && node->module == frame->module && node->address == frame->address)
			return index;
	}
	const struct seep_node node = {.parent = parent, .module = frame->module, .address = frame->address};
	return section_append(maker, SEEP_SECTION_NODES, &node);
}

uint32_t snapshot_maker_add_site(struct snapshot_maker *maker, const struct maker_frame *stack, size_t depth)
{
	struct seep_site site = {0};

	while (depth > 0)
		site.node = maker_node(maker, site.node, &stack[--depth]);
	return section_append(maker, SEEP_SECTION_SITES, &site);
}

struct seep_site *snapshot_maker_site(struct snapshot_maker *maker, uint32_t site)
{
	return section_entry(maker, SEEP_SECTION_SITES, site);
}

void snapshot_maker_set_exact(struct snapshot_maker *maker, uint32_t site)
{
	struct seep_node *node = section_entry(maker, SEEP_SECTION_NODES, snapshot_maker_site(maker, site)->node);

	node->flags |= SEEP_NODE_EXACT;
}

void snapshot_maker_allocate(struct snapshot_maker *maker, uint32_t site, uint64_t birth_ns, uint64_t size,
			     unsigned count)
{
	struct seep_site *entry = snapshot_maker_site(maker, site);

	for (unsigned i = 0; i < count; i++) {
		const struct seep_live live = {.address = maker->next_address,
					       .size = size,
					       .birth_ns = birth_ns + i,
					       .rate = snapshot_maker_process(maker)->rate,
					       .site = site,
					       .thread = 1};
		maker->next_address += (size + 31) / 16 * 16;
		section_append(maker, SEEP_SECTION_LIVE, &live);
		measure_add_sample(&entry->allocated, size, live.rate);
		measure_add_sample(&entry->in_use, size, live.rate);
	}
}

static uint32_t lifetime_bin(uint64_t lifetime_ns)
{
	uint32_t bin = 0;

	while (lifetime_ns >>= 1)
		bin++;
	return bin;
}

/* Files one death under its site and lifetime. */
static void maker_bury(struct snapshot_maker *maker, uint32_t site, uint64_t size, uint64_t rate, uint64_t lifetime_ns)
{
	struct seep_site *entry = snapshot_maker_site(maker, site);
	struct seep_measure weight = {0};
	struct seep_lifetime *bin = NULL;
	const struct seep_lifetime fresh = {.site = site, .bin = lifetime_bin(lifetime_ns)};

	measure_add_sample(&weight, size, rate);
	measure_add(&entry->freed, &weight);
	if (lifetime_ns < 1000000)
		measure_add(&entry->freed_shortly, &weight);
	for (uint32_t i = 0; i < section_count(maker, SEEP_SECTION_LIFETIMES) && !bin; i++) {
		struct seep_lifetime *known = section_entry(maker, SEEP_SECTION_LIFETIMES, i);
		bin = known->site == site && known->bin == fresh.bin ? known : NULL;
	}
	if (!bin)
		bin =
		    section_entry(maker, SEEP_SECTION_LIFETIMES, section_append(maker, SEEP_SECTION_LIFETIMES, &fresh));
	double objects = sum_estimate(&weight.objects), bytes = sum_estimate(&weight.bytes);
	bin->samples++;
	bin->objects += objects;
	bin->bytes += bytes;
	bin->objects_squared += objects * objects;
	bin->bytes_squared += bytes * bytes;
}

void snapshot_maker_release(struct snapshot_maker *maker, uint32_t site, uint64_t size, uint64_t lifetime_ns,
			    unsigned count)
{
	uint64_t rate = snapshot_maker_process(maker)->rate;

	for (unsigned i = 0; i < count; i++) {
		measure_add_sample(&snapshot_maker_site(maker, site)->allocated, size, rate);
		maker_bury(maker, site, size, rate, lifetime_ns);
	}
}

void snapshot_maker_free_oldest(struct snapshot_maker *maker, uint32_t site, uint64_t lifetime_ns, unsigned count)
{
	struct buffer before = maker->sections[SEEP_SECTION_LIVE];
	struct seep_measure *in_use = &snapshot_maker_site(maker, site)->in_use;

	maker->sections[SEEP_SECTION_LIVE] = (struct buffer){0};
	*in_use = (struct seep_measure){0};
	for (size_t at = 0; at < before.length; at += sizeof(struct seep_live)) {
		struct seep_live live;
		memcpy(&live, before.data + at, sizeof live);
		if (live.site == site && count > 0) {
			maker_bury(maker, site, live.size, live.rate, lifetime_ns);
			count--;
			continue;
		}
		section_append(maker, SEEP_SECTION_LIVE, &live);
		if (live.site == site)
			measure_add_sample(in_use, live.size, live.rate);
	}
	assert_int_equal(count, 0);
	buffer_free(&before);
}

static void maker_add_value(struct snapshot_maker *maker, enum seep_section_type type, uint32_t key, uint64_t value)
{
	section_append(maker, type, &(struct seep_value){.key = key, .value = value});
}

void snapshot_maker_add_memory(struct snapshot_maker *maker, enum seep_memory_key key, uint64_t value)
{
	maker_add_value(maker, SEEP_SECTION_MEMORY, key, value);
}

void snapshot_maker_add_loss(struct snapshot_maker *maker, enum seep_loss_key key, uint64_t value)
{
	maker_add_value(maker, SEEP_SECTION_LOSSES, key, value);
}

void snapshot_maker_add_ledger(struct snapshot_maker *maker, uint32_t class, uint64_t bytes)
{
	section_append(maker, SEEP_SECTION_LEDGER,
		       &(struct seep_ledger_row){
			   .ledger_class = class, .mappings = 1, .virtual_bytes = bytes, .anonymous_bytes = bytes});
}

void snapshot_maker_widen_entries(struct snapshot_maker *maker, uint32_t bytes)
{
	assert_int_equal(bytes % 8, 0);
	maker->widened_bytes = bytes;
}

void snapshot_maker_add_unknown_section(struct snapshot_maker *maker)
{
	maker->unknown_section = true;
}

static void buffer_fill(struct buffer *buffer, char byte, size_t count)
{
	while (count-- > 0)
		buffer_append_byte(buffer, byte);
}

/* Appends a section's entries and describes it in the table. */
static void file_append_section(const struct snapshot_maker *maker, struct buffer *file, uint32_t type, uint32_t place)
{
	const struct buffer *section = &maker->sections[type];
	uint32_t extra = type == SEEP_SECTION_STRINGS ? 0 : maker->widened_bytes;
	struct seep_section entry = {.type = type, .entry_bytes = entry_bytes[type] + extra, .offset = file->length};

	for (size_t at = 0; at < section->length; at += entry_bytes[type]) {
		buffer_append(file, section->data + at, entry_bytes[type]);
		buffer_fill(file, '\x5a', extra);
	}
	entry.bytes = file->length - entry.offset;
	buffer_fill(file, '\0', -file->length % 8);
	memcpy(file->data + sizeof maker->header + place * sizeof entry, &entry, sizeof entry);
}

struct buffer snapshot_maker_finish(const struct snapshot_maker *maker)
{
	struct seep_snapshot_header header = maker->header;
	uint32_t sections = 0, place = 0;
	struct buffer file = {0};

	for (uint32_t type = 1; type < SEEP_SECTION_TYPES; type++)
		sections += entry_bytes[type] != 0;
	header.section_count = sections + maker->unknown_section;
	buffer_fill(&file, '\0', sizeof header + header.section_count * sizeof(struct seep_section));
	for (uint32_t type = 1; type < SEEP_SECTION_TYPES; type++)
		if (entry_bytes[type])
			file_append_section(maker, &file, type, place++);
	if (maker->unknown_section) {
		const struct seep_section unknown = {.type = 4000, .entry_bytes = 3, .offset = file.length, .bytes = 6};
		buffer_append(&file, "future\0\0", 8);
		memcpy(file.data + sizeof header + sections * sizeof unknown, &unknown, sizeof unknown);
	}
	header.file_bytes = file.length;
	memcpy(file.data, &header, sizeof header);
	snapshot_sign(&file);
	return file;
}

void snapshot_maker_write(const struct snapshot_maker *maker, const char *path)
{
	struct buffer file = snapshot_maker_finish(maker);
	struct error error;

	if (!output_write_buffer(&file, path, &error))
		fail_msg("%s", error.text);
	buffer_free(&file);
}

static struct seep_section *snapshot_table(struct buffer *file, uint32_t *count)
{
	struct seep_snapshot_header *header = (struct seep_snapshot_header *)file->data;

	*count = header->section_count;
	return (struct seep_section *)(file->data + sizeof *header);
}

struct seep_section *snapshot_section(struct buffer *file, enum seep_section_type type)
{
	uint32_t count;
	struct seep_section *table = snapshot_table(file, &count);

	for (uint32_t i = 0; i < count; i++)
		if (table[i].type == (uint32_t)type)
			return &table[i];
	return NULL;
}

void snapshot_sign(struct buffer *file)
{
	struct seep_snapshot_header *header = (struct seep_snapshot_header *)file->data;
	uint32_t count;
	struct seep_section *table = snapshot_table(file, &count);

	for (uint32_t i = 0; i < count; i++)
		if (table[i].offset <= file->length && table[i].bytes <= file->length - table[i].offset)
			table[i].crc =
			    (uint32_t)crc32(0, (const Bytef *)file->data + table[i].offset, (uInt)table[i].bytes);
	header->table_crc = (uint32_t)crc32(0, (const Bytef *)table, (uInt)(count * sizeof *table));
	header->header_crc = 0;
	header->header_crc = (uint32_t)crc32(0, (const Bytef *)header, sizeof *header);
}
