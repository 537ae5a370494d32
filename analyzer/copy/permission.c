/* SPDX-License-Identifier: Apache-2.0 */
/* See permission.h. */
#include "copy/permission.h"

#include "attach/refusal.h"
#include "process/inspect.h"
#include "tracing/filter.h"

bool process_may_be_copied(pid_t pid, struct error *error)
{
	struct process_facts facts;

	if (!process_may_be_joined(pid, error) || !process_inspect(pid, &facts, error))
		return false;
	if (!facts.dumpable)
		return error_set(error, "%d (%s) does not allow its memory to be read (prctl PR_SET_DUMPABLE)",
				 (int)pid, facts.name);
	return !process_is_confined(pid) ||
	       error_set(error, "%d (%s) has forbidden itself system calls (seccomp)", (int)pid, facts.name);
}
