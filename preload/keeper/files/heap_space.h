/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Space of the heap file. Others need space, too, so there is a limit to what
 * it may take. When a recording is complete, the heap file gives back the space
 * that it reserved and never used: ranges of zeros become holes, which read the
 * same.
 */
#ifndef SEEP_FILES_HEAP_SPACE_H
#define SEEP_FILES_HEAP_SPACE_H

#include <stdbool.h>
#include <stdint.h>

/* May the heap file take so many bytes more? In memory (tmpfs) it takes at most a quarter of the free space; on another
 * file system a sixteenth of all space, or 256 MiB, stays free. */
bool space_may_take(int descriptor, uint64_t bytes);

/* A page of SEEP_HEAP_PAGE bytes. */
bool space_page_is_zero(const void *page);

/* `descriptor`: the heap file, for writing; `map`: the same, mapped whole. Nobody may write to it any more: on a full disk a store into a hole is
 * a SIGBUS. Failures leave the space as it is. */
void space_give_back(int descriptor, const void *map, uint64_t map_bytes);

#endif
