/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of an inventory have in use, parted: by where it is, or by what is in it. */
#ifndef SEEP_ACCOUNT_PARTS_H
#define SEEP_ACCOUNT_PARTS_H

#include "compare/inventory.h"

enum parts_kind {
	PARTS_RESIDENCY, /* in memory, swapped out, never touched; of the first, in huge pages: with a ledger */
	PARTS_CONTENTS,  /* zeros at its end, zeros in all, what was looked at: with contents */
	PARTS_COLD,      /* unchanged in all looks; and the same: with contents that were read several times */
	PARTS_KINDS,
};

#define PARTS 4

struct row_parts {
	struct seep_measure of[PARTS];
};

struct parts {
	enum parts_kind kind;
	struct row_parts *rows; /* by row, the total behind them; NULL: nobody looked, or nobody asked */
};

struct part_name {
	const char *title, *key; /* NULL: this kind has no such part */
};
extern const struct part_name part_names[PARTS_KINDS][PARTS];

void parts_make(struct parts *parts, enum parts_kind kind, const struct inventory *inventory);
void parts_free(struct parts *parts);

#endif
