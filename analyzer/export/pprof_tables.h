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
	struct buffer *out; /* the profile's fields so far; mappings, functions and locations are appended at once */
	struct buffer message, inner;
	struct string_pool *strings; /* owns texts that nobody else owns */
	const char **texts;          /* by number; they are written at the profile's end */
	uint32_t text_count, text_capacity, function_count, location_count;
	/* from the hash of their content to their number */
	struct map *text_numbers, *functions, *locations;
	struct numbering mappings;             /* numbers are one less */
	bool is_alone;                         /* everything is of one profile, in which each label occurs once */
	const struct profile_module **modules; /* modules that have a mapping, in the order of their numbers */
	size_t module_count, module_capacity;
	/* For each location and module of one of the two profiles, its number; 0: none yet. */
	struct pprof_numbers {
		const struct profile *of;
		uint32_t *locations;
		uint32_t *mappings;
	} numbers[2];
};

/* `is_alone`: only locations of one profile will be asked for. */
void pprof_tables_open(struct pprof_tables *tables, struct buffer *out, bool is_alone);
/* Writes the string table. */
void pprof_tables_close(struct pprof_tables *tables);

/* For a text that lives as long as the tables do; and for one that does not. */
uint64_t pprof_text(struct pprof_tables *tables, const char *text);
uint64_t pprof_text_copied(struct pprof_tables *tables, const char *text);
/* 0 for module 0, which is no module. */
uint64_t pprof_mapping(struct pprof_tables *tables, const struct profile_module *module);
uint64_t pprof_location(struct pprof_tables *tables, const struct profile *profile,
			const struct profile_location *location);
/* A frame that has only a name. */
uint64_t pprof_made_up_location(struct pprof_tables *tables, const char *name);

#endif
