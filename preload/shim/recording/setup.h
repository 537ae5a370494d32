/* SPDX-License-Identifier: Apache-2.0 */
/* Facts that the constructor finds out, for all code that records. */
#ifndef SEEP_RECORDING_SETUP_H
#define SEEP_RECORDING_SETUP_H

#include <stdint.h>

#include "shim/host/options.h"
#include "shim/sample/unwinder.h"

/* Constant once the constructor has run. */
struct recording_setup {
	struct options options;
	const struct unwinder *unwinder; /* NULL: stacks of one frame */
	uint32_t status;                 /* enum seep_status known from the start */
	const char *bypassed;            /* module whose malloc bypasses us, or NULL */
	uint64_t loaded_ns;              /* CLOCK_MONOTONIC */
	bool early;                      /* the constructors of the program's libraries are at work, ours is not yet */
	int pid;                         /* of the process that the constructor ran in */
	uint64_t stderr_device, stderr_inode;
};
extern __attribute__((visibility("hidden"))) struct recording_setup recording_setup;

#endif
