/* SPDX-License-Identifier: Apache-2.0 */
/* C++ and Rust names as people write them, of bounded length, whatever the mangled name asks for. */
#ifndef SEEP_SYMBOLS_DEMANGLE_H
#define SEEP_SYMBOLS_DEMANGLE_H

#include "base/buffer.h"

enum {
	MANGLED_LIMIT = 16 * 1024,   /* longer names are not demangled, but cut */
	DEMANGLED_LIMIT = 16 * 1024, /* a longer result is cut, with "..." at its end */
};

/* Puts the readable name into `out`, replacing its contents: demangled, or unchanged if it is not mangled. A version
 * ("malloc@@GLIBC_2.2.5") is cut off. A name that was made to be nested deeply needs up to 64 MiB of stack. */
void demangle(struct buffer *out, const char *name);

#endif
