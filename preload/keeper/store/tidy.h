/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thins what a service has recorded, by the rule of thinning.h.
 *
 * Only in a directory with the mark that seep_service_prepare() makes, and there only snapshots, and whole recordings
 * in which nothing else lies. A recording that goes is renamed first, so that nobody meets half of one; what a crash
 * leaves under such a name the next one removes. If a recording's last snapshot is that of its process's end, the heap
 * file goes after an hour: the snapshot has all that is in it.
 *
 * Whoever keeps a recording of the service calls it, from any process; a lock on the mark
 * makes the others pass. No link is followed, and what is another user's stays.
 */
#ifndef SEEP_STORE_TIDY_H
#define SEEP_STORE_TIDY_H

#include <stdint.h>

#define SERVICE_MARK ".service"

/* For the keeper of a recording in this directory: the same for the service above it, but only if nobody has done so within
 * ten minutes. `budget_bytes` 0: the default. */
void tidy_above(int recording, uint64_t budget_bytes);

#endif
