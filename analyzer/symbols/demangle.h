/* SPDX-License-Identifier: Apache-2.0 */
/* C++ and Rust names as people write them, within bounds of length whatever the mangled name asks for. */
#ifndef SEEP_SYMBOLS_DEMANGLE_H
#define SEEP_SYMBOLS_DEMANGLE_H

#include "base/buffer.h"

enum {
	MANGLED_LIMIT = 16 * 1024,   /* a longer name is taken as it is, cut */
	DEMANGLED_LIMIT = 16 * 1024, /* a longer result is cut, with "..." behind */
};

/* Puts the readable name into `out` (replacing what is there): demangled, or as it is where it is not mangled. A
 * version
 * ("malloc@@GLIBC_2.2.5") is cut off. Needs a stack of up to 64 MiB for a name made to be nested deeply. */
void demangle(struct buffer *out, const char *name);

#endif
