/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DWARF of a large file, some compilation units at a time. libdw wants
 * every section whole, and Debian's are compressed: a few hundred megabytes of
 * .debug_info would have to be unpacked into memory, and what libdw keeps of
 * each unit comes on top. Units know nothing of each other (where they do, the
 * file is not taken), so each piece is handed to libdw as if it were all.
 */
#ifndef SEEP_MODULES_DWARF_CHUNKS_H
#define SEEP_MODULES_DWARF_CHUNKS_H

#include <stdint.h>

#include <elfutils/libdw.h>

struct debug_pieces; /* opaque */

/* Sizes of .debug_info, unpacked. */
struct debug_pieces_sizes {
	uint64_t least; /* of a file; what has less is read whole, in no more memory */
	uint64_t piece; /* at least, but for the last */
};
#define DEBUG_PIECES_SIZES ((struct debug_pieces_sizes){.least = UINT64_C(32) << 20, .piece = UINT64_C(8) << 20})

/* NULL: the file is small, or has something that can't be read in pieces, or is damaged; libdw is to read it whole. The
 * descriptor is borrowed until the end. */
struct debug_pieces *debug_pieces_open(int descriptor, struct debug_pieces_sizes sizes);
void debug_pieces_close(struct debug_pieces *pieces);

/* The next piece, which lasts until the next call or the end; NULL: there is no more. */
Dwarf *debug_pieces_next(struct debug_pieces *pieces);

#endif
