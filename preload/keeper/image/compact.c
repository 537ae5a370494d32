/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact sections: see compact.h. Each entry has one function for both ways,
 * so that they cannot differ (compact_coder.h).
 *
 * Predictions are doubles that writer and reader compute alike: no product is
 * an operand of a sum, so that no compiler makes one rounding of two.
 */
#include "keeper/image/compact.h"

#include <string.h>

#include <seep/keeper.h>

#include "keeper/image/compact_coder.h"

/* no entry takes more bytes */
#define ENTRY_MOST_BYTES 1024

/* The values of the entries before, which writer and reader both know. */
struct history {
	struct seep_node node;
	uint32_t site_node;
	double largest; /* of objects */
	uint64_t size;
	struct seep_lifetime lifetime;
	double lifetime_objects; /* of a sample */
	struct seep_live live;
};

EITHER void code_node(struct coder *coder, bool decode, struct history *before, struct seep_node *node, uint32_t index)
{
	enum { MODULE = 1, FLAGS = 2 };
	uint64_t head = (uint64_t)(index - 1 - node->parent) << 2;
	head |= (node->module != before->node.module) * MODULE | (node->flags != 0) * FLAGS;
	code_number(coder, decode, &head);
	if (decode) {
		coder->bad |= head >> 2 >= index;
		*node = (struct seep_node){.parent = index - 1 - (uint32_t)(head >> 2), .module = before->node.module};
	}
	if (head & MODULE)
		code_number32(coder, decode, &node->module);
	if (head & FLAGS)
		code_number32(coder, decode, &node->flags);
	code_difference(coder, decode, &node->address, head & MODULE ? 0 : before->node.address);
	before->node = *node;
}

/* Three guesses at the sums of a measure. */
enum expected {
	EXPECT_EQUAL,      /* samples of one size */
	EXPECT_DIFFERENCE, /* what was allocated and is not in use */
	EXPECT_FREED,      /* all that was freed */
	EXPECTED
};
enum { HAS_UNCERTAIN = 1, HAS_CERTAIN = 2, EXPECTED_SHIFT = 2, SAMPLES_SHIFT = 4 };

/* The sum that a measure is expected to have, made of the measures before it in the site. */
static inline double sum_expected(uint64_t expected, double allocated, double in_use, double freed)
{
	return expected == EXPECT_DIFFERENCE ? allocated - in_use : freed;
}

EITHER void code_uncertain(struct coder *coder, bool decode, struct history *before, const struct seep_site *site,
			   struct seep_measure *m, uint64_t expected)
{
	struct seep_sum *bytes = &m->bytes, *objects = &m->objects;
	code_double(coder, decode, &objects->largest, before->largest);
	double largest = before->largest = objects->largest;
	uint64_t size = decode ? 0 : size_guess(bytes->largest, largest);
	code_difference(coder, decode, &size, before->size);
	before->size = size;
	code_double(coder, decode, &bytes->largest, (double)size * largest);
	if (expected != EXPECT_EQUAL) {
#define EXPECTED_SUM(field) sum_expected(expected, site->allocated.field, site->in_use.field, site->freed.field)
		code_double(coder, decode, &objects->uncertain, EXPECTED_SUM(objects.uncertain));
		code_double(coder, decode, &objects->variance, EXPECTED_SUM(objects.variance));
		code_double(coder, decode, &bytes->uncertain, EXPECTED_SUM(bytes.uncertain));
		code_double(coder, decode, &bytes->variance, EXPECTED_SUM(bytes.variance));
		return;
	}
	double count = (double)m->samples - objects->certain, more = largest - 1;
	code_double(coder, decode, &objects->uncertain, count * largest);
	code_double(coder, decode, &objects->variance, objects->uncertain * more);
	code_double(coder, decode, &bytes->uncertain, count * bytes->largest);
	code_double(coder, decode, &bytes->variance, bytes->uncertain * (bytes->largest * (more / largest)));
}

/* The expectation that is nearest to the bytes, because they take the most room. */
static inline uint64_t expect(const struct seep_site *site, const struct seep_measure *m, unsigned kinds_known)
{
	double bytes = m->bytes.uncertain, count = (double)m->samples - m->objects.certain;
	double off = bytes - count * m->bytes.largest, least = off < 0 ? -off : off;
	uint64_t nearest = EXPECT_EQUAL;
	if (least < bytes * 0x1p-46)
		return nearest;
	for (uint64_t i = EXPECT_DIFFERENCE; i < kinds_known; i++) {
		off = bytes - sum_expected(i, site->allocated.bytes.uncertain, site->in_use.bytes.uncertain,
					   site->freed.bytes.uncertain);
		off = off < 0 ? -off : off;
		nearest = off < least ? i : nearest;
		least = off < least ? off : least;
	}
	return nearest;
}

