/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes snapshots of as many sites as asked for, by docs/SNAPSHOT_FORMAT.md, for measuring what the commands cost.
 *
 *	make_snapshots SITES SNAPSHOTS DIRECTORY [heaptrack | series]
 *
 * Each file DIRECTORY/NNNNNN.seep is one moment of one recording: stacks of 30 frames that share their upper ones as
 * those of a program do (4.5 nodes a site), two live samples a site, five modules without a file. From one snapshot to
 * the next a third of the live samples is replaced. With "heaptrack", DIRECTORY/heaptrack.trace has the same stacks and
 * blocks, for heaptrack_print. With "series", the sites are those of series_sites.h instead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keeper/image/snapshot_writer.h"
#include "series_sites.h"

#define DEPTH 30
#define OWN_FRAMES 4 /* of a site's stack, the lowest; every second site has one more */
#define MODULES 5
#define RATE 524288
#define SECOND 1000000000ull
#define SECTION_SITES 4 /* in which place */
#define SECTION_LIVE 6
#define SECTION_MEMORY 7
#define SECTION_LEDGER 9

struct section_bytes {
	enum seep_section_type type;
	uint32_t entry_bytes;
	uint64_t bytes;
	void *data;
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static void *reserve(size_t count, size_t size)
{
	void *data = calloc(count ? count : 1, size);

	if (!data) {
		fputs("make_snapshots: out of memory\n", stderr);
		exit(3);
	}
	return data;
}

/* The upper part of all stacks is a tree of fan-out 3; returns the nodes that a site may hang below. */
static uint32_t add_trunk(struct seep_node *nodes, size_t sites, uint32_t *first)
{
	uint32_t begin = 0, end = 1, next = 1;

	for (int level = 0; level < DEPTH - OWN_FRAMES; level++) {
		const size_t width = (size_t)(end - begin) * (level % 3 == 2 && end - begin < sites / 200 ? 3 : 1);
		for (size_t i = 0; i < width; i++, next++)
			nodes[next] = (struct seep_node){.parent = begin + (uint32_t)(i % (end - begin)),
							 .module = 1 + (uint32_t)(level % MODULES),
							 .address = mix(next) % (1 << 20)};
		begin = end;
		end = next;
	}
	*first = begin;
	return end;
}

static size_t add_stacks(struct seep_node *nodes, size_t sites, uint32_t *leaves)
{
	uint32_t first;
	size_t next = add_trunk(nodes, sites, &first);
	const size_t trunks = next - first;

	for (size_t i = 0; i < sites; i++) {
		uint32_t parent = first + (uint32_t)(mix(i) % trunks);
		for (size_t k = 0; k < OWN_FRAMES + i % 2; k++, next++) {
			nodes[next] = (struct seep_node){.parent = parent,
							 .module = 1 + (uint32_t)(mix(i + k) % MODULES),
							 .address = mix(i * 8 + k) % (1 << 22)};
			parent = (uint32_t)next;
		}
		leaves[i] = parent;
	}
	return next;
}

static void fill_site(struct seep_site *site, struct seep_live *live, size_t index, uint64_t moment)
{
	const double size = 16 + (double)(mix(index) % 4096);

	for (uint64_t k = 0; k < 2; k++) {
		/* which of this slot's samples it is: one in three slots changes at each moment */
		const uint64_t turn = (moment + mix(index + k) % 3) / 3;
		live[k] = (struct seep_live){.address = 0x10000 + (index * 2 + k) * 8192,
					     .size = (uint64_t)size,
					     .birth_ns = SECOND * (1 + 3 * turn) + k,
					     .rate = RATE,
					     .site = (uint32_t)index,
					     .thread = 1};
		sample_add(&site->in_use, size, RATE);
		for (uint64_t past = 0; past <= turn; past++)
			sample_add(&site->allocated, size, RATE);
		for (uint64_t past = 0; past < turn; past++)
			sample_add(&site->freed, size, RATE);
	}
}

static struct section_bytes add_strings(struct seep_process *process, struct seep_module *modules)
{
	static char text[4096];
	size_t used = 1;

