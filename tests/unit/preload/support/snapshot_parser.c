/* SPDX-License-Identifier: Apache-2.0 */
/* The strict reader of snapshots: see snapshot_parser.h. */
#include "support/snapshot_parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define REQUIRE(condition)                                                                                             \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			return #condition;                                                                             \
	} while (0)

#define SECTION_BYTES(name, type, is_always_there) [SEEP_SECTION_##name] = is_always_there * sizeof(type),
static const uint32_t entry_bytes[SEEP_SECTION_TYPES] = {SEEP_SNAPSHOT_SECTIONS(SECTION_BYTES)};

static const char *header_check(const struct seep_snapshot_header *header, size_t bytes)
{
	struct seep_snapshot_header copy = *header;
	copy.header_crc = 0;
	REQUIRE(memcmp(header->magic, SEEP_SNAPSHOT_MAGIC, 8) == 0);
	REQUIRE(header->version == SEEP_SNAPSHOT_VERSION && header->header_bytes == sizeof *header);
	REQUIRE(header->header_crc == seep_crc32(0, &copy, sizeof copy));
	REQUIRE(header->file_bytes == bytes);
	REQUIRE(header->trigger < SEEP_TRIGGER_COUNT && header->reserved == 0);
	REQUIRE(sizeof *header + (uint64_t)header->section_count * sizeof(struct seep_section) <= bytes);
	REQUIRE(header->table_crc == seep_crc32(0, header + 1, header->section_count * sizeof(struct seep_section)));
	return NULL;
}

static const char *section_check(const struct seep_section *section, const char *data, size_t bytes)
{
	REQUIRE(section->type < SEEP_SECTION_TYPES && entry_bytes[section->type]);
	REQUIRE(section->entry_bytes == entry_bytes[section->type]);
	REQUIRE(section->offset % 8 == 0 && section->offset <= bytes && section->bytes <= bytes - section->offset);
	REQUIRE(section->compact_entries ? seep_section_is_compact(section)
					 : section->bytes % section->entry_bytes == 0);
	REQUIRE(section->crc == seep_crc32(0, data + section->offset, section->bytes));
	return NULL;
}

