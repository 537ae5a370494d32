/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of another process, through /proc/PID/mem. That file can also write where the process itself may only read
 * (a table that the loader has closed, code). */
#ifndef SEEP_TRACING_REMOTE_H
#define SEEP_TRACING_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct remote {
	pid_t pid;
	int memory; /* a descriptor; -1: closed */
};

/* False: the error says what is missing. The descriptor belongs to the present address space: after an exec it reads
 * nothing any more. */
bool remote_open(struct remote *remote, pid_t pid, struct error *error);
void remote_close(struct remote *remote);

/* Reads all of it; otherwise false. */
bool remote_read(const struct remote *remote, uint64_t address, void *to, size_t bytes);
bool remote_write(const struct remote *remote, uint64_t address, const void *from, size_t bytes);

/* Reads a text of less than `size` bytes with its NUL; false: it is longer, or can't be read. */
bool remote_text(const struct remote *remote, uint64_t address, char *text, size_t size);

#endif
