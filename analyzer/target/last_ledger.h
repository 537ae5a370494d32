/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the last snapshot that says where the process's memory was: a keeper counts pages only when it has time for
 * that. */
#ifndef SEEP_TARGET_LAST_LEDGER_H
#define SEEP_TARGET_LAST_LEDGER_H

#include "profile/profile.h"

/* In a recording. If no snapshot has a ledger: the first one. Anything else is opened as it is. */
struct profile *last_ledger_open(const char *path, struct error *error);

/* If a snapshot of a recording or bundle has no ledger, gives it the classes of the nearest one before that has. */
void ledger_borrow(struct profile *profile, const char *path);

#endif