/* Where a section's entries are, and how many; NULL: it can't be expanded. Memory for that stays until the test ends. */
static const void *section_entries(const char *base, const struct seep_section *section, uint64_t *count)
{
	*count = section->bytes / section->entry_bytes;
	if (!section->compact_entries)
		return base + section->offset;
	*count = section->compact_entries;
	uint64_t fault;
	void *entries = mmap(NULL, *count * section->entry_bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return entries != MAP_FAILED && seep_section_expand(section, base + section->offset, entries, &fault) ? entries
													      : NULL;
}

static const char *strings_check(const struct snapshot *s)
{
	REQUIRE(s->string_bytes > 0 && s->strings[0] == 0 && s->strings[s->string_bytes - 1] == 0);
	REQUIRE(s->process->command < s->string_bytes && s->process->executable < s->string_bytes);
	REQUIRE(s->process->arguments < s->string_bytes && s->process->host < s->string_bytes);
	REQUIRE(s->process->allocator < s->string_bytes && s->process->allocator_path < s->string_bytes);
	REQUIRE(s->process->unwinder < s->string_bytes && s->process->bypassed < s->string_bytes);
	REQUIRE(s->module_count > 0);
	for (uint64_t i = 0; i < s->module_count; i++)
		REQUIRE(s->modules[i].path < s->string_bytes && s->modules[i].build_id_bytes <= 32);
	return NULL;
}

/* As the format has it; see measure.h. */
static const char *sum_check(double uncertain, double squares, double largest, double certain)
{
	const double values[] = {uncertain, largest, certain}, most = uncertain + largest;
	for (int i = 0; i < 3; i++)
		REQUIRE(values[i] == 0 || (values[i] >= SEEP_SUM_LEAST && values[i] < SEEP_SUM_LIMIT));
	REQUIRE(squares == 0 || (squares >= SEEP_SUM_LEAST && squares < SEEP_SQUARE_LIMIT));
	REQUIRE(most == 0 || squares <= most * most * (1 + 1e-6));
	return NULL;
}

static const char *measure_check(const struct seep_measure *measure)
{
	const struct seep_sum *sums[] = {&measure->bytes, &measure->objects};
	const char *wrong = NULL;
	for (int i = 0; i < 2 && !wrong; i++)
		wrong = sum_check(sums[i]->uncertain, sums[i]->variance, sums[i]->largest, sums[i]->certain);
	return wrong;
}

static const char *entries_check(const struct snapshot *s)
{
	REQUIRE(s->node_count > 0 && s->site_count > 0 && s->sites[0].node == 0);
	for (uint64_t i = 1; i < s->node_count; i++)
		REQUIRE(s->nodes[i].parent < i && s->nodes[i].module < s->module_count && s->nodes[i].reserved == 0);
	for (uint64_t i = 0; i < s->site_count; i++) {
		const struct seep_measure *measures[] = {&s->sites[i].allocated, &s->sites[i].freed,
							 &s->sites[i].in_use, &s->sites[i].freed_remotely,
							 &s->sites[i].freed_shortly};
		REQUIRE(s->sites[i].node < s->node_count);
		for (int m = 0; m < 5; m++) {
			const char *wrong = measure_check(measures[m]);
			if (wrong)
				return wrong;
		}
	}
	for (uint64_t i = 0; i < s->lifetime_count; i++) {
		const struct seep_lifetime *lifetime = &s->lifetimes[i];
		const char *wrong = sum_check(lifetime->objects, lifetime->objects_squared, 0, 0);
		if (!wrong)
			wrong = sum_check(lifetime->bytes, lifetime->bytes_squared, 0, 0);
		if (wrong)
			return wrong;
		REQUIRE(s->lifetimes[i].site < s->site_count && s->lifetimes[i].bin < 64);
		REQUIRE(i == 0 || s->lifetimes[i - 1].site < s->lifetimes[i].site ||
			(s->lifetimes[i - 1].site == s->lifetimes[i].site &&
			 s->lifetimes[i - 1].bin < s->lifetimes[i].bin));
	}
	for (uint64_t i = 0; i < s->live_count; i++)
		REQUIRE(s->live[i].site < s->site_count && s->live[i].rate >= 1 && s->live[i].address > 1);
	return NULL;
}

static const char *values_read(const char *data, const struct seep_section *section, uint64_t values[64],
			       uint64_t *known)
{
	const struct seep_value *from = (const void *)(data + section->offset);
	for (uint64_t i = 0; i < section->bytes / sizeof *from; i++) {
		REQUIRE(from[i].key > 0 && from[i].key < 64 && from[i].reserved == 0);
		REQUIRE(!(*known >> from[i].key & 1));
		values[from[i].key] = from[i].value;
		*known |= UINT64_C(1) << from[i].key;
	}
	return NULL;
}

const char *snapshot_parse(const void *data, size_t bytes, struct snapshot *s)
{
	*s = (struct snapshot){.header = data};
	REQUIRE(bytes >= sizeof *s->header);
	const char *base = data, *wrong = header_check(s->header, bytes);
	const struct seep_section *table = (const void *)(s->header + 1), *sections[SEEP_SECTION_TYPES] = {0};
	uint64_t known = 0;
	for (uint32_t i = 0; !wrong && i < s->header->section_count; i++) {
		wrong = section_check(&table[i], base, bytes);
		REQUIRE(wrong || !sections[table[i].type]);
		if (!wrong)
			sections[table[i].type] = &table[i];
	}
	if (wrong)
		return wrong;
	for (uint32_t type = SEEP_SECTION_PROCESS; type < SEEP_SECTION_TYPES; type++)
		REQUIRE(sections[type] || !entry_bytes[type]);
#define TAKE(field, count, type)                                                                                       \
	s->field = section_entries(base, sections[type], &s->count);                                                   \
	REQUIRE(s->field)
	uint64_t processes;
	s->process = (const void *)(base + sections[SEEP_SECTION_PROCESS]->offset);
	processes = sections[SEEP_SECTION_PROCESS]->bytes / sizeof *s->process;
	REQUIRE(processes == 1);
	TAKE(strings, string_bytes, SEEP_SECTION_STRINGS);
	TAKE(modules, module_count, SEEP_SECTION_MODULES);
	TAKE(nodes, node_count, SEEP_SECTION_NODES);
	TAKE(sites, site_count, SEEP_SECTION_SITES);
	TAKE(lifetimes, lifetime_count, SEEP_SECTION_LIFETIMES);
	TAKE(live, live_count, SEEP_SECTION_LIVE);
	TAKE(ledger, ledger_count, SEEP_SECTION_LEDGER);
	TAKE(absences, absence_count, SEEP_SECTION_ABSENT);
	TAKE(mapping_sites, mapping_site_count, SEEP_SECTION_MAPPING_SITES);
	TAKE(mappings, mapping_count, SEEP_SECTION_MAPPINGS);
	TAKE(mapping_absences, mapping_absence_count, SEEP_SECTION_MAPPING_ABSENT);
	wrong = strings_check(s);
	if (!wrong)
		wrong = entries_check(s);
	if (!wrong)
		wrong = values_read(base, sections[SEEP_SECTION_MEMORY], s->memory, &s->memory_known);
	if (!wrong)
		wrong = values_read(base, sections[SEEP_SECTION_LOSSES], s->losses, &known);
	return wrong;
}

const struct seep_site *snapshot_site(const struct snapshot *snapshot, uint64_t leaf_address)
{
	for (uint64_t i = 0; i < snapshot->site_count; i++) {
		uint32_t node = snapshot->sites[i].node;
		if (node && snapshot->nodes[node].address == leaf_address)
			return &snapshot->sites[i];
	}
	return NULL;
}

double measure_bytes(const struct seep_measure *measure)
{
	return measure->bytes.uncertain + measure->bytes.certain;
}

double measure_objects(const struct seep_measure *measure)
{
	return measure->objects.uncertain + measure->objects.certain;
}

void *snapshot_load(const char *directory, const char *name, struct snapshot *snapshot)
{
	char path[400];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *file = fopen(path, "rb");
	if (!file) {
		perror(path);
		abort();
	}
	fseek(file, 0, SEEK_END);
	size_t bytes = (size_t)ftell(file);
	rewind(file);
	void *data = malloc(bytes);
	size_t got = fread(data, 1, bytes, file);
	fclose(file);
	const char *wrong = got == bytes ? snapshot_parse(data, bytes, snapshot) : "read";
	if (wrong) {
		fprintf(stderr, "%s: %s\n", path, wrong);
		abort();
	}
	return data;
}
