/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A piece of work in a process of its own, whose answer comes through a pipe. The memory that it took is given back
 * as it ends; and an input that somebody made up, which crashes it or takes too long, costs its own answer alone. The
 * one who takes the answer checks it like a file's contents.
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
	size_t most; /* bytes of its answer */
	struct buffer got;
};

/* What it does: appends its answer. It has no descriptors but the standard three. */
typedef void task_work(struct buffer *answer, const void *context);

bool task_start(struct task *task, task_work *work, const void *context, size_t most, uint64_t now_ns,
		struct error *error);
/* Takes what is there. False: all of it is, or more than it may be. */
bool task_read(struct task *task);
/* Ends it, and waits for that; `got` stays with the caller. `status` is as of wait(), `cpu_s` what it took. */
void task_finish(struct task *task, int *status, double *cpu_s);

#endif
