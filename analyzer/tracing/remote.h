/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of another process, by /proc/PID/mem: that writes where the process itself may only read, too (a table
 * that the loader has closed, code). */
#ifndef SEEP_TRACING_REMOTE_H
#define SEEP_TRACING_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct remote {
	pid_t pid;
	int memory; /* descriptor; -1: closed */
};

/* False: the error says what is missing. The descriptor stays with the address space of this moment: after an exec it
 * reads nothing any more. */
bool remote_open(struct remote *remote, pid_t pid, struct error *error);
void remote_close(struct remote *remote);

/* All of it, or false. */
bool remote_read(const struct remote *remote, uint64_t address, void *to, size_t bytes);
bool remote_write(const struct remote *remote, uint64_t address, const void *from, size_t bytes);

/* A text of less than `size` bytes with its NUL; false: it is longer, or can't be read. */
bool remote_text(const struct remote *remote, uint64_t address, char *text, size_t size);

#endif
