/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /proc says about a process, as far as seep needs it. Nothing here attaches to the process or disturbs it. All
 * text from there is untrusted.
 */
#ifndef SEEP_PROCESS_INSPECT_H
#define SEEP_PROCESS_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct process_facts {
	char name[64];         /* comm, control characters replaced */
	char state;            /* R, S, D, T, Z, ... */
	uid_t user;            /* effective */
	char executable[4096]; /* "": it can't be read */
	bool memory_readable;  /* /proc/PID/maps can be opened */
	bool dumpable;         /* its /proc files belong to its own user */
	bool secure_mode;      /* AT_SECURE: the loader ignored LD_PRELOAD */
	bool shim_mapped;      /* libseep.so is in its memory */
	bool shim_joined;      /* `seep attach` brought it there */
	bool shim_asked_for;   /* LD_PRELOAD in its first environment names libseep.so */
};

/* 'R', 'S', 'T' (stopped), 't' (by a debugger), ...: see seep_process_shown_as(). */
char process_state(pid_t pid);

/* False: there is no such process, or /proc is not there. */
bool process_inspect(pid_t pid, struct process_facts *facts, struct error *error);

/* True if `pid` is `ancestor` or descends from it, as far as /proc tells. */
bool process_descends_from(pid_t pid, pid_t ancestor);

/* The value of a variable in the process's first environment; false if it isn't there or can't be read. */
bool process_environment(pid_t pid, const char *name, char *value, size_t size);

/* Bytes that it has given back by madvise(MADV_FREE), and that the kernel has not taken yet. False: the kernel does not say. */
bool process_given_back(pid_t pid, uint64_t *bytes);

struct process_number {
	pid_t pid;
	uint64_t start_ticks; /* with the number it is this process for good */
};

/* By number, without ourselves and without zombies. */
struct process_list {
	struct process_number *each;
	size_t count, capacity;
};

/* Those whose name, or whose executable's, is just that, as `pgrep -x` would find them. */
void process_list_named(struct process_list *list, const char *name);
/* Those below a process that have libseep.so by it: it forked them while it was joined, or they one another. */
void process_list_forked(struct process_list *list, pid_t pid);
void process_list_free(struct process_list *list);

#endif
