/* SPDX-License-Identifier: Apache-2.0 */
/* Packed bytes on their way to somebody who takes them piece by piece, so that nobody needs memory for all of them. */
#ifndef SEEP_ENCODING_UNPACKING_H
#define SEEP_ENCODING_UNPACKING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum unpack_end {
	UNPACK_WHOLE,
	UNPACK_STOPPED, /* by take() */
	UNPACK_BROKEN,  /* fault says why */
};

struct unpacking {
	const void *data;
	size_t bytes, limit_bytes;                                             /* the most that may be unpacked */
	bool (*take)(void *context, const unsigned char *piece, size_t bytes); /* false: no more is wanted */
	void *context;
	size_t offset; /* in the packed bytes: how far they were used */
	struct error fault;
};

/* The complaint of every format about more bytes than may be unpacked. */
#define UNPACK_TOO_MUCH "unpacks to more than is read"

#endif
