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

#ifdef __cplusplus
}
#endif

#endif