static inline bool sum_has_uncertain(const struct seep_sum *sum)
{
	return (double_bits(sum->uncertain) | double_bits(sum->variance) | double_bits(sum->largest)) != 0;
}

static inline uint64_t measure_head(const struct seep_site *site, const struct seep_measure *m, unsigned kinds_known)
{
	bool uncertain = sum_has_uncertain(&m->bytes) || sum_has_uncertain(&m->objects);
	bool certain = (double_bits(m->bytes.certain) | double_bits(m->objects.certain)) != 0;
	uint64_t expected = uncertain && kinds_known > 1 ? expect(site, m, kinds_known) : EXPECT_EQUAL;
	return uncertain * HAS_UNCERTAIN | certain * HAS_CERTAIN | expected << EXPECTED_SHIFT |
	       m->samples << SAMPLES_SHIFT;
}

/* Samples and flags share a number. There are never 2^60 samples: if a damaged heap file says so, the upper bits go. */
EITHER void code_measure(struct coder *coder, bool decode, struct history *before, const struct seep_site *site,
			 struct seep_measure *m, unsigned kinds_known)
{
	uint64_t head = decode ? 0 : measure_head(site, m, kinds_known);
	code_number(coder, decode, &head);
	m->samples = head >> SAMPLES_SHIFT;
	uint64_t expected = head >> EXPECTED_SHIFT & 3;
	coder->bad |= expected >= EXPECTED;
	if (head & HAS_CERTAIN) {
		code_double(coder, decode, &m->objects.certain, (double)m->samples);
		code_whole(coder, decode, &m->bytes.certain);
	}
	if (head & HAS_UNCERTAIN)
		code_uncertain(coder, decode, before, site, m, expected);
}

static inline bool measure_is_there(const struct seep_measure *m)
{
	return m->samples != 0 || sum_has_uncertain(&m->bytes) || sum_has_uncertain(&m->objects) ||
	       (double_bits(m->bytes.certain) | double_bits(m->objects.certain)) != 0;
}

static inline uint64_t site_measures(const struct seep_site *site)
{
	return measure_is_there(&site->allocated) | measure_is_there(&site->in_use) << 1 |
	       measure_is_there(&site->freed) << 2 | measure_is_there(&site->freed_remotely) << 3 |
	       measure_is_there(&site->freed_shortly) << 4 | measure_is_there(&site->freed_grown) << 5;
}

enum { SITE_FLAGS = 1 << 6 };

EITHER void code_site(struct coder *coder, bool decode, struct history *before, struct seep_site *site, uint32_t index)
{
	(void)index;
	if (decode)
		*site = (struct seep_site){0};
	uint64_t head = decode ? 0 : site_measures(site) | (site->flags ? SITE_FLAGS : 0), node = site->node;
	code_number(coder, decode, &head);
	code_difference(coder, decode, &node, before->site_node);
	before->site_node = site->node = (uint32_t)node;
	coder->bad |= node > UINT32_MAX || head > 2 * SITE_FLAGS - 1;
	if (head & SITE_FLAGS)
		code_number32(coder, decode, &site->flags);
	struct seep_measure *const measures[] = {&site->allocated,      &site->in_use,        &site->freed,
						 &site->freed_remotely, &site->freed_shortly, &site->freed_grown};
	for (unsigned i = 0; i < 6; i++)
		if (head >> i & 1)
			code_measure(coder, decode, before, site, measures[i], i < 2 ? 1 : i == 2 ? 2 : EXPECTED);
}

EITHER void code_lifetime(struct coder *coder, bool decode, struct history *before, struct seep_lifetime *lifetime,
			  uint32_t index)
{
	(void)index;
	uint64_t head = (uint64_t)(lifetime->site - before->lifetime.site) << 6 | (lifetime->bin & 63);
	code_number(coder, decode, &head);
	if (decode)
		*lifetime = (struct seep_lifetime){.site = before->lifetime.site + (uint32_t)(head >> 6),
						   .bin = (uint32_t)head & 63};
	coder->bad |= head >> 6 > UINT32_MAX;
	code_number(coder, decode, &lifetime->samples);
	double count = (double)lifetime->samples;
	code_double(coder, decode, &lifetime->objects, count * before->lifetime_objects);
	double objects = lifetime->objects, one = objects / count;
	uint64_t size = decode ? 0 : size_guess(lifetime->bytes, objects);
	code_difference(coder, decode, &size, before->size);
	code_double(coder, decode, &lifetime->bytes, (double)size * objects);
	code_double(coder, decode, &lifetime->objects_squared, objects * one);
	code_double(coder, decode, &lifetime->bytes_squared, lifetime->bytes * (lifetime->bytes / count));
	before->size = size;
	before->lifetime_objects = one;
	before->lifetime = *lifetime;
}

