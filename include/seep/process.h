/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process, as /proc shows it, for libseep.so's keeper and for `seep`.
 * Nothing here allocates, takes a lock, or attaches to the process. A process
 * may end between any two reads; a field that can't be read is unknown. All of
 * it is untrusted text.
 */
#ifndef SEEP_PROCESS_H
#define SEEP_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* /proc/PID/stat */
struct seep_process_stat {
	char name[64]; /* as the process chose it: any bytes */
	char state;    /* R, S, D, T, Z, ... of its first thread, which may have ended */
	uint64_t parent_pid, threads;
	uint64_t start_ticks;      /* since boot, whatever our time namespace */
	uint64_t stack, exit_code; /* 0: not to be seen */
};

/* False: there is no such process, or no /proc. */
bool seep_process_stat(uint64_t pid, struct seep_process_stat *stat);

/* The number by which /proc shows the process as a whole: its own, or another thread's, if its first thread has ended.
 * *state is that thread's; 'Z': all have ended; 0: there is no such process. */
uint64_t seep_process_shown_as(uint64_t pid, char *state);

/* Reads "/proc/PID/NAME", at most size - 1 bytes, and ends them with a NUL. Their number, or -errno. */
long seep_process_read(uint64_t pid, const char *name, char *data, size_t size);

/* The four numbers behind "Uid:" or "Gid:" in /proc/PID/status: real, effective, saved, filesystem. False: not there. */
bool seep_process_ids(uint64_t pid, const char *field, uint32_t ids[static 4]);

/* A line of /proc/PID/maps. */
struct seep_mapping {
	uint64_t start, end, offset;
	uint32_t device_major, device_minor;
	uint64_t inode;
	char permissions[5]; /* "rw-p" */
	bool deleted;
	char label[84];  /* "[heap]", "[anon:NAME]"; "": none */
	char path[4096]; /* escapes undone, " (deleted)" cut off; "": the mapping has no file */
};

/* Calls `visit` for each mapping until it returns false. 0, or -errno: not all could be read. */
typedef bool seep_mapping_visitor(const struct seep_mapping *mapping, void *context);
long seep_process_visit_mappings(uint64_t pid, seep_mapping_visitor *visit, void *context);

#endif
