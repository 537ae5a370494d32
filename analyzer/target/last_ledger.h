/* SPDX-License-Identifier: Apache-2.0 */
/* The last snapshot that says where the process's memory was: a keeper counts pages only as often as it has time to. */
#ifndef SEEP_TARGET_LAST_LEDGER_H
#define SEEP_TARGET_LAST_LEDGER_H

#include "profile/profile.h"

/* Of a recording. Where none has a ledger: the first snapshot. Anything else is opened as it is. */
struct profile *last_ledger_open(const char *path, struct error *error);

#endif
