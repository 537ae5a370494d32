/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots on demand from inside the process: the opt-in signal and the public API. */
#ifndef SEEP_RECORD_TRIGGER_H
#define SEEP_RECORD_TRIGGER_H

#include <stdbool.h>

#include <seep/snapshot.h>

#include "keeper/base/entry.h"

/* Asks the keeper for a snapshot and returns. False: nothing is being recorded. Any thread, signal-safe. */
ENTRY bool trigger_ask(enum seep_trigger trigger);

/* Installs a handler for this signal (0: none), unless the program has one. Constructor only. */
void trigger_prepare(int signal);

#endif
