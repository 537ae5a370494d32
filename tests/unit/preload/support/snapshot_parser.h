/* SPDX-License-Identifier: Apache-2.0 */
/* A strict reader of snapshot images for tests: every rule of docs/SNAPSHOT_FORMAT.md that a writer must keep. */
#ifndef SEEP_TESTS_SNAPSHOT_PARSER_H
#define SEEP_TESTS_SNAPSHOT_PARSER_H

#include <stddef.h>

#include <seep/keeper.h>

struct snapshot {
	const struct seep_snapshot_header *header;
	const struct seep_process *process;
	const char *strings;
	const struct seep_module *modules;
	const struct seep_node *nodes;
	const struct seep_site *sites;
	const struct seep_lifetime *lifetimes;
	const struct seep_live *live;
	const struct seep_ledger_row *ledger;
	const struct seep_absence *absences;
	const struct seep_site *mapping_sites;
	const struct seep_live *mappings;
	const struct seep_absence *mapping_absences;
	uint64_t string_bytes, module_count, node_count, site_count, lifetime_count, live_count, ledger_count,
	    absence_count, mapping_site_count, mapping_count, mapping_absence_count;
	uint64_t memory[64], memory_known, losses[64];
};

/* NULL: the image is valid and *snapshot points into it. Otherwise which rule it breaks. */
const char *snapshot_parse(const void *data, size_t bytes, struct snapshot *snapshot);

/* The site whose leaf has this address; NULL: there is none. */
const struct seep_site *snapshot_site(const struct snapshot *snapshot, uint64_t leaf_address);

/* Estimated totals over all sites. */
double measure_bytes(const struct seep_measure *measure);
double measure_objects(const struct seep_measure *measure);

/* Reads DIRECTORY/NAME whole and parses it; aborts if it is not valid. Free the memory with free(). */
void *snapshot_load(const char *directory, const char *name, struct snapshot *snapshot);

#endif
