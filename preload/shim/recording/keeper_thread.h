/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper as a thread of the target: for when neither `seep run` stands
 * beside it nor a process of its own is to be had (keeper_process.h). Made by clone() without the C library: it is in nobody's thread list, so
 * a main thread that calls pthread_exit still ends the program, fork handlers
 * and "am I single-threaded" checks of libc see nothing, and nothing is
 * allocated. All signals are blocked in it. It has a thread block of its own
 * (zeroed static TLS), so nothing it calls can touch another thread's errno.
 *
 * It follows the program's credentials: when they change, it drops its own to
 * the same within a tick, since libc's setuid does not know of it.
 */
#ifndef SEEP_RECORDING_KEEPER_THREAD_H
#define SEEP_RECORDING_KEEPER_THREAD_H

#include <stdbool.h>

#include "keeper/heap/heap.h"

/* Notes in the heap file what any keeper must know. Both arguments must stay valid. */
void keeper_thread_prepare(const struct heap *heap, const char *directory);

/* Starts it. Where no thread is to be had the recording goes on without timer snapshots: producers fold their own events.
 * It leaves when no other thread of the program is left. */
void keeper_thread_start(void);

/* The program is about to make a call that the kernel refuses to a process with threads: the thread ends, within half a
 * second; where it can't (a disk that does not answer), the call is refused. False: there is none, or another of the
 * program's threads is at it; otherwise keeper_thread_resume() must follow. After some calls (a new namespace of process
 * numbers) the kernel gives no thread any more: then the recording goes on without one. Signal-safe. */
bool keeper_thread_pause(void);
void keeper_thread_resume(void);

/* The program is about to forbid itself system calls: the thread ends, for good. Waits as long as for the program's end. */
void keeper_thread_leave(void);

/* At exit: has the keeper write the last snapshot, waiting a bounded time; writes it here if there is no keeper. */
void keeper_thread_finish(void);

#endif
