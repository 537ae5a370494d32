/* SPDX-License-Identifier: Apache-2.0 */
/* Growth that no single row shows: for example, hundreds of stacks fill an interpreter's cache, each by too little to
 * be proven. */
#ifndef SEEP_COMPARE_SPREAD_PLACE_H
#define SEEP_COMPARE_SPREAD_PLACE_H

#include "base/source_line.h"
#include "statistics/interval.h"

/* Levels above places, lowest first. */
enum spread_level {
	SPREAD_FUNCTION, /* the allocations of a function and of all that it calls */
	SPREAD_MODULE,   /* the allocations of a module's places */
	SPREAD_LABEL,    /* what threads allocated while they worked on one thing: seep_label() */
	SPREAD_PROCESS
};

/* Growth that no single row explains. */
struct spread_place {
	enum spread_level level;
	const struct source_line *line; /* the function's; NULL at other levels */
	const char *module;             /* path; NULL at the levels above */
	const char *label;              /* NULL at other levels */
	uint32_t stacks, places;        /* that have something of it in use */
	struct seep_measure in_use, allocated;
	double growth;
	struct interval growth_bytes;
	double q;
};

#endif
