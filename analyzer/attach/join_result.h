/* SPDX-License-Identifier: Apache-2.0 */
/* The outcome of joining or leaving a process. */
#ifndef SEEP_ATTACH_JOIN_RESULT_H
#define SEEP_ATTACH_JOIN_RESULT_H

#include <stddef.h>

struct join_result {
	char directory[4200]; /* of the recording; after joining as the process sees it, after leaving as we do */
	double longest_ms;    /* that the whole process stood still at a time */
	double borrowed_ms;   /* that one thread worked for us */
	unsigned retries;     /* stops that were given up, and tried again */
	size_t slots;         /* of modules' tables that were written */
	char notes[1024];     /* a line each: what is not hooked, and why */
};

#endif
