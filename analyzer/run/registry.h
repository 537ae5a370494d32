/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry's file, alone in a directory, both private. Whoever made it
 * holds a lock on its open file, which the kernel drops when the last process
 * that has it (`seep run` and its guard) is gone, however it ended. So
 * programs can tell that nobody reads it any more, and who starts next removes
 * what the dead have left.
 */
#ifndef SEEP_PROCESS_REGISTRY_H
#define SEEP_PROCESS_REGISTRY_H

#include <stdbool.h>

#include "run/session.h"

/* Makes one in that directory, which is absolute; on a file system without such locks one without. False: errno. */
bool registry_make(struct session *session, const char *parent);

/* Removes the names of ours. */
void registry_remove(struct session *session);

/* Removes what in that directory is ours and nobody holds. */
void registries_reclaim(const char *parent);

#endif
