/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring: many producers, one consumer, in the heap file.
 *
 * A producer reserves a position by compare-and-swap on ring_head (so a full
 * ring reserves nothing), writes the three words, and commits by storing the
 * commit word with release. The consumer takes positions in order. The commit
 * word holds the position's low half, so a record of an earlier lap is never
 * mistaken for this one, and a check over the whole record.
 *
 * States of a slot for position n: stale (commit of an earlier lap or 0) ->
 * reserved (ring_head > n; still stale to look at) -> committed (commit names
 * n) -> consumed (ring_tail > n). A producer killed between reserving and
 * committing leaves a hole: while the program lives the consumer waits there
 * (once the ring is full, producers fold their own events, so nothing is
 * lost); once it is dead the hole is counted and skipped.
 */
#ifndef SEEP_HEAP_RING_H
#define SEEP_HEAP_RING_H

#include <stdbool.h>

#include "keeper/heap/heap.h"
#include "keeper/heap/sites.h"

/* Any thread, signal-safe, lock-free. False: the ring is full, the caller folds the event itself. */
bool ring_push(const struct heap *heap, const struct event *event);

enum ring_read { RING_EMPTY, RING_EVENT, RING_HOLE, RING_CORRUPT };

/* Reads the record at `position` without consuming it. RING_HOLE: reserved and not (yet) committed. */
enum ring_read ring_read(const struct heap *heap, uint64_t position, struct event *event);

/* The one consumer (holder of the lease): folds up to `limit` events into sites; returns how many. With `dead`, holes
 * are counted and skipped. */
size_t ring_fold(const struct heap *heap, size_t limit, bool dead);

#endif
