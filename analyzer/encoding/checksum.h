/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32, the same as zlib's, made for much data. */
#ifndef SEEP_ENCODING_CHECKSUM_H
#define SEEP_ENCODING_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint32_t checksum_of(const void *data, size_t bytes);

#endif
