/* SPDX-License-Identifier: Apache-2.0 */
/* The guard process, and the messages between it and `seep run`: see guard.h. */
#ifndef SEEP_RUN_GUARD_PROCESS_H
#define SEEP_RUN_GUARD_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "session/session.h"

enum guard_news {
	GUARD_PROGRAM = 1, /* names the program */
	GUARD_STOPPING,
	GUARD_GOING_ON,
	GUARD_END, /* the answer is a struct keepers_waits */
};

struct guard_message {
	enum guard_news news;
	pid_t program;
};

/* The first message that the guard sends. */
struct guard_greeting {
	pid_t witness; /* 0: there is none */
	bool keeps, watches;
};

struct guard_process {
	const struct session *session;
	pid_t seep;
	int control, questions; /* the guard's ends; the second is for the witness */
	pid_t program;          /* 0: not known yet */
	/* the guard's threads */
	struct keepers *keepers;
	int witness_news; /* a signalfd for SIGCHLD */
	int program_end;  /* a pidfd; -1: there is none */
	pid_t witness;
	bool witness_stopped; /* somebody has stopped the whole group */
	bool announced;       /* `seep run` has said that it stops because the program did */
	bool program_seen;    /* the program was seen stopped since then */
	int looks, nap_ms;
};

/* Never returns. */
_Noreturn void guard_process_run(struct guard_process *guard);

#endif
