/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that record into the test's directory, with a keeper as one of their threads. */
#ifndef PROGRAM_MAKER_H
#define PROGRAM_MAKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "keeper/loop/keeper.h"

#define SECOND UINT64_C(1000000000)

/* Runs `work`, then ends as `work` says: 0: with an exit snapshot; else at once. */
typedef int program_work(struct keeper *keeper);
pid_t program_start(program_work *work, uint64_t interval_ns);

/* Its exit status, or 128 + its signal. */
int program_wait(pid_t child);

/* Waits until the directory holds that many snapshots. */
bool snapshots_await(int count);

/* The name of the snapshot with the highest number, if none was removed. */
const char *snapshot_last(void);

#endif
