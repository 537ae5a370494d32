/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the DWARF of a large file a few compilation units at a time. libdw wants every section whole, and Debian's are
 * compressed: it would unpack a few hundred megabytes of .debug_info into memory, and add what it keeps of each unit.
 * Units know nothing of each other (a file where they do is not taken), so libdw gets each chunk as if it were the
 * whole. */
#ifndef SEEP_DWARF_DWARF_CHUNKS_H
#define SEEP_DWARF_DWARF_CHUNKS_H

#include <stdint.h>

#include <elfutils/libdw.h>

#include "dwarf/dwarf_raw.h"

struct dwarf_chunks; /* opaque */

/* Sizes of .debug_info, unpacked. */
struct dwarf_chunks_sizes {
	uint64_t least; /* of a file; a smaller one is read whole, which takes no more memory */
	uint64_t chunk; /* of each chunk, at least, except the last */
};
#define DWARF_CHUNKS_SIZES ((struct dwarf_chunks_sizes){.least = UINT64_C(32) << 20, .chunk = UINT64_C(8) << 20})

/* NULL: the file is small, or damaged, or contains something that can't be read in chunks, and libdw must read it
 * whole. The descriptor is borrowed until the end. */
struct dwarf_chunks *dwarf_chunks_open(int descriptor, struct dwarf_chunks_sizes sizes);
void dwarf_chunks_close(struct dwarf_chunks *chunks);

/* The next chunk, which is valid until the next call or the end; NULL: there are no more. */
Dwarf *dwarf_chunks_next(struct dwarf_chunks *chunks);

/* What all chunks lie in; valid until the end. */
const struct dwarf_raw *dwarf_chunks_raw(const struct dwarf_chunks *chunks);

#endif