EITHER void code_live(struct coder *coder, bool decode, struct history *before, struct seep_live *live, uint32_t index)
{
	enum { RATE = 1, THREAD = 2 };
	(void)index;
	uint64_t step = (uint64_t)live->site - before->live.site;
	uint64_t head = (step << 1 ^ (uint64_t)((int64_t)step >> 63)) << 2;
	head |= (live->rate != before->live.rate) * RATE | (live->thread != before->live.thread) * THREAD;
	code_number(coder, decode, &head);
	if (decode) {
		step = head >> 3 ^ -(head >> 2 & 1);
		*live = (struct seep_live){.rate = before->live.rate, .thread = before->live.thread};
		coder->bad |= before->live.site + step > UINT32_MAX;
		live->site = (uint32_t)(before->live.site + step);
	}
	if (head & RATE)
		code_number(coder, decode, &live->rate);
	if (head & THREAD)
		code_number32(coder, decode, &live->thread);
	code_difference(coder, decode, &live->address, before->live.address);
	code_number(coder, decode, &live->size);
	code_difference(coder, decode, &live->birth_ns, before->live.birth_ns);
	before->live = *live;
}

/* Entry 0 of NODES is not there. */
static uint32_t first_of(enum seep_section_type type)
{
	return type == SEEP_SECTION_NODES;
}

bool compact_is_for(enum seep_section_type type)
{
	return type >= SEEP_SECTION_NODES && type <= SEEP_SECTION_LIVE;
}

/* Passes over so many numbers, as code_number() would. */
static inline void numbers_skip(struct coder *coder, unsigned count)
{
	const uint8_t *at = coder->from;
	for (; count && at < coder->end; at++)
		count -= *at < 0x80;
	coder->from = at;
	coder->bad |= count != 0;
}

/* Passes over a measure that nobody wants, but for the values by which the next ones are predicted. */
static inline void measure_skip(struct coder *coder, struct history *before)
{
	uint64_t head = 0, whole = 0;
	code_number(coder, true, &head);
	coder->bad |= (head >> EXPECTED_SHIFT & 3) >= EXPECTED;
	if (head & HAS_CERTAIN) {
		numbers_skip(coder, 1);
		code_number(coder, true, &whole);
		numbers_skip(coder, whole & 1);
	}
	if (!(head & HAS_UNCERTAIN))
		return;
	code_double(coder, true, &before->largest, before->largest);
	code_difference(coder, true, &before->size, before->size);
	numbers_skip(coder, 5);
}

static inline void site_get_brief(struct coder *coder, struct history *before, struct seep_site *site)
{
	uint64_t head = 0, node = 0;
	memset(site, 0, SEEP_SITE_BYTES_BRIEF);
	code_number(coder, true, &head);
	code_difference(coder, true, &node, before->site_node);
	before->site_node = site->node = (uint32_t)node;
	coder->bad |= node > UINT32_MAX || head > 2 * SITE_FLAGS - 1;
	if (head & SITE_FLAGS)
		code_number32(coder, true, &site->flags);
	if (head & 1)
		code_measure(coder, true, before, site, &site->allocated, 1);
	if (head & 2)
		code_measure(coder, true, before, site, &site->in_use, 1);
	for (unsigned i = 2; i < 6; i++)
		if (head >> i & 1)
			measure_skip(coder, before);
}

#define ENCODE(entry_type, code)                                                                                       \
	static bool code##s_add(struct snapshot_writer *image, const void *entries, uint32_t first, uint32_t count)    \
	{                                                                                                              \
		struct history before = {0};                                                                           \
		for (uint32_t i = first; i < count; i++) {                                                             \
			if (!writer_reserve(image, ENTRY_MOST_BYTES))                                                  \
				return false;                                                                          \
			struct coder coder = {.at = (uint8_t *)image->data + image->bytes};                            \
			struct entry_type entry = ((const struct entry_type *)entries)[i];                             \
			code(&coder, false, &before, &entry, i);                                                       \
			image->bytes = (size_t)(coder.at - (uint8_t *)image->data);                                    \
		}                                                                                                      \
		return true;                                                                                           \
	}
ENCODE(seep_node, code_node)
ENCODE(seep_site, code_site)
ENCODE(seep_lifetime, code_lifetime)
ENCODE(seep_live, code_live)