	process->command = process->executable = (uint32_t)used;
	used += (size_t)sprintf(text + used, "/program") + 1;
	for (int i = 1; i <= MODULES; i++) {
		modules[i] = (struct seep_module){
		    .start = 0x400000ull * (uint64_t)i, .end = 0x400000ull * (uint64_t)(i + 1), .path = (uint32_t)used};
		used += (size_t)sprintf(text + used, "/nowhere/lib%d.so", i) + 1;
	}
	return (struct section_bytes){SEEP_SECTION_STRINGS, 1, used, text};
}

/* Packed as seep itself does it. */
static void write_file(const char *path, const struct section_bytes *sections, uint64_t moment)
{
	const struct seep_snapshot_header header = {
	    .trigger = SEEP_TRIGGER_TIMER, .number = moment, .time_ns = SECOND * (2 + 3 * moment)};
	struct snapshot_writer image;
	struct seep_image sealed;
	FILE *file = fopen(path, "wb");

	writer_image_begin(&image);
	for (int i = 0; sections[i].type; i++) {
		writer_section_begin(&image, sections[i].type, sections[i].entry_bytes);
		void *bytes = writer_add(&image, sections[i].bytes);
		if (!bytes)
			exit(3);
		memcpy(bytes, sections[i].data, sections[i].bytes);
		writer_section_end(&image, sections[i].type);
	}
	if (!file || !writer_seal(&image, &header, &sealed) || fwrite(sealed.data, sealed.bytes, 1, file) != 1 ||
	    fclose(file) != 0)
		exit(3);
	writer_drop(&image);
	seep_snapshot_free(&sealed);
}

/* What heaptrack_interpret writes: texts, instructions, calls that name their caller, and blocks; numbers are hexadecimal
 * and count from 1. */
static void write_trace(const char *path, const struct seep_node *nodes, size_t node_count, const uint32_t *leaves,
			size_t sites)
{
	FILE *file = fopen(path, "wb");

	if (!file)
		exit(3);
	fputs("v 10400 3\nX /program\nI 1000 1000\n", file);
	for (int i = 1; i <= MODULES; i++)
		fprintf(file, "s 10 /nowhere/lib%d.so\n", i);
	for (size_t i = 1; i < node_count; i++)
		fprintf(file, "i %llx %x\nt %zx %x\n", (0x400000ull * nodes[i].module) + nodes[i].address,
			nodes[i].module, i, nodes[i].parent);
	for (size_t i = 0; i < sites; i++)
		fprintf(file, "a %llx %x\n+ %zx\n+ %zx\n", 16 + (unsigned long long)(mix(i) % 4096), leaves[i], i, i);
	fputs("c 1000\n", file);
	if (fclose(file) != 0)
		exit(3);
}

static void write_moment(const char *path, struct seep_site *table, struct section_bytes *sections, size_t sites,
			 uint64_t moment)
{
	struct seep_live *live = sections[SECTION_LIVE].data;

	for (size_t i = 0; i < sites; i++) {
		table[i] = (struct seep_site){.node = table[i].node};
		fill_site(&table[i], &live[2 * i], i, moment);
	}
	write_file(path, sections, moment);
}

/* Where memory was: a heap that stays, and the program's own mappings, which grow. Every other snapshot has neither. */
static void ledger_fill(struct section_bytes *sections, uint64_t moment)
{
	static const uint64_t heap = 64 << 20, step = 64 << 10;
	static struct seep_ledger_row rows[2];
	static struct seep_value values[2];
	const uint64_t own = moment * step;

	rows[0] = (struct seep_ledger_row){
	    .ledger_class = SEEP_LEDGER_HEAP, .mappings = 1, .virtual_bytes = heap, .anonymous_bytes = heap};
	rows[1] = (struct seep_ledger_row){
	    .ledger_class = SEEP_LEDGER_UNEXPLAINED, .mappings = 1, .virtual_bytes = own, .anonymous_bytes = own};
	for (uint32_t i = 0; i < 2; i++)
		values[i] = (struct seep_value){.key = SEEP_MEMORY_LEDGER_BEFORE + i, .value = heap + own};
	sections[SECTION_MEMORY].data = values;
	sections[SECTION_MEMORY].bytes = moment % 2 ? sizeof values : 0;
	sections[SECTION_LEDGER].data = rows;
	sections[SECTION_LEDGER].bytes = moment % 2 ? sizeof rows : 0;
}

/* `leaves`: the stack of each site. */
static void write_series_moment(const char *path, struct section_bytes *sections, const uint32_t *leaves, size_t sites,
				const struct series_time *time)
{
	struct seep_site *table = sections[SECTION_SITES].data;
	struct seep_live *live = sections[SECTION_LIVE].data;
	size_t used = 0, live_count = 0;

	for (size_t i = 0; i < sites; i++) {
		if (!series_site_is_there(i, time))
			continue;
		table[used] = (struct seep_site){.node = leaves[i]};
		live_count += series_site_fill(&table[used], &live[live_count], i, (uint32_t)used, time);
		used++;
	}
	sections[SECTION_SITES].bytes = used * sizeof *table;
	sections[SECTION_LIVE].bytes = live_count * sizeof *live;
	ledger_fill(sections, time->moment);
	write_file(path, sections, time->moment);
}

int main(int argc, char **argv)
{
	const bool is_series = argc > 4 && strcmp(argv[4], "series") == 0;
	const size_t sites = argc >= 4 ? strtoul(argv[1], NULL, 10) : 0;
	const uint64_t moments = argc >= 4 ? strtoul(argv[2], NULL, 10) : 0;
	char path[4096];
	struct seep_process process = {.pid = 1, .start_ns = SECOND, .rate = RATE, .interval_ns = 3 * SECOND};
	struct seep_module modules[MODULES + 1] = {0};
	struct seep_node *nodes = reserve(sites * 6 + 1000000, sizeof *nodes);
	uint32_t *leaves = reserve(sites, sizeof *leaves);
	struct seep_site *table = reserve(sites, sizeof *table);
	struct seep_live *live = reserve((is_series ? SERIES_LIVE_MOST : 2) * sites, sizeof *live);

	if (!sites || !moments)
		return fputs("make_snapshots SITES SNAPSHOTS DIRECTORY [heaptrack | series]\n", stderr), 3;
	const size_t node_count = add_stacks(nodes, sites, leaves);
	for (size_t i = 0; i < sites; i++)
		table[i].node = leaves[i];
	const struct section_bytes strings = add_strings(&process, modules);
	struct section_bytes sections[] = {
	    {SEEP_SECTION_PROCESS, sizeof process, sizeof process, &process},
	    strings,
	    {SEEP_SECTION_MODULES, sizeof *modules, sizeof modules, modules},
	    {SEEP_SECTION_NODES, sizeof *nodes, node_count * sizeof *nodes, nodes},
	    [SECTION_SITES] = {SEEP_SECTION_SITES, sizeof *table, sites * sizeof *table, table},
	    {SEEP_SECTION_LIFETIMES, sizeof(struct seep_lifetime), 0, live},
	    [SECTION_LIVE] = {SEEP_SECTION_LIVE, sizeof *live, 2 * sites * sizeof *live, live},
	    [SECTION_MEMORY] = {SEEP_SECTION_MEMORY, sizeof(struct seep_value), 0, live},
	    {SEEP_SECTION_LOSSES, sizeof(struct seep_value), 0, live},
	    [SECTION_LEDGER] = {SEEP_SECTION_LEDGER, sizeof(struct seep_ledger_row), 0, live},
	    {SEEP_SECTION_ABSENT, sizeof(struct seep_absence), 0, live},
	    {SEEP_SECTION_MAPPING_SITES, sizeof *table, 0, live},
	    {SEEP_SECTION_MAPPINGS, sizeof *live, 0, live},
	    {SEEP_SECTION_MAPPING_ABSENT, sizeof(struct seep_absence), 0, live},
	    {0},
	};
	for (uint64_t moment = 1; moment <= moments; moment++) {
		snprintf(path, sizeof path, "%s/%06llu.seep", argv[3], (unsigned long long)moment);
		const struct series_time time = {moment, moments, 3 * SECOND, SECOND, RATE};
		if (is_series)
			write_series_moment(path, sections, leaves, sites, &time);
		else
			write_moment(path, table, sections, sites, moment);
	}
	if (argc > 4 && strcmp(argv[4], "heaptrack") == 0) {
		snprintf(path, sizeof path, "%s/heaptrack.trace", argv[3]);
		write_trace(path, nodes, node_count, leaves, sites);
	}
	return 0;
}
