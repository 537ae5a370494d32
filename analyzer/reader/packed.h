/* SPDX-License-Identifier: Apache-2.0 */
/* Input that may be packed by gzip or zstd, as its first bytes tell. */
#ifndef SEEP_READER_PACKED_H
#define SEEP_READER_PACKED_H

#include "encoding/unpacking.h"

/* "gzip" or "zstd"; NULL: it is packed by neither. */
const char *packed_by(const void *data, size_t bytes);

/* Hands out the contents, even if the input is not packed. */
enum unpack_end packed_read_each(struct unpacking *unpacking);

/* The first bytes of the contents; fewer if there are fewer, or if they are damaged. */
struct packed_head {
	unsigned char data[4096];
	size_t bytes;
};
void packed_head_read(struct packed_head *head, const void *data, size_t bytes);

#endif
