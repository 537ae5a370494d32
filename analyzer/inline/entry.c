/* SPDX-License-Identifier: Apache-2.0 */
/* See entry.h. */
#include "inline/entry.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <seep/snapshot.h>

#include "inline/patch.h"
#include "tracing/borrowed.h"
#include "tracing/traced_signals.h"

enum { STOP_WITHIN_MS = 2000 };

enum outcome { OUTCOME_THERE, OUTCOME_EXEC, OUTCOME_GONE };

/* Lets the process run to its next exec, or to the trap (0: there is none). Passes signals on. */
static enum outcome stop_await(pid_t pid, uint64_t trap)
{
	struct user_regs_struct registers;
	siginfo_t peeked;
	int status;

	for (;;) {
		/* Only peeks, since others want to see the process's end. */
		while (waitid(P_PID, (id_t)pid, &peeked, WEXITED | WSTOPPED | WNOWAIT | __WALL) != 0)
			if (errno != EINTR)
				return OUTCOME_GONE;
		if (peeked.si_code == CLD_EXITED || peeked.si_code == CLD_KILLED || peeked.si_code == CLD_DUMPED)
			return OUTCOME_GONE;
		if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
			return OUTCOME_GONE;
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8))
			return OUTCOME_EXEC;
		if (trap && status >> 8 == SIGTRAP && ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0 &&
		    registers.rip == trap + 1) {
			registers.rip = trap;
			ptrace(PTRACE_SETREGS, pid, NULL, &registers);
			return OUTCOME_THERE;
		}
		int pass = status >> 16 ? 0 : WSTOPSIG(status);
		if (ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)pass) != 0)
			return OUTCOME_GONE;
	}
}

/* Stops the process at its first instruction. */
static bool entry_await(pid_t pid, struct error *error)
{
	static const unsigned char trap = 0xcc;

	*error = (struct error){0};
	if (stop_await(pid, 0) != OUTCOME_EXEC)
		return false;
	for (;;) {
		struct remote remote;
		unsigned char was = 0;
		uint64_t entry = loaded_auxiliary(pid, AT_ENTRY);
		/* The trap would reset the disposition of SIGTRAP if that is ignored or blocked. */
		if (!entry || !tracing_signal_is_free(pid, SIGTRAP))
			return error_set(error, "%s", entry ? "it ignores or blocks SIGTRAP" : "it can't be read");
		if (!remote_open(&remote, pid, error))
			return false;
		enum outcome outcome = OUTCOME_GONE;
		if (remote_read(&remote, entry, &was, 1) && remote_write(&remote, entry, &trap, 1) &&
		    ptrace(PTRACE_CONT, pid, NULL, NULL) == 0)
			outcome = stop_await(pid, entry);
		bool there = outcome == OUTCOME_THERE && remote_write(&remote, entry, &was, 1);
		remote_close(&remote);
		if (outcome != OUTCOME_EXEC)
			return there || error_set(error, "it has ended");
	}
}

/* The process at its first instruction. */
struct entry {
	struct remote remote;
	struct tracees tracees;
	struct loaded loaded;
	uint64_t table; /* address of libseep.so's seep_linked */
};

/* Corrects libseep.so, whose constructor has found that it is bypassed. */
static bool bypass_undo(const struct entry *entry)
{
	struct seep_linked table;
	uint64_t nobody = 0;
	uint32_t status;

	if (!remote_read(&entry->remote, entry->table, &table, sizeof table) ||
	    !remote_read(&entry->remote, (uintptr_t)table.status, &status, sizeof status))
		return false;
	status &= ~(uint32_t)SEEP_STATUS_BYPASSED;
	return remote_write(&entry->remote, (uintptr_t)table.bypassed, &nobody, sizeof nobody) &&
	       remote_write(&entry->remote, (uintptr_t)table.status, &status, sizeof status);
}

static bool patch_write(struct entry *entry, struct patch *patch, struct error *error)
{
	struct borrowed borrowed;
	struct tracee *first = tracees_take(&entry->tracees, entry->tracees.pid);

	if (!borrowed_prepare(&borrowed, &entry->remote, &entry->loaded, &entry->tracees, error) ||
	    !borrowed_begin(&borrowed, first, error))
		return false;
	bool brought = patch_bring(patch, &borrowed, entry->table, error);
	borrowed_end(&borrowed);
	return brought && tracees_stop(&entry->tracees, STOP_WITHIN_MS, error) &&
	       (area_put_in(&patch->area, &entry->tracees) || error_set(error, "a thread of it is in the way")) &&
	       (bypass_undo(entry) || error_set(error, "libseep.so in it can't be written"));
}

static bool hooks_bring(struct entry *entry, char *notes, size_t size, struct error *error)
{
	struct patch patch;

	if (!loaded_read(&entry->loaded, &entry->remote, error))
		return false;
	const struct loaded_module *shim = loaded_find(&entry->loaded, "libseep.so");
	entry->table = shim ? loaded_definition(shim, "seep_linked") : 0;
	if (!entry->table)
		return error_set(error, "libseep.so is not in it");
	if (!patch_plan(&patch, &entry->remote, &entry->loaded, error))
		return false;
	bool written = patch_write(entry, &patch, error);
	snprintf(notes, size, "%s", patch.notes);
	patch_free(&patch);
	return written;
}

bool process_hook_at_entry(pid_t pid, char *notes, size_t size, struct error *error)
{
	struct entry entry = {0};
	bool hooked = false;

	tracees_begin(&entry.tracees, pid);
	if (entry_await(pid, error) && remote_open(&entry.remote, pid, error)) {
		hooked = hooks_bring(&entry, notes, size, error);
		loaded_free(&entry.loaded);
		remote_close(&entry.remote);
	}
	/* takes the process even if nothing was taken yet, so that it can be let go */
	tracees_take(&entry.tracees, pid);
	tracees_end(&entry.tracees);
	return hooked;
}
