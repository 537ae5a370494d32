/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a program of another pid namespace in ours: see namespace.h. */
#include "keeper/program/namespace.h"

#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/program/process.h"

/* The first pid namespace of a system always has this inode: who lives there sees every process. */
#define INITIAL_NAMESPACE UINT64_C(0xeffffffc)
#define STATUS_BYTES 3072

/* As the kernel writes it: struct linux_dirent64. */
struct entry {
	uint64_t inode;
	int64_t next;
	uint16_t bytes;
	uint8_t type;
	char name[];
};

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
	char path[48], status[STATUS_BYTES];
	struct text text = text_begin(path, sizeof path);
	if (!process_exists(here, start_ticks))
		return false;
	text_add(&text, "/proc/");
	text_add_unsigned(&text, here);
	text_add(&text, "/status");
	return file_read_text(path, status, sizeof status) > 0 && namespace_innermost_is(status, pid);
}

/* Looks through all of /proc: some milliseconds. */
static uint64_t find(uint64_t pid, uint64_t start_ticks)
{
	_Alignas(8) char buffer[4096];
	uint64_t found = 0;
	long got;
	int directory = file_open(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY, 0);
	if (directory < 0)
		return 0;
	while (!found && (got = system_list_directory(directory, buffer, sizeof buffer)) > 0) {
		for (long at = 0; at < got && !found;) {
			const struct entry *entry = (const void *)(buffer + at);
			const char *name = entry->name;
			uint64_t here;
			if (text_take_unsigned(&name, &here) && !*name && matches(here, pid, start_ticks))
				found = here;
			at += entry->bytes;
		}
	}
	system_close(directory);
	return found;
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
