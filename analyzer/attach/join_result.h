/* SPDX-License-Identifier: Apache-2.0 */
/* The outcome of joining or leaving a process. */
#ifndef SEEP_ATTACH_JOIN_RESULT_H
#define SEEP_ATTACH_JOIN_RESULT_H

#include <stdbool.h>
#include <stddef.h>

struct join_result {
	/* the recording's path: after joining as the process sees it, after leaving as we see it */
	char directory[4200];
	double longest_ms;  /* the longest time that the whole process stood still at once */
	double borrowed_ms; /* how long one thread worked for us */
	bool stays;         /* it was started with libseep.so, which stays and records nothing */
	unsigned retries;   /* how often a stop was given up, and tried again */
	size_t slots;       /* slots of modules' tables that were written */
	char notes[1024];   /* a line for each function that is not hooked, and why */
};

#endif
