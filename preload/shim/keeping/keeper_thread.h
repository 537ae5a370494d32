/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper as a thread of the target, for when neither `seep run` stands
 * beside the program nor a process of its own is possible (keeper_process.h).
 * It is made by clone() without the C library, so it is in nobody's list of
 * threads: a main thread that calls pthread_exit still ends the program, fork
 * handlers and libc's "am I single-threaded" checks see nothing, and nothing is
 * allocated. All signals are blocked in it. It has a thread block of its own
 * (zeroed static TLS), so nothing that it calls can touch another thread's
 * errno.
 *
 * It follows the program's credentials: when they change, it changes its own
 * within a tick, because libc's setuid does not know of it.
 */
#ifndef SEEP_KEEPING_KEEPER_THREAD_H
#define SEEP_KEEPING_KEEPER_THREAD_H

#include <stdbool.h>

#include "keeper/heap/heap.h"

/* Notes in the heap file what every keeper must know. Both arguments must stay valid. */
void keeper_thread_prepare(const struct heap *heap, const char *directory);

/* Starts it. If no thread can be made, the recording goes on without snapshots by the timer, and producers fold
 * their own events. It leaves when no other thread of the program is left. */
void keeper_thread_start(void);

/* The program is about to make a call that the kernel refuses to a process with threads. The thread ends within half
 * a second; if it cannot (a disk that does not answer), the kernel refuses the call. Waits as long for another of the
 * program's threads that makes such a call. False: there is no thread, or that call takes longer; otherwise
 * keeper_thread_resume() must follow. After some calls (a new namespace of process numbers) the kernel gives no thread any
 * more, and the recording goes on without
 * one. Signal-safe. */
bool keeper_thread_pause(void);
void keeper_thread_resume(void);

bool keeper_thread_is_there(void);

/* It is there, or it is paused and will be back. */
bool keeper_thread_may_come(void);

/* The program is about to forbid itself system calls: the thread ends, for good. Waits as long as at the program's
 * end. */
void keeper_thread_leave(void);

/* The recording is over and another may begin: the thread of this one ends, and its memory is given back. Waits as long as
 * at the program's end; false: it is still there. */
bool keeper_thread_end(void);

/* The calling thread is about to end by the system call, with that status: the process's own, if it is the last one. */
void keeper_thread_note_end(int status);

/* At exit: lets the keeper write the last snapshot and waits a bounded time; without a keeper, writes it here. */
void keeper_thread_finish(void);

#endif
