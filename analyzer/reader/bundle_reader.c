/* SPDX-License-Identifier: Apache-2.0 */
/* Reads bundles; see the header. Only the parts that are asked for are read from the file. */
#include "reader/bundle_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/memory.h"
#include "encoding/checksum.h"
#include "encoding/gzip.h"
#include "reader/snapshot_reader.h"

#define PACKED_RATIO_LIMIT 64 /* unpacked size by packed size, at most: sites are mostly zeros */
#define SYMBOLS_BYTES_LIMIT (UINT64_C(1) << 30)

bool bundle_is_bundle(const void *data, size_t bytes)
{
	return bytes >= strlen(BUNDLE_MAGIC) && memcmp(data, BUNDLE_MAGIC, strlen(BUNDLE_MAGIC)) == 0;
}

static bool range_read(const struct input *input, uint64_t offset, void *data, size_t bytes, struct error *error)
{
	for (size_t done = 0; done < bytes;) {
		ssize_t got = pread(input->descriptor, (char *)data + done, bytes - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return input_fault(error, input->name, offset + done, "cannot be read: %s",
					   got < 0 ? strerror(errno) : "the file was cut while it was read");
		done += (size_t)got;
	}
	return true;
}

static bool header_check(const struct input *input, struct bundle_header *header, struct error *error)
{
	if (input->bytes < sizeof *header)
		return input_fault(error, input->name, input->bytes, "the bundle is truncated within its header");
	memcpy(header, input->data, sizeof *header);
	if (header->version != BUNDLE_VERSION)
		return input_fault(error, input->name, 8, "this is version %u of a bundle; this seep reads version %d",
				   header->version, BUNDLE_VERSION);
	const uint32_t expected = header->header_crc;
	header->header_crc = 0;
	if (checksum_of(header, sizeof *header) != expected)
		return input_fault(error, input->name, 28, "the header's checksum is wrong");
	if (header->file_bytes != input->file_bytes)
		return input_fault(error, input->name, 16, "the bundle has %llu bytes, its header says %llu",
				   (unsigned long long)input->file_bytes, (unsigned long long)header->file_bytes);
	if (header->part_count == 0 || header->part_count > BUNDLE_PARTS_MAX ||
	    header->part_count > (input->file_bytes - sizeof *header) / sizeof(struct bundle_part))
		return input_fault(error, input->name, 12, "%u parts don't fit into this file", header->part_count);
	return true;
}

static int part_compare(const void *left, const void *right)
{
	const struct bundle_part *a = *(const struct bundle_part *const *)left,
				 *b = *(const struct bundle_part *const *)right;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return (a > b) - (a < b);
}

/* If parts shared bytes, they would cost their reader more than the file has. */
static bool overlaps_check(const struct bundle *bundle, struct error *error)
{
	const struct bundle_part **order = memory_allocate(bundle->part_count, sizeof *order);
	uint64_t end = sizeof(struct bundle_header) + (uint64_t)bundle->part_count * sizeof *bundle->parts;
	bool fine = true;

	for (uint32_t i = 0; i < bundle->part_count; i++)
		order[i] = &bundle->parts[i];
	qsort(order, bundle->part_count, sizeof *order, part_compare);
	for (uint32_t i = 0; i < bundle->part_count && fine; i++) {
		if (order[i]->packed_bytes && order[i]->offset < end)
			fine =
			    input_fault(error, bundle->input->name, order[i]->offset,
					"part %u lies over another or the table", (unsigned)(order[i] - bundle->parts));
		end = order[i]->packed_bytes ? order[i]->offset + order[i]->packed_bytes : end;
	}
	free(order);
	return fine;
}

static bool parts_check(const struct bundle *bundle, struct error *error)
{
	const struct input *input = bundle->input;

	for (uint32_t i = 0; i < bundle->part_count; i++) {
		const struct bundle_part *part = &bundle->parts[i];
		const uint64_t place = sizeof(struct bundle_header) + i * sizeof *part;
		if (part->offset > input->file_bytes || part->packed_bytes > input->file_bytes - part->offset)
			return input_fault(error, input->name, place, "part %u lies beyond the file's end", i);
		const uint64_t most = part->type == BUNDLE_SYMBOLS ? SYMBOLS_BYTES_LIMIT : SNAPSHOT_BYTES_LIMIT;
		if (part->bytes > gzip_limit(part->packed_bytes, PACKED_RATIO_LIMIT, most))
			return input_fault(error, input->name, place, "part %u is larger than any that is read", i);
	}
	return overlaps_check(bundle, error);
}

bool bundle_open(struct bundle *bundle, const struct input *input, struct error *error)
{
	struct bundle_header header;

	*bundle = (struct bundle){.input = input};
	if (!header_check(input, &header, error))
		return false;
	const size_t bytes = header.part_count * sizeof *bundle->parts;
	bundle->parts = memory_allocate(header.part_count, sizeof *bundle->parts);
	bundle->part_count = header.part_count;
	bool opened = range_read(input, sizeof header, bundle->parts, bytes, error);
	if (opened && checksum_of(bundle->parts, bytes) != header.table_crc)
		opened = input_fault(error, input->name, sizeof header, "the checksum of the table of parts is wrong");
	if (!opened || !parts_check(bundle, error)) {
		bundle_close(bundle);
		return false;
	}
	return true;
}

void bundle_close(struct bundle *bundle)
{
	free(bundle->parts);
	*bundle = (struct bundle){0};
}

bool bundle_unpack(const struct bundle *bundle, const struct bundle_part *part, struct buffer *out, struct error *error)
{
	const struct input *input = bundle->input;
	struct error fault;
	size_t offset = 0;

	memory_expect_input(part->packed_bytes);
	unsigned char *packed = memory_allocate(part->packed_bytes + 1, 1);
	bool unpacked = range_read(input, part->offset, packed, part->packed_bytes, error);
	if (unpacked && checksum_of(packed, part->packed_bytes) != part->crc)
		unpacked = input_fault(error, input->name, part->offset, "the part's checksum is wrong");
	if (unpacked && !gzip_unpack(out, packed, part->packed_bytes, part->bytes, &offset, &fault))
		unpacked = input_fault(error, input->name, part->offset + offset, "%s", fault.text);
	if (unpacked && out->length != part->bytes)
		unpacked = input_fault(error, input->name, part->offset, "the part is shorter than the table says");
	free(packed);
	return unpacked;
}

/* Whether a text begins there: at 0, or behind a NUL. */
static bool text_is_good(const struct bundle_symbols *symbols, uint32_t text)
{
	return text < symbols->header.text_bytes && (text == 0 || symbols->texts[text - 1] == '\0');
}

static const char *symbols_fault(const struct bundle_symbols *symbols)
{
	const struct bundle_symbols_header *header = &symbols->header;

	if (header->text_bytes == 0 || symbols->texts[0] || symbols->texts[header->text_bytes - 1])
		return "the symbols' texts do not end";
	for (uint32_t i = 0; i < header->module_count; i++) {
		const struct bundle_module *module = &symbols->modules[i];
		if (!text_is_good(symbols, module->path) || !text_is_good(symbols, module->source) ||
		    module->build_id_bytes > sizeof module->build_id)
			return "a module of the symbols is broken";
	}
	for (uint32_t i = 0; i < header->address_count; i++) {
		const struct bundle_address *address = &symbols->addresses[i];
		if (address->module >= header->module_count || address->line_count == 0 ||
		    address->line_count > BUDGET_INLINED_LINES || address->first_line > header->line_count ||
		    address->line_count > header->line_count - address->first_line)
			return "an address of the symbols is broken";
	}
	for (uint32_t i = 0; i < header->line_count; i++)
		if (!text_is_good(symbols, symbols->lines[i].function) ||
		    !text_is_good(symbols, symbols->lines[i].file))
			return "a line of the symbols is broken";
	return NULL;
}

bool bundle_symbols_verify(struct bundle_symbols *symbols, const struct buffer *part, const char *name,
			   struct error *error)
{
	struct bundle_symbols_header *header = &symbols->header;

	if (part->length < sizeof *header)
		return input_fault(error, name, 0, "the symbols are truncated");
	memcpy(header, part->data, sizeof *header);
	/* Addresses come first: only they need to be aligned to 8. */
	const uint64_t addresses = (uint64_t)header->address_count * sizeof *symbols->addresses,
		       modules = (uint64_t)header->module_count * sizeof *symbols->modules,
		       lines = (uint64_t)header->line_count * sizeof *symbols->lines;
	if (sizeof *header + addresses + modules + lines + header->text_bytes != part->length)
		return input_fault(error, name, 0, "the symbols' tables do not fill their part");
	const char *at = part->data + sizeof *header;
	symbols->addresses = (const struct bundle_address *)at;
	symbols->modules = (const struct bundle_module *)(at += addresses);
	symbols->lines = (const struct bundle_line *)(at += modules);
	symbols->texts = at + lines;
	const char *fault = symbols_fault(symbols);
	return fault ? input_fault(error, name, 0, "%s", fault) : true;
}
