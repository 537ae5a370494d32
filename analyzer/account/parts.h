/* SPDX-License-Identifier: Apache-2.0 */
/* Splits the in-use bytes of an inventory's rows: by where the memory is, or by what it contains. */
#ifndef SEEP_ACCOUNT_PARTS_H
#define SEEP_ACCOUNT_PARTS_H

#include "compare/inventory.h"

enum parts_kind {
	/* in memory, swapped out, never touched, and of the first the part in huge pages; needs a ledger */
	PARTS_RESIDENCY,
	PARTS_CONTENTS, /* zeros at the end, zeros in all, bytes that were looked at; needs contents */
	PARTS_COLD,     /* unchanged in all looks, and the above; needs contents that were read several times */
	PARTS_KINDS,
};

#define PARTS 4

struct row_parts {
	struct seep_measure of[PARTS];
};

struct parts {
	enum parts_kind kind;
	struct row_parts *rows; /* by row, with the total behind them; NULL: nobody looked, or nobody asked */
};

struct part_name {
	const char *title, *key; /* NULL: this kind has no such part */
};
extern const struct part_name part_names[PARTS_KINDS][PARTS];

void parts_make(struct parts *parts, enum parts_kind kind, const struct inventory *inventory);
/* Puts the rows that have most of the first part first, in both, and keeps `top` of them. */
void parts_sort(struct parts *parts, struct inventory *inventory, uint32_t top);
void parts_free(struct parts *parts);

#endif
