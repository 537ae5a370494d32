/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a recording is complete, the disk space that its heap file had reserved
 * and never used is given back: ranges without a byte other than zero become
 * holes, which read the same.
 */
#ifndef SEEP_KEEPER_SPACE_H
#define SEEP_KEEPER_SPACE_H

#include <stdbool.h>
#include <stdint.h>

/* A page of SEEP_HEAP_PAGE bytes. */
bool space_page_is_zero(const void *page);

/* `descriptor`: the heap file, for writing; `map`: the same, mapped whole. Nobody may write to it any more: on a full disk a store into a hole is
 * a SIGBUS. Failures leave the space as it is. */
void space_give_back(int descriptor, const void *map, uint64_t map_bytes);

#endif
