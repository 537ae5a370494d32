/* SPDX-License-Identifier: Apache-2.0 */
/* A program under `seep run --leaks-at-exit` stands at its end, behind its destructors, until its keeper has looked at its memory. */
#ifndef SEEP_LOOP_EXIT_WAIT_H
#define SEEP_LOOP_EXIT_WAIT_H

#include <seep/heap.h>

/* Bounded in time; returns at once where no keeper is there any more. Where ptrace is for ancestors alone, the keeper is allowed it. */
void exit_wait(struct seep_heap_header *header);

#endif
