/* SPDX-License-Identifier: Apache-2.0 */
/* What `seep run` says when its program has ended. */
#ifndef SEEP_SUMMARY_RUN_SUMMARY_H
#define SEEP_SUMMARY_RUN_SUMMARY_H

#include <stdbool.h>

#include "doctor/check.h"
#include "session/session.h"

struct run_summary_context {
	const char *program; /* as the user called it */
	const char *output;  /* the pattern of the recordings' names, absolute */
	const char *rate;    /* --rate as it was given; NULL: not given */
	bool delayed;
	const struct findings *findings; /* of the checks before the start */
};

/* Prints to stderr where the recordings are and what to type next, or why there are none. */
void run_summary_print(const struct session_results *results, const struct run_summary_context *context);

#endif
