/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a snapshot now. */
#ifndef SEEP_TARGET_TAKE_SNAPSHOT_H
#define SEEP_TARGET_TAKE_SNAPSHOT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* If the process runs, its keeper is asked for a snapshot, and has 10 seconds to answer. If it is dead, the snapshot is
 * made from the heap file. If the recording is complete, its last snapshot serves, and a message says so. `name`
 * receives the file's name in the directory. */
bool target_snapshot(const char *directory, char name[static 32], struct error *error);

/* Finds the process that records there, and whether it runs. False: that can't be read, or the process has another number
 * here than in its own pid namespace. */
bool target_process(const char *directory, pid_t *pid, bool *alive, struct error *error);

#endif
