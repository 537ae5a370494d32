/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the keeper. recording_home.c looks after the recording's
 * directory and the heap file's space: it opens the directory, gets space for
 * the heap file to grow, as long as others have enough (heap_space.h), and
 * keeps hold of a heap file in memory. keeper_snapshots.c takes the snapshots.
 */
#ifndef SEEP_LOOP_KEEPER_PRIVATE_H
#define SEEP_LOOP_KEEPER_PRIVATE_H

#include "keeper/loop/keeper.h"

/* Keeps a heap file in memory open, and its recording's directory, which may be moved. False: the file can't be held,
 * since somebody reclaims it as a dead program's. */
bool home_hold(struct keeper *keeper);

/* The directory, by its path each time, and only if it is still the same one. A descriptor or -errno. */
int home_open(const struct keeper *keeper);

/* An area_reserver whose context is the keeper. It reserves the space in the file, so that the space takes no memory
 * before it is used. */
bool home_reserve(const struct heap *heap, uint64_t offset, uint64_t bytes, void *context);

/* To be called now and then. If there is no space for all that the file may still need, the program may no longer take
 * room by itself. */
void home_look(const struct keeper *keeper);

/* Moves a heap file in memory into the recording if somebody has removed its name: it is still mapped and open. */
void home_rescue(const struct keeper *keeper);

bool home_is_removed(const struct keeper *keeper);

/* Takes a snapshot. 0, or an errno value. */
int keeper_take(struct keeper *keeper, enum seep_trigger trigger, bool durable, uint64_t *number);

/* Answers requests, and takes the snapshots that are due now. */
void keeper_take_due(struct keeper *keeper, uint64_t now_ns);

#endif
