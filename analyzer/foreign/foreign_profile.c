/* SPDX-License-Identifier: Apache-2.0 */
/* The part that the readers of other tools' formats share; see the header. */
#include "foreign/foreign_profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "encoding/gzip.h"
#include "base/memory.h"
#include "encoding/protobuf.h"
#include "reader/foreign_describe.h"
#include "reader/input.h"
#include "reader/packed.h"

/* Real profiles pack to a tenth; thousands of equal stacks pack to a 64th. */
#define PLAIN_RATIO_LIMIT 64
/* A sample is certain if the chance of having missed it is below this, as in <seep/measure.h>. */
#define CERTAIN_MISS 1e-4

void foreign_profile_free(struct foreign_profile *foreign)
{
	free(foreign->mappings);
	free(foreign->lines);
	free(foreign->locations);
	free(foreign->frames);
	free(foreign->stacks);
	map_free(foreign->by_address);
	if (foreign->strings)
		string_pool_free(foreign->strings);
	*foreign = (struct foreign_profile){0};
}

uint32_t foreign_profile_address(struct foreign_profile *foreign, uint64_t address)
{
	uint64_t *slot = map_put(foreign->by_address, address, NULL);

	if (*slot == 0) {
		ARRAY_RESERVE(foreign->locations, foreign->location_count, foreign->location_capacity);
		foreign->locations[foreign->location_count++] = (struct foreign_location){.address = address};
		*slot = foreign->location_count;
	}
	return (uint32_t)(*slot - 1);
}

void foreign_profile_frame(struct foreign_profile *foreign, uint32_t location)
{
	ARRAY_RESERVE(foreign->frames, foreign->frame_count, foreign->frame_capacity);
	foreign->frames[foreign->frame_count++] = location;
}

static int mapping_compare(const void *left, const void *right)
{
	const struct foreign_mapping *a = *(const struct foreign_mapping *const *)left;
	const struct foreign_mapping *b = *(const struct foreign_mapping *const *)right;

	return (a->start > b->start) - (a->start < b->start);
}

void foreign_profile_map_addresses(struct foreign_profile *foreign)
{
	const struct foreign_mapping **order = memory_allocate(foreign->mapping_count + 1, sizeof *order);

	for (size_t i = 0; i < foreign->mapping_count; i++)
		order[i] = &foreign->mappings[i];
	qsort(order, foreign->mapping_count, sizeof *order, mapping_compare);
	for (size_t i = 0; i < foreign->location_count; i++) {
		struct foreign_location *location = &foreign->locations[i];
		const uint64_t inside = location->address - (location->address && !location->exact);
		size_t low = 0, high = foreign->mapping_count;
		while (low < high) {
			const size_t middle = low + (high - low) / 2;
			if (order[middle]->start <= inside)
				low = middle + 1;
			else
				high = middle;
		}
		if (!location->mapping && low > 0 && inside < order[low - 1]->limit)
			location->mapping = (uint32_t)(order[low - 1] - foreign->mappings) + 1;
	}
	free(order);
}

static struct seep_sum foreign_sum(double count, double weight, double probability, double miss)
{
	if (miss < CERTAIN_MISS)
		return (struct seep_sum){.certain = count * weight / probability};
	return (struct seep_sum){
	    .uncertain = count * weight / probability,
	    .variance = count * weight * weight * miss / (probability * probability),
	    .largest = weight / probability,
	};
}

struct seep_measure foreign_measure(double objects, double bytes, uint64_t rate)
{
	const double size = objects > 0 ? bytes / objects : 0;
	const uint64_t samples = (uint64_t)fmin(objects, 0x1p62);

	if (rate == 0)
		return (struct seep_measure){.samples = samples, .bytes.certain = bytes, .objects.certain = objects};
	if (size == 0 && rate != 1)
		return (struct seep_measure){0};
	const double miss = rate == 1 ? 0 : exp(-size / (double)rate);
	const double probability = rate == 1 ? 1 : -expm1(-size / (double)rate);
	return (struct seep_measure){
	    .samples = samples,
	    .bytes = foreign_sum(objects, size, probability, miss),
	    .objects = foreign_sum(objects, 1, probability, miss),
	};
}

