/* SPDX-License-Identifier: Apache-2.0 */
/* Long text on a terminal goes through the user's pager, as git's does: $PAGER, or `less` without that. It is started
 * with LESS=FRX unless LESS is set: text that fits the screen stays there, and the pager ends at once. */
#ifndef SEEP_FILES_PAGER_H
#define SEEP_FILES_PAGER_H

#include <sys/types.h>

/* Starts the pager if standard output is a terminal that can page and PAGER is neither empty nor "cat". Returns the
 * descriptor to write to, or -1: there is no pager. From then on, SIGINT is for the pager alone. */
int pager_start(pid_t *pid);

/* Waits for the pager's end. The caller must have closed the descriptor that it wrote to. */
void pager_wait(pid_t pid);

#endif
