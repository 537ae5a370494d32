/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records what the program maps and unmaps, every call. As the recorder of samples: lock-free, without allocation, errno
 * stays. A full ring is told to the keeper by a futex, where the program may still make system calls.
 *
 * Before there is a recording, a fixed number of calls are noted with their stacks; the recording begins once the
 * program has mapped as many bytes as it would allocate until its first sample.
 */
#ifndef SEEP_RECORD_MAPPING_RECORDER_H
#define SEEP_RECORD_MAPPING_RECORDER_H

#include "keeper/base/entry.h"
#include "keeper/mappings/mapping_ring.h"

/* Before the real call: for `since`. */
ENTRY uint64_t mapping_recorder_now(void);

/* After a call that has succeeded. `hook_frame` is the hook's. Site, thread, time and the caller's part in the sort are
 * filled in here. */
ENTRY void mapping_recorder_add(const struct mapping_event *call, const void *hook_frame);

#endif
