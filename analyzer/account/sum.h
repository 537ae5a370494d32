/* SPDX-License-Identifier: Apache-2.0 */
/* Where the memory of several processes is, as one profile for account_make(). */
#ifndef SEEP_ACCOUNT_SUM_H
#define SEEP_ACCOUNT_SUM_H

#include "profile/profile.h"

/* Their sum, each with a ledger, with a row for each class and name. What processes share is in memory once, and counts in
 * each of them, as in RSS. NULL: they can't be added. The profiles stay the caller's, and may be freed before it. */
struct profile *ledgers_sum(struct profile *const *profiles, size_t count, struct error *error);

#endif
