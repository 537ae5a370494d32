/* SPDX-License-Identifier: Apache-2.0 */
/* A running process: does it record? If not, why, and how would it at its next start? */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <seep/host.h>
#include <seep/keeper.h>

#include "attach/join.h"
#include "attach/refusal.h"
#include "doctor/check.h"
#include "process/inspect.h"
#include "process/locate.h"

static bool process_has_variable(const void *context, const char *name, const char *value)
{
	char found[256];

	return process_environment(*(const pid_t *)context, name, found, sizeof found) &&
	       (!value || strcmp(found, value) == 0);
}

/* Findings that the recording itself contains. */
static void check_recording(const char *directory, struct findings *findings)
{
	struct seep_heap_view heap = {0};
	struct seep_heap_state state;
	struct seep_fault fault;

	if (!seep_heap_open(&heap, directory, false, &fault))
		return;
	seep_heap_state(&heap, &state);
	seep_heap_close(&heap);
	if (state.status & SEEP_STATUS_BYPASSED)
		finding_add(findings, FINDING_FAULT, "own-malloc",
			    "start it under 'seep run --static', which hooks that allocator",
			    "a module of the program defines malloc itself: the shim is bypassed");
	if (state.status & SEEP_STATUS_NO_UNWINDER)
		finding_add(findings, FINDING_WARNING, "libunwind", "install the package libunwind8",
			    "the process found no libunwind: its stacks are one frame deep");
	if (state.status & SEEP_STATUS_VALGRIND)
		finding_add(findings, FINDING_NOTE, "valgrind", NULL, "it runs under valgrind");
	if (state.status & SEEP_STATUS_FORKED)
		finding_add(findings, FINDING_NOTE, "forked", NULL,
			    "it was forked: memory that it inherited from its parent is not in its recording");
}

/* The process was started without the shim, or seep has left it. Says whether `seep attach` could join it now; `linked`: by --static. */
static bool check_joining(pid_t pid, const struct process_facts *facts, bool *linked, struct findings *findings)
{
	struct error error;
	char command[64];
	const char *state = facts->shim_joined ? "seep has left it" : "it runs without libseep.so";

	const bool joinable = process_can_be_joined(pid, linked, &error);
	snprintf(command, sizeof command, "'seep attach %s%d' records it from now on", *linked ? "--static " : "",
		 (int)pid);
	if (joinable)
		finding_add(findings, FINDING_NOTE, "joinable", command, "%s, and %s%s", state,
			    facts->shim_joined ? "it " : "",
			    *linked ? "has an allocator of its own that can be hooked" : "can be joined");
	else
		finding_add(findings, FINDING_FAULT, "not-preloaded", NULL, "%s; %s", state, error.text);
	return joinable;
}

/* The shim is not in the process: says why, and whether that can be changed while it runs. True: it can, by --static. */
static bool check_absence(pid_t pid, const struct process_facts *facts, struct findings *findings)
{
	bool linked;
	const bool joinable = check_joining(pid, facts, &linked, findings);
	const enum finding_severity severity = joinable ? FINDING_NOTE : FINDING_FAULT;

	if (facts->secure_mode)
		finding_add(findings, severity, "secure-mode", "start it with the rights that it ends up with",
			    "it was started in secure mode (set-user-ID or capabilities): LD_PRELOAD was ignored");
	else if (facts->shim_asked_for)
		finding_add(findings, severity, "not-loaded", "see the lines below, and its standard error at start",
			    "LD_PRELOAD names libseep.so, but the loader did not load it");
	return joinable && linked;
}

/* An allocator that is hooked where it is: preloading, which is about the next start, would not see it. */
static void allocator_forgive(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		if (strcmp(findings->items[i].id, "own-malloc") == 0)
			findings->items[i].severity = FINDING_NOTE;
}

void check_process(pid_t pid, struct findings *findings)
{
	struct process_facts facts;
	struct error error;
	char directory[PATH_MAX];
	bool hooks_allocator = false;
	struct check_environment environment = {process_has_variable, &pid};

	if (!process_inspect(pid, &facts, &error)) {
		finding_add(findings, FINDING_FAULT, "process", NULL, "%s", error.text);
		return;
	}
	if (facts.state == 'Z') {
		finding_add(findings, FINDING_FAULT, "ended", NULL, "%s (%d) has ended", facts.name, (int)pid);
		return;
	}
	if (!facts.dumpable)
		finding_add(findings, FINDING_WARNING, "non-dumpable", "ask as root",
			    "%s (%d) is not dumpable: only root can look into it", facts.name, (int)pid);
	if (!facts.memory_readable) {
		finding_add(findings, FINDING_FAULT, "no-access", "ask as its user or as root",
			    "%s (%d) belongs to user %u: its memory map can't be read", facts.name, (int)pid,
			    (unsigned)facts.user);
		return;
	}
	if (recording_locate(pid, directory, sizeof directory, &error)) {
		finding_add(findings, FINDING_FINE, "recording", NULL, "%s (%d) records into %s", facts.name, (int)pid,
			    directory);
		check_recording(directory, findings);
		return;
	}
	const uint64_t left = process_addresses_left(pid);
	if (facts.shim_mapped && !facts.shim_joined && left < seep_address_space_least())
		finding_add(
		    findings, FINDING_FAULT, "address-space", "start it with a higher one (ulimit -v)",
		    "%s (%d) is not recorded: its limit of address space leaves it %llu MiB, and a recording asks "
		    "for %llu MiB",
		    facts.name, (int)pid, (unsigned long long)left >> 20,
		    (unsigned long long)seep_address_space_least() >> 20);
	else if (facts.shim_mapped && !facts.shim_joined)
		finding_add(findings, FINDING_WARNING, "no-recording",
			    "wait until it has allocated some MB, or start it with a smaller rate (-r 8K)",
			    "%s (%d) has libseep.so, but no recording yet", facts.name, (int)pid);
	else
		hooks_allocator = check_absence(pid, &facts, findings);
	char executable[64];
	snprintf(executable, sizeof executable, "/proc/%d/exe", (int)pid);
	if (facts.executable[0])
		check_executable(access(facts.executable, R_OK) == 0 ? facts.executable : executable, ELF_DEEP,
				 &environment, findings);
	if (hooks_allocator)
		allocator_forgive(findings);
}
