/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacks zstd. The result is bounded, whatever the packed bytes promise. */
#ifndef SEEP_ENCODING_ZSTD_H
#define SEEP_ENCODING_ZSTD_H

#include "encoding/unpacking.h"

bool zstd_is_zstd(const void *data, size_t bytes);
enum unpack_end zstd_unpack_each(struct unpacking *unpacking);

#endif
