/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room in full tables: the keeper gives up sites without live samples, those
 * that were sampled least first, and entries of unloaded modules that no stack
 * names any more. Their counters go into `given_up`, so that sums over all
 * sites stay what they were.
 *
 * A round, by the holder of the lease alone, while the program goes on:
 *
 * 1. Sites that neither the live table nor an unread event names, and that
 *    have no users (keeper/heap/site_users.h), are CLOSED by compare-and-swap: nobody
 *    finds them any more. An equal stack that comes now gets a new site.
 * 2. The live table is read again, then the users, then the ring. A number
 *    gets into the live table only by a user who came in before; it leaves the
 *    table only by one who is counted before it does, and until the event is
 *    in the ring. So what is named nowhere and has no users is in nobody's
 *    hand. The others are opened again.
 * 3. The sites get the round's number, and `given_up` of the next round is
 *    made of this round's and of their counters, beside it.
 * 4. `recycled` is raised: from here on their counters are in `given_up`, and
 *    no longer at the sites, for whoever reads the file. Before, they are at
 *    the sites alone. A kill at any moment leaves one of the two.
 * 5. They are taken out of the index, emptied, and given back to the pools.
 *    What a kill leaves undone here, the next round does.
 *
 * Modules: an unloaded one is CLAIMED, which takes it from whoever would give
 * it a new place; `modules_claimed` is raised; then the sites in service are
 * read. What none of them names is in LIMBO until the next round. A thread
 * that makes a stack puts its site into service first and looks at
 * `modules_claimed` then: one of the two sees the other, and it takes two
 * rounds until a number means another module.
 *
 * A holder that stood still for LEASE_SILENCE_NS in the midst of a round and
 * goes on beside its successor could give up what that one has given out
 * anew; it looks at the lease right before (as before a batch of events).
 */
#ifndef SEEP_SNAPSHOT_RECYCLE_H
#define SEEP_SNAPSHOT_RECYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/heap/heap.h"

#define RECYCLE_LOOK_NS UINT64_C(5000000000) /* after a round that found nothing */

/* Are more than three quarters of a table with all its room used? */
bool recycle_is_due(const struct heap *heap);
/* Is the table of modules one of them? Then look first which modules are still there. */
bool recycle_wants_modules(const struct heap *heap);

/* One round; how many entries it has given up. Holder of the lease, after the ring was folded. */
uint32_t recycle(const struct heap *heap);

/* Have this site's counters been given up, for a reader of a file in which `recycled` is `round`? */
bool recycle_has_given_up(const struct heap *heap, uint32_t site, uint32_t round);

#endif
