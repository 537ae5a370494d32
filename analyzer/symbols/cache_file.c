/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and checks one file of the cache of names; see the header. */
#include "symbols/cache_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "symbols/wire.h"

enum { PATH_BYTES_MAX = 8192 };

/* An address in the file. */
struct cache_address {
	uint64_t address, exact;
};

_Static_assert(sizeof(struct cache_header) == 120, "the file's layout");

bool cache_witness_take(const char *path, struct cache_witness *witness)
{
	struct stat status;

	*witness = (struct cache_witness){0};
	if (stat(path, &status) < 0 || !S_ISREG(status.st_mode))
		return false;
	witness->bytes = (uint64_t)status.st_size;
	witness->modified_ns = (uint64_t)status.st_mtim.tv_sec * 1000000000u + (uint64_t)status.st_mtim.tv_nsec;
	witness->inode = (uint64_t)status.st_ino;
	return true;
}

static uint32_t checksum(const void *data, size_t bytes)
{
	return (uint32_t)crc32_z(0, data, bytes);
}

static void append_answers(struct buffer *out, const struct symbol_module *module, const struct symbol_lines *lines)
{
	struct wire wire;

	wire_open(&wire);
	for (size_t i = 0; i < module->address_count; i++) {
		const struct symbol_address *address = &module->addresses[i];
		wire_begin_address(&wire, address->line_count);
		for (uint32_t k = 0; k < address->line_count; k++) {
			const struct source_line *line = &lines->lines[address->first_line + k];
			wire_line(&wire, wire_text(&wire, line->function), wire_text(&wire, line->file), line->line,
				  line->inlined);
		}
	}
	wire_debug_file(&wire, module->debug_file);
	wire_end_module(&wire, 0, wire_text(&wire, module->source), module->has_lines, (uint32_t)module->address_count);
	buffer_append(out, wire.out.data, wire.out.length);
	wire_close(&wire);
}

void cache_file_encode(struct buffer *out, const struct symbol_module *module, const struct symbol_lines *lines,
		       const struct cache_witness *debug_file)
{
	const size_t path_bytes = strlen(module->debug_file) + 1;
	struct cache_header header = {.magic = CACHE_FILE_MAGIC,
				      .version = CACHE_FILE_VERSION,
				      .debug_file = *debug_file,
				      .build_id_bytes = module->build_id_bytes,
				      .path_bytes = (uint32_t)((path_bytes + 7) & ~(size_t)7),
				      .address_count = (uint32_t)module->address_count};

	cache_witness_take(module->path, &header.program);
	memcpy(header.build_id, module->build_id, module->build_id_bytes);
	buffer_append(out, &header, sizeof header);
	buffer_append(out, module->debug_file, path_bytes);
	while (out->length < sizeof header + header.path_bytes)
		buffer_append_byte(out, '\0');
	for (size_t i = 0; i < module->address_count; i++) {
		const struct cache_address address = {module->addresses[i].address, module->addresses[i].exact};
		buffer_append(out, &address, sizeof address);
	}
	append_answers(out, module, lines);
	header.file_bytes = out->length;
	memcpy(out->data, &header, sizeof header);
	header.crc = checksum(out->data, out->length);
	memcpy(out->data, &header, sizeof header);
}

static bool header_check(const struct buffer *file, const struct symbol_module *wanted, struct cache_header *header)
{
	struct cache_header unsummed;

	if (file->length < sizeof *header)
		return false;
	memcpy(header, file->data, sizeof *header);
	if (memcmp(header->magic, CACHE_FILE_MAGIC, sizeof header->magic) != 0 ||
	    header->version != CACHE_FILE_VERSION || header->file_bytes != file->length)
		return false;
	if (header->build_id_bytes == 0 || header->build_id_bytes != wanted->build_id_bytes ||
	    header->build_id_bytes > sizeof header->build_id ||
	    memcmp(header->build_id, wanted->build_id, header->build_id_bytes) != 0)
		return false;
	unsummed = *header;
	unsummed.crc = 0;
	const uint32_t head = checksum(&unsummed, sizeof unsummed);
	const uint32_t crc =
	    (uint32_t)crc32_z(head, (const unsigned char *)file->data + sizeof *header, file->length - sizeof *header);
	return crc == header->crc;
}

static bool path_check(const struct buffer *file, const struct cache_header *header)
{
	return header->path_bytes && header->path_bytes <= PATH_BYTES_MAX && header->path_bytes % 8 == 0 &&
	       header->path_bytes <= file->length - sizeof *header &&
	       !file->data[sizeof *header + header->path_bytes - 1];
}

bool cache_file_is_fresh(const struct buffer *file, const char *module_path)
{
	const char *path = file->data + sizeof(struct cache_header);
	struct cache_witness debug_file, program;
	struct cache_header header;

	memcpy(&header, file->data, sizeof header);
	if (*path && !cache_witness_take(path, &debug_file))
		return false;
	if (*path && memcmp(&debug_file, &header.debug_file, sizeof debug_file) != 0)
		return false;
	cache_witness_take(module_path, &program);
	return memcmp(&program, &header.program, sizeof program) == 0;
}

