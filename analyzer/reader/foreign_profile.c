/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of other tools' formats share; see the header. */
#include "reader/foreign_profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "files/compress.h"
#include "base/memory.h"
#include "reader/input.h"
#include "reader/protobuf_reader.h"

/* A profile of this size has tens of millions of samples. */
#define PPROF_BYTES_LIMIT ((size_t)256 << 20)
/* Real ones pack to a tenth; 64 is what thousands of equal stacks come to. */
#define PPROF_RATIO_LIMIT 64
/* Below this chance of having been missed a sample is certain; <seep/measure.h> fixes it. */
#define CERTAIN_MISS 1e-4

void raw_profile_free(struct raw_profile *raw)
{
	free(raw->mappings);
	free(raw->lines);
	free(raw->locations);
	free(raw->frames);
	free(raw->stacks);
	map_free(raw->by_address);
	if (raw->strings)
		string_pool_free(raw->strings);
	*raw = (struct raw_profile){0};
}

uint32_t raw_profile_address(struct raw_profile *raw, uint64_t address)
{
	uint64_t *slot = map_put(raw->by_address, address, NULL);

	if (*slot == 0) {
		ARRAY_RESERVE(raw->locations, raw->location_count, raw->location_capacity);
		raw->locations[raw->location_count++] = (struct raw_location){.address = address};
		*slot = raw->location_count;
	}
	return (uint32_t)(*slot - 1);
}

void raw_profile_frame(struct raw_profile *raw, uint32_t location)
{
	ARRAY_RESERVE(raw->frames, raw->frame_count, raw->frame_capacity);
	raw->frames[raw->frame_count++] = location;
}

static int mapping_compare(const void *left, const void *right)
{
	const struct raw_mapping *a = *(const struct raw_mapping *const *)left;
	const struct raw_mapping *b = *(const struct raw_mapping *const *)right;

	return (a->start > b->start) - (a->start < b->start);
}

void raw_profile_map_addresses(struct raw_profile *raw)
{
	const struct raw_mapping **order = memory_allocate(raw->mapping_count + 1, sizeof *order);

	for (size_t i = 0; i < raw->mapping_count; i++)
		order[i] = &raw->mappings[i];
	qsort(order, raw->mapping_count, sizeof *order, mapping_compare);
	for (size_t i = 0; i < raw->location_count; i++) {
		struct raw_location *location = &raw->locations[i];
		const uint64_t inside = location->address - (location->address && !location->exact);
		size_t low = 0, high = raw->mapping_count;
		while (low < high) {
			const size_t middle = low + (high - low) / 2;
			if (order[middle]->start <= inside)
				low = middle + 1;
			else
				high = middle;
		}
		if (!location->mapping && low > 0 && inside < order[low - 1]->limit)
			location->mapping = (uint32_t)(order[low - 1] - raw->mappings) + 1;
	}
	free(order);
}

static struct seep_sum raw_sum(double count, double weight, double probability, double miss)
{
	if (miss < CERTAIN_MISS)
		return (struct seep_sum){.certain = count * weight / probability};
	return (struct seep_sum){
	    .uncertain = count * weight / probability,
	    .variance = count * weight * weight * miss / (probability * probability),
	    .largest = weight / probability,
	};
}

struct seep_measure raw_measure(double objects, double bytes, uint64_t rate)
{
	const double size = objects > 0 ? bytes / objects : 0;
	const uint64_t samples = (uint64_t)fmin(objects, 0x1p62);

	if (rate == 0)
		return (struct seep_measure){.samples = samples, .bytes.certain = bytes, .objects.certain = objects};
	if (size == 0)
		return (struct seep_measure){0};
	const double miss = rate == 1 ? 0 : exp(-size / (double)rate);
	const double probability = rate == 1 ? 1 : -expm1(-size / (double)rate);
	return (struct seep_measure){
	    .samples = samples,
	    .bytes = raw_sum(objects, size, probability, miss),
	    .objects = raw_sum(objects, 1, probability, miss),
	};
}

/* A pprof profile that is not compressed has no magic. Its first fields must be some of profile.proto's, with the wire
 * types that they have there. */
static bool looks_like_pprof(const unsigned char *head, size_t bytes)
{
	enum { FIELDS_LOOKED_AT = 6, NUMBERS = 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 14, COMMENT = 13 };
	struct protobuf_message profile = {.at = head, .end = head + bytes};
	struct protobuf_field field;
	int seen = 0;

	for (; seen < FIELDS_LOOKED_AT && protobuf_next(&profile, &field); seen++)
		if (field.number > 15 || (field.number != COMMENT && field.is_bytes == (NUMBERS >> field.number & 1)))
			return false;
	return seen >= 2;
}

static bool begins_with(const unsigned char *head, size_t bytes, const char *text)
{
	return bytes >= strlen(text) && memcmp(head, text, strlen(text)) == 0;
}

enum raw_format raw_profile_recognize(const unsigned char *head, size_t bytes)
{
	if (begins_with(head, bytes, "heap_v2/"))
		return RAW_JEMALLOC;
	if (begins_with(head, bytes, "heap profile:"))
		return RAW_GPERFTOOLS;
	return gzip_is_gzip(head, bytes) || looks_like_pprof(head, bytes) ? RAW_PPROF : RAW_NONE;
}

static bool pprof_unpack_and_read(struct raw_profile *raw, const char *name, const unsigned char *data, size_t bytes,
				  struct error *error)
{
	struct buffer plain = {0};
	struct error fault;
	size_t offset = 0;
	bool read = false;

	if (!gzip_unpack(&plain, data, bytes, gzip_limit(bytes, PPROF_RATIO_LIMIT, PPROF_BYTES_LIMIT), &offset, &fault))
		input_fault(error, name, offset, "%s", fault.text);
	else if (!looks_like_pprof((const unsigned char *)plain.data, plain.length))
		input_fault(error, name, 0, "is gzip-compressed, but what is in it is no pprof profile");
	else
		read = pprof_read(raw, name, (const unsigned char *)plain.data, plain.length, error);
	raw->plain_bytes = plain.length;
	buffer_free(&plain);
	return read;
}

bool raw_profile_read(struct raw_profile *raw, enum raw_format format, const char *name, const unsigned char *data,
		      size_t bytes, struct error *error)
{
	bool read;

	*raw = (struct raw_profile){.strings = string_pool_create(), .by_address = map_create(), .plain_bytes = bytes};
	if (format != RAW_PPROF)
		read = heap_text_read(raw, name, (const char *)data, bytes, error);
	else if (gzip_is_gzip(data, bytes))
		read = pprof_unpack_and_read(raw, name, data, bytes, error);
	else
		read = pprof_read(raw, name, data, bytes, error);
	if (!read)
		raw_profile_free(raw);
	return read;
}
