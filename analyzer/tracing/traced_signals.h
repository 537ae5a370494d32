/* SPDX-License-Identifier: Apache-2.0 */
/* Signals of threads that are traced, and calls that a stop has interrupted: both go on as they would without us. */
#ifndef SEEP_TRACING_TRACED_SIGNALS_H
#define SEEP_TRACING_TRACED_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "keeper/base/syscall.h"

/* A stop at a system call (with PTRACE_O_TRACESYSGOOD) of a thread that works for us. */
#define TRACED_CALL_STOP (SIGTRAP | 0x80)

/* Whether the process neither ignores a signal nor blocks it in its first thread. */
bool tracing_signal_is_free(pid_t pid, int signal);

/* If a system call has returned EINTR although no signal will be handled, the stopped thread makes it again, because
 * without us it would not have returned. (The kernel itself repeats most calls, but not epoll_wait() and its like.)
 * `harmless_signal`: a signal without effect on the process is known to have interrupted it. True: it makes it again. */
bool traced_call_make_again(pid_t tid, bool harmless_signal);

/* Lets a thread go on that has stopped for a signal, and passes the signal on. Tracing wakes a thread even for signals
 * that it ignores. */
void traced_signal_pass_on(pid_t tid, int number);

#endif