/* The order of the addresses in a file. */
static int address_compare(const void *left, const void *right)
{
	const struct symbol_address *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (a->exact > b->exact) - (a->exact < b->exact);
}

static bool addresses_read(struct cache_content *content, const char *at, uint32_t count)
{
	struct symbol_module *module = &content->module;

	module->addresses = memory_allocate((size_t)count + 1, sizeof *module->addresses);
	module->address_count = count;
	for (uint32_t i = 0; i < count; i++) {
		struct cache_address address;
		memcpy(&address, at + i * sizeof address, sizeof address);
		module->addresses[i].address = address.address;
		module->addresses[i].exact = address.exact & 1;
		if (i && address_compare(&module->addresses[i - 1], &module->addresses[i]) >= 0)
			return false;
	}
	return true;
}

bool cache_file_decode(struct cache_content *content, const struct buffer *file, const struct symbol_module *wanted,
		       struct string_pool *strings)
{
	struct cache_header header;

	*content = (struct cache_content){.module = {.path = wanted->path}};
	if (!header_check(file, wanted, &header) || !path_check(file, &header))
		return false;
	const size_t before = sizeof header + header.path_bytes;
	const size_t addresses_bytes = (size_t)header.address_count * sizeof(struct cache_address);
	if (header.address_count == 0 || header.address_count > CACHE_ADDRESSES_MAX ||
	    addresses_bytes > file->length - before)
		return false;
	const struct buffer stream = {.data = file->data + before + addresses_bytes,
				      .length = file->length - before - addresses_bytes};
	if (addresses_read(content, file->data + before, header.address_count) &&
	    wire_read(&stream, &content->module, 1, strings, &content->lines) == 1)
		return true;
	cache_content_free(content);
	return false;
}

void cache_content_free(struct cache_content *content)
{
	free(content->module.addresses);
	free(content->lines.lines);
	*content = (struct cache_content){0};
}

const struct symbol_address *cache_address_find(const struct symbol_module *module, const struct symbol_address *wanted)
{
	return bsearch(wanted, module->addresses, module->address_count, sizeof *wanted, address_compare);
}

void cache_answer_copy(struct symbol_address *to, const struct symbol_address *from, const struct symbol_lines *source,
		       struct symbol_lines *lines)
{
	to->first_line = (uint32_t)lines->count;
	to->line_count = from->line_count;
	for (uint32_t i = 0; i < from->line_count; i++) {
		ARRAY_RESERVE(lines->lines, lines->count, lines->capacity);
		lines->lines[lines->count++] = source->lines[from->first_line + i];
	}
}

struct cache_content cache_content_join(const struct symbol_module *module, const struct symbol_lines *lines,
					const struct cache_content *kept)
{
	struct cache_content joined = {.module = *module};
	const size_t most = module->address_count + kept->module.address_count;
	struct symbol_address *all = memory_allocate(most + 1, sizeof *all);
	size_t count = 0;

	for (size_t i = 0; i < module->address_count; i++) {
		all[count] = module->addresses[i];
		cache_answer_copy(&all[count++], &module->addresses[i], lines, &joined.lines);
	}
	qsort(all, count, sizeof *all, address_compare);
	size_t used = 0;
	for (size_t i = 0; i < count; i++)
		if (used == 0 || address_compare(&all[used - 1], &all[i]) != 0)
			all[used++] = all[i];
	joined.module.addresses = all;
	joined.module.address_count = used;
	count = used;
	for (size_t i = 0; i < kept->module.address_count && count < CACHE_ADDRESSES_MAX; i++) {
		const struct symbol_address *old = &kept->module.addresses[i];
		if (cache_address_find(&joined.module, old))
			continue;
		all[count] = *old;
		cache_answer_copy(&all[count++], old, &kept->lines, &joined.lines);
	}
	qsort(all, count, sizeof *all, address_compare);
	joined.module.address_count = count;
	return joined;
}

/* ---- files ---- */

bool cache_file_read(int directory, const char *name, uid_t owner, off_t most, struct buffer *file)
{
	struct stat status;
	char block[65536];
	ssize_t got = -1;
	int descriptor = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (descriptor < 0)
		return false;
	if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == owner &&
	    status.st_size <= most) {
		while ((got = read(descriptor, block, sizeof block)) > 0 && (off_t)file->length <= most)
			buffer_append(file, block, (size_t)got);
	}
	close(descriptor);
	return got == 0 && file->length > 0;
}

bool cache_file_write(int directory, const char *name, const struct buffer *file)
{
	char temporary[64];
	size_t written = 0;

	snprintf(temporary, sizeof temporary, "%ld-%llx" CACHE_TEMPORARY_SUFFIX, (long)getpid(),
		 (unsigned long long)hash_secret());
	int descriptor = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (descriptor < 0)
		return false;
	while (written < file->length) {
		ssize_t more = write(descriptor, file->data + written, file->length - written);
		if (more < 0 && errno == EINTR)
			continue;
		if (more <= 0)
			break;
		written += (size_t)more;
	}
	if (close(descriptor) == 0 && written == file->length && renameat(directory, temporary, directory, name) == 0)
		return true;
	unlinkat(directory, temporary, 0);
	return false;
}
