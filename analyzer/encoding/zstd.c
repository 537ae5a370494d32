/* SPDX-License-Identifier: Apache-2.0 */
/* zstd by libzstd, piece by piece. A frame may ask for a window of 2 GiB; seep refuses a window that is larger than
 * `zstd -19` makes. */
#include "encoding/zstd.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/memory.h"

enum {
	WINDOW_LOG_MOST = 25, /* 32 MiB */
	PIECE_BYTES = 64 * 1024,
};

bool zstd_is_zstd(const void *data, size_t bytes)
{
	return bytes >= 4 && memcmp(data, "\x28\xb5\x2f\xfd", 4) == 0;
}

enum unpack_end zstd_unpack_each(struct unpacking *unpacking)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	unsigned char *piece = memory_allocate(PIECE_BYTES, 1);
	ZSTD_inBuffer in = {unpacking->data, unpacking->bytes, 0};
	size_t unpacked = 0, wanted = 1;
	enum unpack_end end = UNPACK_WHOLE;
	const char *fault = stream ? NULL : "there is no memory to unpack it";

	if (stream)
		ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, WINDOW_LOG_MOST);
	while (!fault && end == UNPACK_WHOLE && (wanted || in.pos < in.size)) {
		ZSTD_outBuffer out = {piece, PIECE_BYTES, 0};
		wanted = ZSTD_decompressStream(stream, &out, &in);
		unpacked += ZSTD_isError(wanted) ? 0 : out.pos;
		if (ZSTD_isError(wanted))
			fault = ZSTD_getErrorName(wanted);
		else if (unpacked > unpacking->limit_bytes)
			fault = UNPACK_TOO_MUCH;
		else if (out.pos && !unpacking->take(unpacking->context, piece, out.pos))
			end = UNPACK_STOPPED;
		else if (wanted && in.pos == in.size && out.pos < out.size)
			fault = "the zstd data is truncated";
	}
	unpacking->offset = in.pos;
	ZSTD_freeDStream(stream);
	free(piece);
	if (!fault)
		return end;
	error_set(&unpacking->fault, "%s", fault);
	return UNPACK_BROKEN;
}
