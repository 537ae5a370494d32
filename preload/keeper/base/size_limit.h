/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that grows beyond RLIMIT_FSIZE raises SIGXFSZ in the program, which
 * is deadly. Asking for the limit first is not enough: another thread may
 * lower it. So a call that may make a file grow stands between enter and
 * leave: it fails with -EFBIG there, and no signal is delivered. The same holds
 * for a pipe that nobody reads any more (-EPIPE), and a terminal whose
 * background programs may not write to it is written to. Signal-safe.
 */
#ifndef SEEP_BASE_SIZE_LIMIT_H
#define SEEP_BASE_SIZE_LIMIT_H

#include <stddef.h>
#include <stdint.h>

struct size_limit {
	uint64_t mask_before;  /* of this thread's signals */
	uint64_t were_pending; /* the program's own, which it blocks */
};

struct size_limit size_limit_enter(void);
void size_limit_leave(const struct size_limit *limit);

/* How long files may be. */
uint64_t size_limit_bytes(void);

/* -EFBIG where a file of so many bytes would be too large, else 0. */
long size_limit_check(uint64_t bytes);

/* write() between the two. */
long size_limit_write(int descriptor, const void *data, size_t bytes);

#endif
