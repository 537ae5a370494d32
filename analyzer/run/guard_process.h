/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's side, and what it and `seep run` say to each other: see guard.h. */
#ifndef SEEP_RUN_GUARD_PROCESS_H
#define SEEP_RUN_GUARD_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "session/session.h"

enum guard_news {
	GUARD_PROGRAM = 1, /* who it is */
	GUARD_STOPPING,
	GUARD_GOING_ON,
	GUARD_END, /* the answer is a struct keepers_waits */
};

struct guard_message {
	enum guard_news news;
	pid_t program;
};

/* The guard's first message. */
struct guard_greeting {
	pid_t witness; /* 0: there is none */
	bool keeps, watches;
};

struct guard_process {
	const struct session *session;
	pid_t seep;
	int control, questions; /* the guard's ends; the second is the witness's */
	pid_t program;          /* 0: not there yet */
	/* its own */
	struct keepers *keepers;
	int witness_news; /* signalfd of SIGCHLD */
	int program_end;  /* pidfd; -1: there is none */
	pid_t witness;
	bool witness_stopped; /* somebody has stopped the whole group */
	bool announced;       /* `seep run` stops because its program has */
	bool program_seen;    /* stopped, since then */
	int looks, nap_ms;
};

/* Never returns. */
_Noreturn void guard_process_run(struct guard_process *guard);

#endif
