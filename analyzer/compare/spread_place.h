/* SPDX-License-Identifier: Apache-2.0 */
/* Growth that no single row shows: an interpreter's cache, say, that hundreds of stacks fill, each by too little to be
 * proven. */
#ifndef SEEP_COMPARE_SPREAD_PLACE_H
#define SEEP_COMPARE_SPREAD_PLACE_H

#include "base/source_line.h"
#include "statistics/interval.h"

/* Levels above places, lowest first. */
enum spread_level {
	SPREAD_FUNCTION, /* what a function and all that it calls allocate */
	SPREAD_MODULE,   /* the places of a module */
	SPREAD_PROCESS
};

/* What grew together, none of whose rows explains it alone. */
struct spread_place {
	enum spread_level level;
	const struct source_line *line; /* of the function; else NULL */
	const char *module;             /* path; NULL: the whole program */
	uint32_t stacks, places;        /* that have something of it in use */
	struct seep_measure in_use, allocated;
	double growth;
	struct interval growth_bytes;
	double q;
};

#endif
