/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says of a process's state. */
#ifndef SEEP_PROCESS_STATE_H
#define SEEP_PROCESS_STATE_H

#include <sys/types.h>

/* 'R', 'S', 'T' (stopped), 't' (by a debugger), ...: of its first thread, or, where that has ended, of another that has
 * not. 'Z': all have. 0: there is no such process, or no /proc. */
char process_state(pid_t pid);

/* The number by which /proc shows a process's memory: its own, or, where its first thread has ended, another's. */
pid_t process_shown_as(pid_t pid);

#endif
