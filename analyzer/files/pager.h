/* SPDX-License-Identifier: Apache-2.0 */
/* Long text on a terminal goes through the user's pager, as git's does: $PAGER, or `less` where that is not set. It is
 * started with LESS=FRX unless LESS is set: what fits the screen stays there, and the pager ends at once. */
#ifndef SEEP_FILES_PAGER_H
#define SEEP_FILES_PAGER_H

#include <sys/types.h>

/* Starts the pager where standard output is a terminal that can be paged on, and PAGER is neither empty nor "cat". Returns
 * where to write, or -1: there is none. From then on SIGINT is the pager's alone. */
int pager_start(pid_t *pid);

/* Waits for the pager's end. The caller has closed what it wrote to. */
void pager_wait(pid_t pid);

#endif
