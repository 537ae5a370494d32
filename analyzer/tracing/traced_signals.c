/* SPDX-License-Identifier: Apache-2.0 */
/* See traced_signals.h. */
#include "tracing/traced_signals.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

enum { SYSCALL_BYTES = 2 }; /* length of the instruction */

/* The signals of a thread, from /proc. It need not be one of the process that we look at: see tracees.c. */
struct signal_sets {
	uint64_t pending, blocked, ignored, caught;
};

static bool sets_read(pid_t tid, struct signal_sets *sets)
{
	char path[64], line[256];
	uint64_t set;

	*sets = (struct signal_sets){0};
	snprintf(path, sizeof path, "/proc/%d/status", (int)tid);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof line, file)) {
		if (sscanf(line, "SigPnd: %" SCNx64, &set) == 1 || sscanf(line, "ShdPnd: %" SCNx64, &set) == 1)
			sets->pending |= set;
		else if (sscanf(line, "SigBlk: %" SCNx64, &set) == 1)
			sets->blocked = set;
		else if (sscanf(line, "SigIgn: %" SCNx64, &set) == 1)
			sets->ignored = set;
		else if (sscanf(line, "SigCgt: %" SCNx64, &set) == 1)
			sets->caught = set;
	}
	fclose(file);
	return true;
}

bool tracing_signal_is_free(pid_t pid, int signal)
{
	struct signal_sets sets;

	return sets_read(pid, &sets) && !((sets.blocked | sets.ignored) & SIGNAL_BIT(signal));
}

/* Signals without effect on this process: it ignores them, or their default does. */
static uint64_t harmless(const struct signal_sets *sets)
{
	const uint64_t by_default =
	    SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH);

	return sets->ignored | (by_default & ~sets->caught);
}

bool traced_call_make_again(pid_t tid, bool harmless_signal)
{
	struct user_regs_struct registers;
	struct signal_sets sets;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &registers) != 0 || (long)registers.orig_rax < 0 ||
	    (long)registers.rax != -EINTR || registers.orig_rax == SYS_close)
		return false;
	if (!harmless_signal && (!sets_read(tid, &sets) || (sets.pending & ~sets.blocked & ~harmless(&sets))))
		return false;
	registers.rip -= SYSCALL_BYTES;
	registers.rax = registers.orig_rax;
	registers.orig_rax = UINT64_MAX;
	return ptrace(PTRACE_SETREGS, tid, NULL, &registers) == 0;
}

void traced_signal_pass_on(pid_t tid, int number)
{
	struct signal_sets sets;

	if (number == TRACED_CALL_STOP)
		number = 0;
	else if (sets_read(tid, &sets) && (harmless(&sets) & SIGNAL_BIT(number)))
		traced_call_make_again(tid, true);
	ptrace(PTRACE_CONT, tid, NULL, (void *)(intptr_t)number);
}
