/* SPDX-License-Identifier: Apache-2.0 */
/* Was this library preloaded, or brought into a process that was running already? See <seep/join.h>. */
#ifndef SEEP_HOST_JOINED_H
#define SEEP_HOST_JOINED_H

#include <stdbool.h>

#include <seep/join.h>

extern __attribute__((visibility("default"))) struct seep_join seep_join;

static inline bool is_joined(void)
{
	return __atomic_load_n(&seep_join.asked, __ATOMIC_RELAXED) == SEEP_JOIN_ASKED;
}

/* The first definition of a name in the order in which the program's own look-ups find them, but for ours; of what is
 * loaded now. NULL: there is none. */
void *joined_definition(const char *name);

/* Where the program's variables are noted: the C library's `environ`, or the copy that the program has. NULL: unknown. */
char ***host_environ(void);

#endif
