/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacks bytes for somebody who takes them piece by piece, so that nobody needs memory for all of them. */
#ifndef SEEP_ENCODING_UNPACKING_H
#define SEEP_ENCODING_UNPACKING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum unpack_end {
	UNPACK_WHOLE,
	UNPACK_STOPPED, /* take() stopped it */
	UNPACK_BROKEN,  /* fault says why */
};

struct unpacking {
	const void *data;
	size_t bytes, limit_bytes; /* the most that may be unpacked */
	/* takes a piece; false: it wants no more */
	bool (*take)(void *context, const unsigned char *piece, size_t bytes);
	void *context;
	size_t offset; /* how far the packed bytes were used */
	struct error fault;
};

/* The error text of every format if there are more bytes than may be unpacked. */
#define UNPACK_TOO_MUCH "unpacks to more than is read"

#endif
