/* SPDX-License-Identifier: Apache-2.0 */
/* The DWARF of a large file, some compilation units at a time. libdw wants every section whole, and Debian's are
 * compressed: a few hundred megabytes of .debug_info would have to be unpacked into memory, and what libdw keeps of
 * each unit comes on top. Units know nothing of each other (where they do, the file is not taken), so each chunk is
 * handed to libdw as if it were all. */
#ifndef SEEP_MODULES_DWARF_CHUNKS_H
#define SEEP_MODULES_DWARF_CHUNKS_H

#include <stdint.h>

#include <elfutils/libdw.h>

struct dwarf_chunks; /* opaque */

/* Sizes of .debug_info, unpacked. */
struct dwarf_chunks_sizes {
	uint64_t least; /* of a file; a smaller one is read whole, in no more memory */
	uint64_t chunk; /* at least, but for the last */
};
#define DWARF_CHUNKS_SIZES ((struct dwarf_chunks_sizes){.least = UINT64_C(32) << 20, .chunk = UINT64_C(8) << 20})

/* NULL: the file is small, or has something that can't be read in chunks, or is damaged; libdw is to read it whole. The
 * descriptor is borrowed until the end. */
struct dwarf_chunks *dwarf_chunks_open(int descriptor, struct dwarf_chunks_sizes sizes);
void dwarf_chunks_close(struct dwarf_chunks *chunks);

/* The next chunk, which lasts until the next call or the end; NULL: there is no more. */
Dwarf *dwarf_chunks_next(struct dwarf_chunks *chunks);

#endif
