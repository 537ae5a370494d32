/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A condition that always holds, as an assertion. `make check-debug` builds
 * with SEEP_DEBUG: then an invariant that does not hold says so on descriptor 2
 * and ends the process. In every other build nothing is evaluated, since the
 * shim never ends its host. Errors that can happen are handled or counted where
 * they happen; an invariant is for those that cannot. So code that reads a heap
 * file, such as the keeper's, has no invariant about what the program may
 * write.
 */
#ifndef SEEP_BASE_INVARIANT_H
#define SEEP_BASE_INVARIANT_H

#ifdef SEEP_DEBUG
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"

static inline __attribute__((noreturn, cold)) void invariant_broken(const char *condition, const char *file,
								    unsigned line)
{
	char message[300];
	struct text text = text_begin(message, sizeof message);
	text_add(&text, "seep: this does not hold: ");
	text_add(&text, condition);
	text_add(&text, " (");
	text_add(&text, file);
	text_add(&text, ":");
	text_add_unsigned(&text, line);
	text_add(&text, ")\n");
	system_write(2, message, text.length);
	__builtin_trap();
}

#define INVARIANT(condition) ((condition) ? (void)0 : invariant_broken(#condition, __FILE__, __LINE__))
#else
#define INVARIANT(condition) ((void)sizeof((condition) ? 1 : 0))
#endif

#endif
