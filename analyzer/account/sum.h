/* SPDX-License-Identifier: Apache-2.0 */
/* Adds up where the memory of several processes is, into one profile for account_make(). */
#ifndef SEEP_ACCOUNT_SUM_H
#define SEEP_ACCOUNT_SUM_H

#include "profile/profile.h"

/* The sum of profiles that each have a ledger, with a row for each class and name. Memory that processes share is in
 * memory once, but counts in each of them, as in RSS. Where some are not
 * recorded, the sum has no samples, and a message says so. NULL: they can't be added up. The profiles stay the caller's, who
 * may free them before the sum. */
struct profile *ledgers_sum(struct profile *const *profiles, size_t count, struct error *error);

#endif
