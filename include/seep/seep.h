/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public API: optional, and the only header that a program may want. A
 * program needs no library for it. Under `seep run` (or LD_PRELOAD) the
 * reference below is bound to libseep.so; otherwise it is NULL:
 *
 *	if (seep_snapshot)
 *		seep_snapshot();
 */
#ifndef SEEP_SEEP_H
#define SEEP_SEEP_H

#ifdef __cplusplus
extern "C" {
#endif

/* Asks for a snapshot (trigger "api") and returns at once; the keeper takes it within its next tick. Any thread,
 * signal-safe; allocates nothing, leaves errno alone. 0: asked for; -1: this process records nothing (yet: a recording
 * begins with the first sample). */
int seep_snapshot(void) __attribute__((weak));

/* Asks the allocator for its own account (glibc's mallinfo2, jemalloc's stats, tcmalloc's properties), which the
 * snapshots from now on show with its age. The allocator takes its locks and walks its free lists for it, so seep never
 * does that by itself; call it where you might call mallinfo2() yourself: not in a signal handler. 0: asked; -1: this
 * process records nothing, or the allocator has no account. errno is left alone. */
int seep_account(void) __attribute__((weak));

/* Counts units of work that the program has done: requests, files, tests. Snapshots have the sum, and `seep check` holds budgets
 * for each unit to it. One atomic addition; any thread, signal-safe; allocates nothing, leaves errno alone. */
void seep_work(unsigned long long units) __attribute__((weak));

/* Names what the calling thread works on from now on: a tenant, a kind of request, a phase. What it allocates under different
 * labels is told apart: `--by=label` in seep's commands. NULL or "": no label. Returns the label that the thread had
 * before, NULL for none, to be set again:
 *
 *	const char *before = seep_label ? seep_label("checkout") : NULL;
 *	...
 *	if (seep_label)
 *		seep_label(before);
 *
 * The text is copied, at most 119 bytes of it. A process may use 254 different labels; samples under further ones are
 * counted, and have none. A thread begins without a label; the child of fork() keeps its thread's. Any thread,
 * signal-safe; allocates nothing, leaves errno alone, and costs an allocation nothing. */
const char *seep_label(const char *text) __attribute__((weak));

#ifdef __cplusplus
}
#endif

#endif
