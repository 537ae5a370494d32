/* SPDX-License-Identifier: Apache-2.0 */
/* Passes packed input to its unpacker; see the header. */
#include "reader/packed.h"

#include <stdint.h>
#include <string.h>

#include "encoding/gzip.h"
#include "encoding/zstd.h"

#define PIECE_BYTES ((size_t)64 << 10)

const char *packed_by(const void *data, size_t bytes)
{
	return gzip_is_gzip(data, bytes) ? "gzip" : zstd_is_zstd(data, bytes) ? "zstd" : NULL;
}

static enum unpack_end plain_read_each(struct unpacking *unpacking)
{
	const unsigned char *data = unpacking->data;

	while (unpacking->offset < unpacking->bytes) {
		const size_t rest = unpacking->bytes - unpacking->offset;
		const size_t piece = rest < PIECE_BYTES ? rest : PIECE_BYTES;
		unpacking->offset += piece;
		if (!unpacking->take(unpacking->context, data + unpacking->offset - piece, piece))
			return UNPACK_STOPPED;
	}
	return UNPACK_WHOLE;
}

enum unpack_end packed_read_each(struct unpacking *unpacking)
{
	if (gzip_is_gzip(unpacking->data, unpacking->bytes))
		return gzip_unpack_each(unpacking);
	if (zstd_is_zstd(unpacking->data, unpacking->bytes))
		return zstd_unpack_each(unpacking);
	return plain_read_each(unpacking);
}

static bool head_take(void *context, const unsigned char *piece, size_t bytes)
{
	struct packed_head *head = context;
	const size_t room = sizeof head->data - head->bytes;
	const size_t taken = bytes < room ? bytes : room;

	memcpy(head->data + head->bytes, piece, taken);
	head->bytes += taken;
	return head->bytes < sizeof head->data;
}

void packed_head_read(struct packed_head *head, const void *data, size_t bytes)
{
	struct unpacking unpacking = {
	    .data = data, .bytes = bytes, .limit_bytes = SIZE_MAX, .take = head_take, .context = head};

	head->bytes = 0;
	packed_read_each(&unpacking);
}
