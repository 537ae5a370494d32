/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing without a signal for the program. What makes a file longer than RLIMIT_FSIZE raises SIGXFSZ, and a write to a
 * pipe that nobody reads any more SIGPIPE: both are deadly. A write to a terminal from the background may raise
 * SIGTTOU, which stops the program. Between enter and leave the first two only fail, with -EFBIG and -EPIPE, and the
 * terminal is written to. To ask for the limit first (file_size_check) is not enough: another thread may lower it.
 * Signal-safe.
 */
#ifndef SEEP_BASE_QUIET_WRITE_H
#define SEEP_BASE_QUIET_WRITE_H

#include <stddef.h>
#include <stdint.h>

struct quiet_write {
	uint64_t mask_before;  /* of this thread's signals */
	uint64_t were_pending; /* the program's own, which it blocks */
};

struct quiet_write quiet_write_enter(void);
void quiet_write_leave(const struct quiet_write *quiet);

/* write() between the two. */
long quiet_write(int descriptor, const void *data, size_t bytes);

#endif
