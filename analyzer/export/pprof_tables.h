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
	struct buffer *out; /* the profile's fields so far; mappings, functions and locations go here at once */
	struct buffer message, inner;
	struct string_pool *strings; /* texts that are nobody else's */
	const char **texts;          /* by number; they go into the profile at its end */
	uint32_t text_count, text_capacity, function_count, location_count;
	struct map *text_numbers, *functions, *locations, *mappings; /* by hash of what they are: their numbers */
	bool is_alone;                         /* all is of one profile: what is labelled there is met once */
	const struct profile_module **modules; /* that have a mapping, in the order of their numbers */
	size_t module_count, module_capacity;
	/* By location of each of the two profiles: its number; 0: it has none yet. */
	struct pprof_numbers {
		const struct profile *of;
		uint32_t *numbers;
	} numbers[2];
};

/* `is_alone`: locations of one profile alone will be asked for. */
void pprof_tables_open(struct pprof_tables *tables, struct buffer *out, bool is_alone);
/* Writes the string table. */
void pprof_tables_close(struct pprof_tables *tables);

/* A text that lives as long as the tables do; and one that does not. */
uint64_t pprof_text(struct pprof_tables *tables, const char *text);
uint64_t pprof_text_copied(struct pprof_tables *tables, const char *text);
/* 0 for module 0, which is none. */
uint64_t pprof_mapping(struct pprof_tables *tables, const struct profile_module *module);
uint64_t pprof_location(struct pprof_tables *tables, const struct profile *profile,
			const struct profile_location *location);
/* A frame that has a name only. */
uint64_t pprof_made_up_location(struct pprof_tables *tables, const char *name);

#endif
