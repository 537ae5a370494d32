/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that samples of a pprof profile refer to: texts, mappings, functions, locations, each made when it is
 * first asked for and numbered from 1 (texts from 0) in that order. */
#ifndef SEEP_EXPORT_PPROF_TABLES_H
#define SEEP_EXPORT_PPROF_TABLES_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/map.h"
#include "profile/profile.h"

struct pprof_tables {
	struct buffer out;     /* the profile's fields so far; mappings, functions and locations go here at once */
	struct buffer strings; /* the string table, to be appended at the end */
	struct buffer message, inner;
	struct string_pool *texts;
	struct map *text_numbers, *mappings, *functions, *locations;
	const struct profile_module **modules; /* that have a mapping, in the order of their numbers */
	size_t module_count, module_capacity;
	/* By location of each of the two profiles: its number; 0: it has none yet. */
	struct pprof_numbers {
		const struct profile *of;
		uint64_t *numbers;
	} numbers[2];
};

void pprof_tables_open(struct pprof_tables *tables);
void pprof_tables_close(struct pprof_tables *tables);

uint64_t pprof_text(struct pprof_tables *tables, const char *text);
/* 0 for module 0, which is none. */
uint64_t pprof_mapping(struct pprof_tables *tables, const struct profile_module *module);
uint64_t pprof_location(struct pprof_tables *tables, const struct profile *profile,
			const struct profile_location *location);
/* A frame that has a name only. */
uint64_t pprof_made_up_location(struct pprof_tables *tables, const char *name);

#endif