/* A pprof profile that is not compressed has no magic. Its first fields must be some of profile.proto's, with the wire
 * types that they have there. */
static bool looks_like_pprof(const unsigned char *head, size_t bytes)
{
	enum { FIELDS_LOOKED_AT = 6, NUMBERS = 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12 | 1 << 14, COMMENT = 13 };
	struct protobuf_reader profile = {.at = head, .end = head + bytes};
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

enum foreign_format foreign_profile_recognize(const unsigned char *head, size_t bytes)
{
	if (begins_with(head, bytes, "heap_v2/"))
		return FOREIGN_JEMALLOC;
	if (begins_with(head, bytes, "heap profile:"))
		return FOREIGN_GPERFTOOLS;
	if (heaptrack_is_heaptrack(head, bytes))
		return FOREIGN_HEAPTRACK;
	if (packed_by(head, bytes))
		return FOREIGN_PACKED;
	return looks_like_pprof(head, bytes) ? FOREIGN_PPROF : FOREIGN_NONE;
}

static bool plain_read(struct foreign_profile *foreign, enum foreign_format format, const char *name,
		       const unsigned char *data, size_t bytes, const struct foreign_moment *moment,
		       struct error *error)
{
	if (format != FOREIGN_HEAPTRACK && moment->kind != FOREIGN_AT_END)
		return input_fault(error, name, 0, "has one moment only, so none can be chosen with '#'");
	switch (format) {
	case FOREIGN_PPROF:
		return pprof_read(foreign, name, data, bytes, error);
	case FOREIGN_HEAPTRACK:
		return heaptrack_read(foreign, name, data, bytes, moment, error);
	default:
		return heap_text_read(foreign, name, (const char *)data, bytes, error);
	}
}

static bool buffer_take(void *buffer, const unsigned char *piece, size_t bytes)
{
	buffer_append(buffer, piece, bytes);
	return true;
}

size_t foreign_plain_limit(size_t packed_bytes)
{
	/* A profile of this size has tens of millions of samples. */
	return gzip_limit(packed_bytes, PLAIN_RATIO_LIMIT, FOREIGN_BYTES_LIMIT);
}

/* Unpacks the whole, unless it is heaptrack's. */
static bool packed_read(struct foreign_profile *foreign, const char *name, const unsigned char *data, size_t bytes,
			const struct foreign_moment *moment, struct error *error)
{
	struct packed_head head;
	struct buffer plain = {0};
	struct unpacking unpacking = {.data = data,
				      .bytes = bytes,
				      .limit_bytes = foreign_plain_limit(bytes),
				      .take = buffer_take,
				      .context = &plain};
	bool read = false;

	packed_head_read(&head, data, bytes);
	if (heaptrack_is_heaptrack(head.data, head.bytes))
		return heaptrack_read(foreign, name, data, bytes, moment, error);
	const bool whole = packed_read_each(&unpacking) == UNPACK_WHOLE;
	const unsigned char *in = (const unsigned char *)plain.data;
	const enum foreign_format format = whole ? foreign_profile_recognize(in, plain.length) : FOREIGN_NONE;
	if (!whole)
		input_fault(error, name, unpacking.offset, "%s", unpacking.fault.text);
	else if (format == FOREIGN_NONE || format == FOREIGN_PACKED)
		input_fault(error, name, 0, "is %s-compressed, but its content is not a profile: it is %s",
			    packed_by(data, bytes), foreign_describe(head.data, head.bytes));
	else
		read = plain_read(foreign, format, name, in, plain.length, moment, error);
	foreign->plain_bytes = plain.length;
	buffer_free(&plain);
	return read;
}

bool foreign_profile_read(struct foreign_profile *foreign, enum foreign_format format, const char *name,
			  const unsigned char *data, size_t bytes, const struct foreign_moment *moment,
			  struct error *error)
{
	*foreign =
	    (struct foreign_profile){.strings = string_pool_create(), .by_address = map_create(), .plain_bytes = bytes};
	const bool read = format == FOREIGN_PACKED ? packed_read(foreign, name, data, bytes, moment, error)
						   : plain_read(foreign, format, name, data, bytes, moment, error);
	if (!read)
		foreign_profile_free(foreign);
	return read;
}
