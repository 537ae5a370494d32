/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Will seep work here? Checks of a command, of a running process and of the machine. Each finding is one line with
 * advice. `seep doctor` prints all of them, `seep run` only those that spoil the recording.
 */
#ifndef SEEP_DOCTOR_CHECK_H
#define SEEP_DOCTOR_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "process/elf_inspect.h"

enum finding_severity {
	FINDING_FINE,    /* as it should be */
	FINDING_NOTE,    /* worth knowing, nothing is wrong */
	FINDING_WARNING, /* it works, but the result will say less */
	FINDING_FAULT,   /* it will not work */
};

struct finding {
	enum finding_severity severity;
	const char *id;   /* stable, for scripts: "static", "setuid", ... */
	char text[512];   /* the fact; safe to print */
	char advice[240]; /* what to do; "" if there is nothing to do */
};

struct findings {
	struct finding *items;
	size_t count, capacity;
	bool preload_breaks; /* with libseep.so preloaded the program would fail or complain: run it without */
};

/* Appends a finding; `advice` may be NULL. */
void finding_add(struct findings *findings, enum finding_severity severity, const char *id, const char *advice,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));
bool findings_have_fault(const struct findings *findings);
void findings_free(struct findings *findings);

/* A command as execvp() would start it: scripts and env(1) are followed to the program that does the work. */
void check_command(char *const *arguments, enum elf_depth depth, struct findings *findings);

/* A command that becomes another user (su, runuser, setpriv): does it take libseep.so out of the environment? */
void check_user_change(char *const *arguments, struct findings *findings);

/* Checks whether other users can load libseep.so from this path. */
void check_shim_for_others(const char *path, struct findings *findings);

/* Checks whether a process records, or would if it were started anew. */
void check_process(pid_t pid, struct findings *findings);

/* This machine and this installation. */
void check_machine(struct findings *findings);

/* The part of it that is about the memory that heap files lie in, and of that what holds for each program that is started here. */
void check_memory(struct findings *findings);
void check_addresses(struct findings *findings);

/* For check_command() and check_process(): checks the executable file. `has_variable` tells whether the program's
 * environment has a variable set to a value (or to any value, if it is NULL). */
struct check_environment {
	bool (*has_variable)(const void *context, const char *name, const char *value);
	const void *context;
};
void check_executable(const char *path, enum elf_depth depth, const struct check_environment *environment,
		      struct findings *findings);

#endif
