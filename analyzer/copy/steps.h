/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a process (image.h) that runs for a moment, from one stop to the next. */
#ifndef SEEP_COPY_STEPS_H
#define SEEP_COPY_STEPS_H

#include <signal.h>

#include "tracing/borrowed.h"

enum { STEP_OF_CALL = SIGTRAP | 0x80 }; /* before a system call, and behind it */

struct steps {
	pid_t pid;
	double until_ms; /* the last stop must come before this */
	bool late;       /* it did not */
};

/* Runs the copy to its next stop, and reads its registers. */
bool steps_next(struct steps *steps, struct user_regs_struct *registers, int *signal, struct error *error);

/* Prepares the copy to go on at an address, with these arguments, and with a number for a system call; the other
 * registers are as given. */
bool steps_set(const struct steps *steps, const struct user_regs_struct *registers, uint64_t address, uint64_t number,
	       uint64_t stack, const uint64_t arguments[BORROWED_ARGUMENTS], struct error *error);

/* Makes the copy do a system call, by the instruction at an address. */
bool steps_system(struct steps *steps, const struct user_regs_struct *registers, uint64_t address, uint64_t number,
		  const uint64_t arguments[BORROWED_ARGUMENTS], int64_t *result, struct error *error);

#endif
