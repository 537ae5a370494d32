/* SPDX-License-Identifier: Apache-2.0 */
/* An allocator that is a part of a program which `seep run` has just started with libseep.so: hooked before the program's first
 * instruction, once its libraries are there. */
#ifndef SEEP_INLINE_ENTRY_H
#define SEEP_INLINE_ENTRY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* The process is about to execute the program and is traced by this thread, with PTRACE_O_TRACEEXEC; it runs on untraced
 * afterwards, in any case. `notes` receives lines on what is not hooked. False: the error says why nothing is; "": the program
 * could not be executed. */
bool process_hook_at_entry(pid_t pid, char *notes, size_t size, struct error *error);

#endif
