/* SPDX-License-Identifier: Apache-2.0 */
/* Of what the rows of an inventory have in use: what is in memory, what is swapped out, and what was never touched. */
#ifndef SEEP_ACCOUNT_RESIDENCY_H
#define SEEP_ACCOUNT_RESIDENCY_H

#include "compare/inventory.h"

struct residency {
	struct seep_measure resident, swapped, untouched;
};

/* By row, the total behind them; the caller frees it. The profile has a ledger: else nobody looked, and it is NULL. */
struct residency *residency_of(const struct inventory *inventory);

#endif
