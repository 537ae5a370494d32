/* SPDX-License-Identifier: Apache-2.0 */
/* Which functions belong to the allocator: such frames do not tell who asked for the memory. */
#ifndef SEEP_PROFILE_ALLOCATOR_FRAMES_H
#define SEEP_PROFILE_ALLOCATOR_FRAMES_H

#include <stdbool.h>

/* Judges by the demangled name: malloc and its family under all their names, operator new, jemalloc's, tcmalloc's and
 * mimalloc's own functions, the allocators of the C++ library and of Rust's. */
bool function_is_allocator(const char *function);

/* Judges by the path: an allocator's library, or seep's own. */
bool module_is_allocator(const char *path);

#endif
