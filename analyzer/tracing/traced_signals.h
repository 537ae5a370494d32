/* SPDX-License-Identifier: Apache-2.0 */
/* Signals of threads that are traced, and calls that a stop has interrupted: both go on as they would without us. */
#ifndef SEEP_TRACING_TRACED_SIGNALS_H
#define SEEP_TRACING_TRACED_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "keeper/base/syscall.h"

/* The signal of a stop at a system call, with PTRACE_O_TRACESYSGOOD: the thread works for us. */
#define TRACED_CALL_STOP (SIGTRAP | 0x80)

/* Does the process neither ignore a signal nor block it in its first thread? */
bool tracing_signal_is_free(pid_t pid, int signal);

/* Where a system call has returned EINTR although no signal will be handled, the stopped thread makes it again: without
 * us it would not have returned. (The kernel itself makes most calls again, but not epoll_wait() and its like.)
 * `harmless_signal`: a signal that does nothing to the process is known to have interrupted it. */
void traced_call_make_again(pid_t pid, pid_t tid, bool harmless_signal);

/* Lets a thread go on that has stopped for a signal: it gets the signal, as without us. Being traced wakes a thread also
 * for a signal that it ignores. */
void traced_signal_pass_on(pid_t pid, pid_t tid, int number);

#endif
