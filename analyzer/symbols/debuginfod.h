/* SPDX-License-Identifier: Apache-2.0 */
/* Debug files by build id from the servers in DEBUGINFOD_URLS, for modules of which this machine has no file at all.
 * Where it has the stripped file, libdw asks the servers by itself. */
#ifndef SEEP_SYMBOLS_DEBUGINFOD_H
#define SEEP_SYMBOLS_DEBUGINFOD_H

#include <stdint.h>

#include "base/buffer.h"

/* An open descriptor, and the path in debuginfod's cache; -1: no server is named, or none has it. */
int debuginfod_fetch(const uint8_t *build_id, uint32_t build_id_bytes, struct buffer *path);

#endif
