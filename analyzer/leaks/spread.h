/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growth that lies in no one row: an interpreter's cache that hundreds of stacks fill, each by too little to be proven.
 * The sites that remain without all rows that leak, grow or have stopped are tested on the levels above them (what a
 * function and all that it calls allocate, what the places of a module do, the whole program) and the lowest one that
 * explains the growth is judged as a row is.
 */
#ifndef SEEP_LEAKS_SPREAD_H
#define SEEP_LEAKS_SPREAD_H

#include "leaks/leaks.h"

/* Fills leaks->spreads, and counts those that leak into the rate of all. `series` is that of leaks_build(). */
void leaks_find_spreads(struct leaks *leaks, const struct series *series);

#endif
