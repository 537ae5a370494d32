/* SPDX-License-Identifier: Apache-2.0 */
/* What `seep run` does before and after its program runs; private to the command. */
#ifndef SEEP_COMMANDS_RUN_PRIVATE_H
#define SEEP_COMMANDS_RUN_PRIVATE_H

#include <stdbool.h>

#include "base/error.h"
#include "doctor/check.h"
#include "session/session.h"

/* Makes the directories above a recording, as mkdir -p does, as far as their names are the same for every process (no
 * %c, %p, %h). `pattern` is absolute. False: they can't be made, or nothing can be written there. */
bool run_output_prepare(const char *pattern, struct error *error);

struct run_summary_context {
	const char *program; /* as it was called */
	const char *output;  /* the recording's name: absolute, not yet filled in */
	const char *rate;    /* as it was given; NULL: not given */
	bool delayed;
	const struct findings *findings; /* of the checks before the start */
};

/* Prints to stderr where the recordings are and what to type next, or why there are none. */
void run_summary_print(const struct session_results *results, const struct run_summary_context *context);

#endif
