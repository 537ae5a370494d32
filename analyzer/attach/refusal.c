/* SPDX-License-Identifier: Apache-2.0 */
/* See refusal.h. */
#include "attach/refusal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seep/process.h>

#include "process/elf_inspect.h"
#include "process/inspect.h"

enum { STATUS_BYTES = 8192 };

/* A number behind a field's name in /proc/PID/status; 0 where it is not there. */
static unsigned long status_number(const char *status, const char *field, int base)
{
	const char *at = strstr(status, field);

	return at ? strtoul(at + strlen(field), NULL, base) : 0;
}

/* Yama lets a process be traced by its ancestors alone, by root alone, or by nobody. */
static int yama_scope(void)
{
	int scope = 0;
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");

	if (file) {
		if (fscanf(file, "%d", &scope) != 1)
			scope = 0;
		fclose(file);
	}
	return scope;
}

static bool access_is_given(pid_t pid, const char *name, struct error *error)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	int file = open(path, O_RDWR | O_CLOEXEC);
	if (file >= 0) {
		close(file);
		return true;
	}
	int scope = yama_scope();
	if (scope >= 3)
		return error_set(error,
				 "%d (%s) can't be joined: kernel.yama.ptrace_scope is 3, which forbids it to all",
				 (int)pid, name);
	if (scope > 0 && geteuid() != 0)
		return error_set(error, "%d (%s) can't be joined: kernel.yama.ptrace_scope is %d; ask as root",
				 (int)pid, name, scope);
	return error_set(error, "%d (%s) can't be joined: that needs the same user or CAP_SYS_PTRACE; ask as root",
			 (int)pid, name);
}

static bool program_is_ours(pid_t pid, const struct process_facts *facts, struct error *error)
{
	struct elf_facts elf;
	struct error ignored;
	bool is_elf;
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	if (!elf_inspect(path, ELF_SHALLOW, &elf, &is_elf, &ignored))
		return true; /* what follows says more */
	if (elf.machine != elf_own_machine() || !elf.is_64_bit)
		return error_set(error, "%d (%s) can't be joined: it is a program for another machine (%s)", (int)pid,
				 facts->name, elf_machine_name(elf.machine));
	if (!elf.interpreter[0] && !elf.has_dynamic_section)
		return error_set(error, "%d (%s) can't be joined: it is statically linked", (int)pid, facts->name);
	if (strstr(elf.interpreter, "musl"))
		return error_set(error, "%d (%s) can't be joined: its C library is musl, and seep knows glibc",
				 (int)pid, facts->name);
	if (elf.sanitizer)
		return error_set(error, "%d (%s) can't be joined: it runs under %s, which has malloc for itself",
				 (int)pid, facts->name, elf.sanitizer);
	return true;
}

bool process_may_be_joined(pid_t pid, struct error *error)
{
	struct process_facts facts;
	char status[STATUS_BYTES];

	if (pid == getpid())
		return error_set(error, "%d is seep itself", (int)pid);
	if (!process_inspect(pid, &facts, error))
		return false;
	if (facts.state == 'Z')
		return error_set(error, "%d (%s) has ended", (int)pid, facts.name);
	if (!access_is_given(pid, facts.name, error))
		return false;
	if (seep_process_read((uint64_t)pid, "status", status, sizeof status) < 0)
		return error_set(error, "%d has ended", (int)pid);
	unsigned long tracer = status_number(status, "\nTracerPid:", 10);
	if (tracer)
		return error_set(error, "%d (%s) can't be joined: process %lu traces it already", (int)pid, facts.name,
				 tracer);
	if (facts.state == 'T')
		return error_set(error, "%d (%s) is stopped; continue it first (kill -CONT %d)", (int)pid, facts.name,
				 (int)pid);
	if (status_number(status, "\nSeccomp:", 10))
		return error_set(
		    error,
		    "%d (%s) can't be joined: it has forbidden itself system calls (seccomp); start it under "
		    "'seep run'",
		    (int)pid, facts.name);
	return program_is_ours(pid, &facts, error);
}
