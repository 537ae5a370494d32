/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `seep attach` and the libseep.so that it brings into a running process
 * tell each other: one struct in the library's data, named seep_join, which
 * seep finds by that name and reads and writes from outside.
 *
 * seep fills `asked` and `environment` in the file before it is loaded. So the
 * constructor knows that it was not preloaded: then it takes the next
 * allocator from the list of what is loaded, and records nothing until
 * seep_join_begin() is called.
 */
#ifndef SEEP_JOIN_H
#define SEEP_JOIN_H

#include <stdint.h>

#define SEEP_JOIN_ASKED UINT64_C(0x4e494f4a50454553) /* "SEEPJOIN" */
#define SEEP_JOIN_VERSION 5
#define SEEP_JOIN_ENVIRONMENT_BYTES 8192
#define SEEP_JOIN_FILE "libseep.so.joined." /* begins the library's name where it can't come from memory */
#define SEEP_JOIN_GATE_SHUT 3u              /* what seep writes into the gate's word when it leaves */

/* The library sets all of them but LEFT. If two seeps ask for a recording, the one that comes to BEGINS first makes
 * it. */
enum seep_join_state {
	SEEP_JOIN_NOT,       /* preloaded, or not loaded yet */
	SEEP_JOIN_LOADED,    /* idle */
	SEEP_JOIN_RECORDING, /* hooks that are put in now record */
	SEEP_JOIN_REFUSED,   /* no recording could be begun; `message` says why */
	SEEP_JOIN_BEGINS,    /* the recording is being made, by a thread of the library's */
	SEEP_JOIN_LEFT,      /* by seep, when the hooks are taken out: nothing is recorded any more */
};

struct seep_join {
	uint64_t asked; /* SEEP_JOIN_ASKED: somebody joins; else this is a preloaded library */
	uint32_t version;
	uint32_t state;        /* enum seep_join_state */
	uint64_t gate;         /* address of the gate's word (preload/shim/recording/gate.h); 0: not made */
	uint64_t off;          /* address of the byte that ends recording in this process and in its children */
	int64_t thread_state;  /* where each thread's state is, from its thread pointer */
	uint64_t thread_bytes; /* its size */
	uint64_t thread_users; /* in it: the byte that is not 0 while the thread is in the recording's memory */
	uint64_t idle;         /* 1: seep has seen that no thread is in the old recording, whose memory may go */
	uint64_t memory; /* address of the pointer to the recording's memory, which seep takes away when it leaves */
	uint64_t memory_bytes; /* and of how much it is */
	uint64_t memory_free;  /* and of the byte that is 0 while a thread of the library's is in it, too: its keeper */
	uint64_t rescue;       /* room for the frame by which the thread that takes it away goes back */
	uint64_t rescue_bytes;
	/* 1: seccomp confines the program; once the recording has begun, the library makes no system call. */
	uint64_t confined;
	/* For the programs that this one executes; seep undoes it when it leaves. */
	uint64_t environ_at;                           /* address of the pointer `environ`; 0: it was left alone */
	uint64_t environ_was;                          /* its value before */
	uint64_t environ_is;                           /* its value as long as the process is joined */
	uint64_t environ_count;                        /* how many variables that list began with */
	char preload[4096];                            /* LD_PRELOAD=... as they get it */
	char preload_was[4096];                        /* LD_PRELOAD=... as it was */
	char directory[1600];                          /* of the recording */
	char environment[SEEP_JOIN_ENVIRONMENT_BYTES]; /* SEEP_...=VALUE, each with its NUL, an empty one at the end */
};

#endif
