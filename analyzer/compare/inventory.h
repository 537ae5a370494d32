/* SPDX-License-Identifier: Apache-2.0 */
/* Where the memory of one profile is: its groups of sites with their intervals, sorted. This is what `seep report`
 * shows. */
#ifndef SEEP_COMPARE_INVENTORY_H
#define SEEP_COMPARE_INVENTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "compare/group.h"
#include "statistics/interval.h"

enum inventory_order {
	ORDER_INUSE,       /* bytes in use */
	ORDER_OBJECTS,     /* objects in use */
	ORDER_ALLOCATED,   /* bytes allocated since recording began */
	ORDER_ALLOCATIONS, /* objects allocated since recording began */
	ORDER_COUNT
};

/* "inuse", "objects", "allocated", "allocations"; ends with NULL. */
extern const char *const inventory_order_names[];
/* The value of an order, and the order of a value. */
enum call_value inventory_order_value(enum inventory_order order);
enum inventory_order inventory_order_of(enum call_value value);
const char *inventory_order_name(enum inventory_order order);

struct inventory_row {
	uint32_t group; /* index into groups; not used in the total */
	struct seep_measure in_use, allocated;
};

struct inventory {
	const struct profile *profile; /* not owned */
	struct group_table groups;
	struct inventory_row *rows; /* the first rows in the order that was asked for */
	uint32_t row_count;
	uint32_t *site_rows; /* by site: 1 + its row; 0: it has none */
	uint32_t count;      /* number of groups */
	uint32_t filled;     /* of these, which have anything in use or have allocated anything */
	uint32_t worth;      /* number of groups that have any of the value by which they are sorted */
	double the_rest;     /* the sum of that value over groups without a row */
	struct inventory_row total;
	enum inventory_order order;
	bool has_intervals; /* the source has a rate */
};

/* At most `top` rows. */
void inventory_build(struct inventory *inventory, const struct profile *profile, enum group_by by,
		     enum inventory_order order, uint32_t top);
void inventory_free(struct inventory *inventory);

/* Intervals are computed only for rows that are shown: of bytes in use, and of bytes allocated. Requires
 * has_intervals. */
struct interval inventory_in_use(const struct inventory *inventory, const struct inventory_row *row);
struct interval inventory_allocated(const struct inventory *inventory, const struct inventory_row *row);

/* The value by which rows are sorted. */
double inventory_row_value(const struct inventory_row *row, enum inventory_order order);

#endif
