/* SPDX-License-Identifier: Apache-2.0 */
/* For each group of a series of mappings, how much of it takes up no memory: addresses that were mapped and never touched. */
#ifndef SEEP_LEAKS_RESIDENT_H
#define SEEP_LEAKS_RESIDENT_H

#include "leaks/leak_row.h"
#include "series/series.h"

/* Fills absent_share of the rows, one for each group; `groups` says in which group each site of the reference is. */
void rows_take_absent(struct leak_row *rows, uint32_t count, const struct series *series, const uint32_t *groups);

#endif
