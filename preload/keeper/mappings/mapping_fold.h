/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of mappings in a heap file. There are two: the one that holds (mapping_round % 2), and the one that is being
 * made of it and of the ring's events. One store of the round makes the new one hold, with its tail: a keeper that is killed
 * before has done nothing, and no event counts twice. The state that holds is never written, so whoever reads it has
 * it whole if the round is the same afterwards.
 */
#ifndef SEEP_MAPPINGS_MAPPING_FOLD_H
#define SEEP_MAPPINGS_MAPPING_FOLD_H

#include "keeper/mappings/mapping_table.h"

/* The one consumer: folds what is in the ring. `dead`: the program has ended, and what it has not committed never comes. */
void mapping_fold(const struct heap *heap, bool dead);

/* Anybody: the state that holds with the ring's events. False: no memory, or it changed each time that it was read; nothing
 * is held. */
bool mapping_table_read(struct mapping_table *table, const struct heap *heap, bool dead);

/* Calls visit for each stack's site that state or ring name. The consumer alone. */
void mapping_visit_stacks(const struct heap *heap, void (*visit)(uint32_t site, void *context), void *context);

#endif
