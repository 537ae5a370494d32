/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that stays with a program that was joined. It keeps the recordings of the program and of the processes
 * that it forks, binds modules that are loaded later, leaves when the time is over, and ends with the last of them. It
 * belongs to no terminal.
 */
#ifndef SEEP_ATTACH_ATTENDANT_H
#define SEEP_ATTACH_ATTENDANT_H

#include <stdint.h>

#include "attach/join.h"
#include "options/recording_options.h"

struct attendant_request {
	pid_t pid;
	const char *shim;   /* path of libseep.so */
	const char *output; /* the pattern of the recording's name: absolute */
	const struct recording_wish *wish;
	uint64_t for_ns; /* leave after this long; 0: never */
	double pause_ms;
};

struct attendant {
	pid_t pid;
	int news;
	struct join_result joined;
};

/* Joins the process and leaves an attendant with it. False: the error says why not, and nothing is left behind. */
bool attendant_begin(struct attendant *attendant, const struct attendant_request *request, struct error *error);

/* Waits until the program and those that it forked or executed were left or have ended. HUP, INT and TERM make the attendant leave at once. False: the program
 * could not be left, and is still recorded. */
bool attendant_await(struct attendant *attendant, struct error *error);

/* Lets the attendant go on without us. */
void attendant_forget(struct attendant *attendant);

#endif
