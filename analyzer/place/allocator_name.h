/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a function's name tells that it is its program's own malloc. */
#ifndef SEEP_PLACE_ALLOCATOR_NAME_H
#define SEEP_PLACE_ALLOCATOR_NAME_H

/* How much a name tells: 2 for words that only allocators have, wherever they are (ztrymalloc_usable); 1 for words that
 * creators of single things have, too (alloc_session), or that are at the end (arena_new, luaV_grow_; in a store:
 * pool_get). Template arguments, parameters and a compiler's suffix (".part.0") tell nothing. */
int name_says_allocator(const char *function);

#endif
