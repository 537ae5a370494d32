/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recording of this process: its directory, its heap file, its keeper.
 * Begun by the first sample, in a forked child by the child's own first one.
 */
#ifndef SEEP_RECORDING_RECORDING_H
#define SEEP_RECORDING_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/base/entry.h"
#include "keeper/heap/heap.h"
#include "shim/recording/setup.h"

/* Maps the gate and remembers the setup. From here on samples are recorded. Constructor only. */
void recording_prepare(void);

/* Before the constructor has run nothing can be recorded: what is allocated then is counted as lost in set-up. */
bool recording_is_prepared(void);
void recording_count_unseen(uint64_t bytes);

/* Exact bytes that a countdown has consumed: kept beside the estimates, from before the recording begins. */
void recording_count(uint64_t bytes);

/* A sample was due and not taken (or is found to be taken after all); counted in the recording that is, or will be. */
void recording_lose_sample(void);
void recording_find_sample(void);

/* Differs between threads and between processes that begin in the same nanosecond. */
uint64_t recording_entropy(void);

/* The heap file while this process records, else NULL. */
const struct heap *recording_heap(void);

/* The same, but begins the recording where that is due. NULL: none, or another thread is just beginning it. */
const struct heap *recording_heap_or_begin(void);

/* The program is about to forbid itself system calls: the recording begins now; in a forked child where none has begun
 * yet, and in all its children, never. */
ENTRY void recording_confine(void);

/* The program is about to become another user, or to have another root: the recording begins now, where `seep run` would
 * not make it later. */
ENTRY void recording_depart(void);

/* From now on reading a clock may be death: called behind recording_confine(). Signal-safe. */
ENTRY void recording_stop_clock(void);

/* Has it, or has its keeper seen that it has? Then no system call is made on our account. */
bool recording_is_confined(void);

/* In the child of a fork, whoever has made it: it is to draw for itself, and has nothing of its parent's recording. */
ENTRY void recording_begin_child(void);

/* Around a call that the kernel refuses to a process with threads: see keeper_thread_pause(). */
ENTRY bool recording_pause_keeper(void);
ENTRY void recording_resume_keeper(void);

/* Bumped by each recording that begins in this address space: thread numbers are given anew. */
uint32_t recording_incarnation(void);

/* Sampling goes on (a gap has to be drawn at the rate), or is over for good in this process. */
bool recording_is_possible(void);

/* At exit: the keeper writes the last snapshot. Bounded in time. */
ENTRY void recording_end(void);

#endif
