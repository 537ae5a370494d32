/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a program of another pid namespace in ours: see namespace.h. */
#include "keeper/program/namespace.h"

#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/program/process.h"

#include <seep/process.h>

/* The first pid namespace of a system always has this inode; its processes see every process. */
#define INITIAL_NAMESPACE UINT64_C(0xeffffffc)

/* "NSpid:" and the process's number in each namespace from ours inwards: is the innermost, of two or more, `pid`? */
bool namespace_innermost_is(const char *status, uint64_t pid)
{
	const char *at = strstr(status, "\nNSpid:");
	uint64_t number = 0;
	int numbers = 0;
	if (!at)
		return false;
	for (at += strlen("\nNSpid:"); *at == '\t' || *at == ' '; numbers++) {
		at++;
		if (!text_take_unsigned(&at, &number))
			return false;
	}
	return numbers > 1 && number == pid;
}

static bool matches(uint64_t here, uint64_t pid, uint64_t start_ticks)
{
	char status[PROCESS_STATUS_BYTES];
	return process_exists(here, start_ticks) && seep_process_read(here, "status", status, sizeof status) > 0 &&
	       namespace_innermost_is(status, pid);
}

struct search {
	uint64_t pid, start_ticks, found;
};

static bool process_visit(const char *name, unsigned char type, void *context)
{
	struct search *search = context;
	uint64_t here;
	(void)type;
	if (text_take_unsigned(&name, &here) && !*name && matches(here, search->pid, search->start_ticks))
		search->found = here;
	return !search->found;
}

/* Looks through all of /proc: some milliseconds. */
static uint64_t find(uint64_t pid, uint64_t start_ticks)
{
	struct search search = {.pid = pid, .start_ticks = start_ticks};
	int directory = file_open(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY, 0);
	if (directory < 0)
		return 0;
	file_visit_names(directory, process_visit, &search);
	system_close(directory);
	return search.found;
}

bool namespace_is_foreign(const struct seep_heap_header *header)
{
	uint64_t theirs = load_relaxed(&header->pid_namespace);
	return theirs && theirs != process_namespace();
}

uint64_t namespace_find(uint64_t pid, uint64_t start_ticks)
{
	return start_ticks ? find(pid, start_ticks) : 0;
}

bool namespace_sees_all(void)
{
	return process_namespace() == INITIAL_NAMESPACE;
}
