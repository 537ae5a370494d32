/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that a process of its own does, whose answer comes through a pipe. Its memory is given back when it ends, and an
 * input that makes it crash or take too long costs only this answer. Whoever takes the answer checks it as untrusted
 * data.
 */
#ifndef SEEP_PROCESS_TASK_H
#define SEEP_PROCESS_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"

struct task {
	pid_t pid; /* 0: there is none */
	int pipe;
	uint64_t deadline_ns;
	size_t most; /* the most bytes that its answer may have */
	struct buffer got;
};

/* The work: appends its answer. It has no descriptors but the standard three. */
typedef void task_work(struct buffer *answer, const void *context);

bool task_start(struct task *task, task_work *work, const void *context, size_t most, uint64_t now_ns,
		struct error *error);
/* Reads what has arrived. False: the answer is complete, or larger than it may be. */
bool task_read(struct task *task);
/* Ends the process, and waits for that; the caller keeps `got`. `status` is as wait() gives it, `cpu_s` the CPU time
 * that it took. */
void task_finish(struct task *task, int *status, double *cpu_s);

#endif