#define DECODE(entry_type, code)                                                                                       \
	static uint32_t code##s_expand(struct coder *coder, struct history *before, void *entries, uint32_t first,     \
				       uint32_t end)                                                                   \
	{                                                                                                              \
		uint32_t i = first;                                                                                    \
		for (; i < end && !coder->bad; i++)                                                                    \
			code(coder, true, before, (struct entry_type *)entries + (i - first), i);                      \
		return i;                                                                                              \
	}
DECODE(seep_node, code_node)
DECODE(seep_site, code_site)
DECODE(seep_lifetime, code_lifetime)
DECODE(seep_live, code_live)

static const struct {
	uint32_t entry_bytes;
	bool (*add)(struct snapshot_writer *image, const void *entries, uint32_t first, uint32_t count);
	uint32_t (*expand)(struct coder *coder, struct history *before, void *entries, uint32_t first, uint32_t end);
} kinds[] = {
    [SEEP_SECTION_NODES] = {sizeof(struct seep_node), code_nodes_add, code_nodes_expand},
    [SEEP_SECTION_SITES] = {sizeof(struct seep_site), code_sites_add, code_sites_expand},
    [SEEP_SECTION_LIFETIMES] = {sizeof(struct seep_lifetime), code_lifetimes_add, code_lifetimes_expand},
    [SEEP_SECTION_LIVE] = {sizeof(struct seep_live), code_lives_add, code_lives_expand},
};

bool compact_add(struct snapshot_writer *image, enum seep_section_type type, const void *entries, uint32_t count)
{
	return kinds[type].add(image, entries, first_of(type), count);
}

bool seep_section_is_compact(const struct seep_section *section)
{
	return section->compact_entries && compact_is_for(section->type) &&
	       section->entry_bytes == kinds[section->type].entry_bytes;
}

_Static_assert(sizeof(struct history) <= sizeof((struct seep_section_cursor){0}.history), "there is room for it");

void seep_section_open(struct seep_section_cursor *cursor, const struct seep_section *section, const void *bytes)
{
	*cursor = (struct seep_section_cursor){
	    .begin = bytes,
	    .from = bytes,
	    .end = (const uint8_t *)bytes + section->bytes,
	    .type = section->type,
	    .count = section->compact_entries,
	};
}

bool seep_section_next(struct seep_section_cursor *cursor, void *entries, uint32_t most)
{
	struct coder coder = {.from = cursor->from, .end = cursor->end, .bad = cursor->is_bad};
	struct history before;
	uint32_t left = cursor->count - cursor->next, end = cursor->next + (left < most ? left : most);
	size_t entry_bytes = kinds[cursor->type].entry_bytes;
	memcpy(&before, cursor->history, sizeof before);
	if (cursor->next < first_of(cursor->type) && end > 0) {
		memset(entries, 0, entry_bytes);
		entries = (char *)entries + entry_bytes;
		cursor->next++;
	}
	cursor->next = kinds[cursor->type].expand(&coder, &before, entries, cursor->next, end);
	memcpy(cursor->history, &before, sizeof before);
	cursor->from = coder.from;
	cursor->is_bad = coder.bad || (cursor->next == cursor->count && coder.from != coder.end);
	return !cursor->is_bad;
}

bool seep_section_expand(const struct seep_section *section, const void *bytes, void *entries, uint64_t *fault)
{
	struct seep_section_cursor cursor;
	seep_section_open(&cursor, section, bytes);
	bool expanded = seep_section_next(&cursor, entries, section->compact_entries);
	*fault = (uint64_t)(cursor.from - cursor.begin);
	return expanded;
}

bool seep_nodes_expand_rest(const struct seep_section *section, const void *bytes, struct seep_node *nodes,
			    uint32_t known, uint64_t known_bytes, uint64_t *fault)
{
	struct coder coder = {.from = (const uint8_t *)bytes + known_bytes,
			      .end = (const uint8_t *)bytes + section->bytes};
	struct history before = {.node = nodes[known - 1]};
	for (uint32_t i = known; i < section->compact_entries && !coder.bad; i++)
		code_node(&coder, true, &before, &nodes[i], i);
	*fault = (uint64_t)(coder.from - (const uint8_t *)bytes);
	return !coder.bad && coder.from == coder.end;
}

bool seep_sites_expand_brief(const struct seep_section *section, const void *bytes, void *sites, uint64_t *fault)
{
	struct coder coder = {.from = bytes, .end = (const uint8_t *)bytes + section->bytes};
	struct history before = {0};
	for (uint32_t i = 0; i < section->compact_entries && !coder.bad; i++)
		site_get_brief(&coder, &before,
			       (struct seep_site *)(void *)((char *)sites + i * SEEP_SITE_BYTES_BRIEF));
	*fault = (uint64_t)(coder.from - (const uint8_t *)bytes);
	return !coder.bad && coder.from == coder.end;
}
