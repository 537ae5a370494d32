/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a process still there? /proc says so: it has the same pid, start time and
 * boot. A pid alone may be reused, and in containers it is always 1.
 */
#ifndef SEEP_PROGRAM_PROCESS_H
#define SEEP_PROGRAM_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seep/heap.h>

/* Bytes that are enough for /proc/PID/status. */
enum { PROCESS_STATUS_BYTES = 3072 };

/* "/proc/PID/NAME". 48 bytes are enough. */
void process_path(char *path, size_t size, uint64_t pid, const char *name);

/* Inode of the calling process's pid namespace; 0: unknown. */
uint64_t process_namespace(void);

/* Inode of its mount namespace; 0: unknown. */
uint64_t process_mount_namespace(void);

/* The id of this boot. False: unknown. */
bool process_boot_id(uint8_t boot_id[static 16]);
/* Whether it is this one's. False as well: unknown. */
bool process_boot_is(const uint8_t boot_id[static 16]);

/* Parent and start time of a process. False: there is none, or no /proc; both are then 0. */
bool process_identify(uint64_t pid, uint64_t *parent_pid, uint64_t *start_ticks);

/* Does any process with this pid exist here, zombies left out? `start_ticks`: field 22 of its stat, if not 0. Of a
 * process that /proc hides from us (hidepid) only the pid can be checked, so its reuse goes unnoticed. */
bool process_exists(uint64_t pid, uint64_t start_ticks);

/* The same, but a hidden process does not exist. */
bool process_is_seen(uint64_t pid, uint64_t start_ticks);

/* A descriptor by which to tell when the process ends, or -1: there is no such process, or no such descriptors (before
 * Linux 5.3). And has it? */
int process_watch(uint64_t pid, uint64_t start_ticks);
bool process_has_ended(int descriptor);

/* Does the calling thread alone still run in this process, whose first thread has ended? `status`, negative where nobody
 * knows it yet: afterwards the status to end with, since the kernel takes that of the last thread (Linux 5.17). */
bool process_is_alone(_Atomic int *status);

/* The address at which a process's first stack begins, another one after each exec. 0: we may not see it. */
uint64_t process_stack(uint64_t pid);

/* Is this a process of that name that has ended, and that nobody has waited for? */
bool process_is_left_over(uint64_t pid, const char *name);

#endif
