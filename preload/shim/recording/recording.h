/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recording of this process: its directory, its heap file, its keeper. The
 * first sample begins it; a forked child's own first sample begins the child's.
 */
#ifndef SEEP_RECORDING_RECORDING_H
#define SEEP_RECORDING_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include <seep/join.h>

#include "keeper/base/entry.h"
#include "keeper/heap/heap.h"

/* Maps the gate and remembers the setup. From here on samples are recorded. Constructor only. */
void recording_prepare(void);

/* A process that was left is joined again: the next recording may begin. With `idle` no thread is in the old recording
 * any more, and its memory is given back. */
void recording_prepare_again(bool idle);

/* Says where the recording's memory is noted, for seep, which takes it away from outside: it stores NULL there
 * first. */
void recording_tell_memory(struct seep_join *join);

/* The recording's directory; NULL: there is no recording yet. */
const char *recording_directory(void);

/* Before the constructor has run nothing can be recorded: what is allocated by then is counted as lost in set-up. */
bool recording_is_prepared(void);
void recording_count_unseen(uint64_t bytes);

/* Counts the exact bytes that a countdown has consumed, also before the recording begins. They are kept beside the
 * estimates. */
void recording_count(uint64_t bytes);

/* Units of work that the program has done, also before the recording begins. */
void recording_count_work(uint64_t units);

/* What was said of the program's own malloc has turned out to be wrong. */
void recording_is_not_bypassed(void);

/* A sample was due and not taken (or turns out to have been taken). Counted in this recording, or in the one that will
 * begin. */
void recording_lose_sample(void);
void recording_find_sample(void);

/* One that was lost before the recording began has been put into it. */
void recording_find_early_sample(const struct heap *heap);

/* Differs between threads and between processes that begin in the same nanosecond. */
uint64_t recording_entropy(void);

/* The heap file while this process records, else NULL. */
const struct heap *recording_heap(void);

/* The same, but begins the recording where that is due. NULL: there is none, or another thread is just beginning it. */
const struct heap *recording_heap_or_begin(void);

/* The program is about to forbid itself system calls: the recording begins now. In a forked child in which none has
 * begun yet, and in all its children, it never begins. */
ENTRY void recording_confine(void);

/* The program is about to become another user, or to have another root: the recording begins now, where `seep run` would
 * not make it later. */
ENTRY void recording_depart(void);

/* From now on reading a clock may kill the program. Call it after recording_confine(). Signal-safe. */
ENTRY void recording_stop_clock(void);

/* Has the program forbidden itself system calls, or has its keeper seen that it has? Then we make none. */
bool recording_is_confined(void);

/* In the child of a fork, whoever made it: the child draws for itself and lets go of its parent's recording. */
ENTRY void recording_begin_child(void);

/* Around a call that the kernel refuses to a process with threads: see keeper_thread_pause(). */
ENTRY bool recording_pause_keeper(void);
ENTRY void recording_resume_keeper(void);

/* Around a call by which the program locks its memory: see area_hold(). False: there is nothing to hold, or it can't be held
 * now; otherwise recording_let_go() must follow. */
ENTRY bool recording_hold(void);
ENTRY void recording_let_go(void);

/* Between these two: gives back the addresses that the recording has no use for yet (area_shed()). False: it has none, or its
 * keeper is a thread, which may use them. */
bool recording_shed(void);

/* The program has set itself a limit of address space: the recording may take a part of it, as where it begins. */
ENTRY void recording_limit_addresses(uint64_t bytes);

/* The number of recordings that have begun in this address space: each numbers its threads anew. */
uint32_t recording_incarnation(void);

/* True while sampling goes on, so that a gap has to be drawn; false once it is over for good in this process. */
bool recording_is_possible(void);

/* At exit: the keeper writes the last snapshot. Waits a bounded time. */
ENTRY void recording_end(void);

#endif
