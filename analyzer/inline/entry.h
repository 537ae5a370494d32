/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks an allocator that is a part of a program which `seep run` has just started with libseep.so: before the
 * program's first instruction, when its libraries are loaded. */
#ifndef SEEP_INLINE_ENTRY_H
#define SEEP_INLINE_ENTRY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* The process is about to execute the program, and this thread traces it with PTRACE_O_TRACEEXEC; in any case it runs
 * untraced afterwards. `notes` receives lines about functions that are not hooked. False: the error says why none is
 * hooked; "": the program could not be executed. */
bool process_hook_at_entry(pid_t pid, char *notes, size_t size, struct error *error);

#endif
