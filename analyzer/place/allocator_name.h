/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a function's name says that it is its program's own malloc. */
#ifndef SEEP_PLACE_ALLOCATOR_NAME_H
#define SEEP_PLACE_ALLOCATOR_NAME_H

/* What a name says: 2 for words that only allocators have, wherever they stand (ztrymalloc_usable), 1 for those that creators
 * of single things have, too (alloc_session), or that stand at the end (arena_new, luaV_grow_; of a store: pool_get). Template arguments,
 * parameters and a compiler's suffix (".part.0") tell nothing. */
int name_says_allocator(const char *function);

#endif
