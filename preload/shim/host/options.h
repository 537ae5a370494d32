/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options, from the environment: SEEP_OPTIONS=rate=512K:interval=10s, or
 * one variable for each option (SEEP_RATE, ...), which wins. An unknown key or
 * a malformed value gives one warning and the default, never a failure. In
 * secure mode (setuid) the environment is not looked at and nothing is
 * recorded.
 */
#ifndef SEEP_HOST_OPTIONS_H
#define SEEP_HOST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <seep/service.h>

enum option_heap { OPTION_HEAP_RECORDING, OPTION_HEAP_AUTO, OPTION_HEAP_MEMORY };

struct options {
	bool off;                 /* secure mode: do nothing at all */
	bool follow;              /* children record, too */
	bool waits_at_exit;       /* the program stands at its end until that process has looked at it */
	bool keeper_outside;      /* another process takes the snapshots: the program gets no thread */
	uint64_t rate;            /* bytes a sample on average; 1: everything */
	uint64_t interval_ns;     /* between timer snapshots; 0: none */
	uint64_t delay_ns;        /* before recording starts */
	enum option_heap heap;    /* where the heap file lies: in the recording, in memory if it is small, in memory */
	uint64_t heap_device;     /* the st_dev of the memory that the keeper sees; 0: any */
	uint64_t max_live;        /* live samples to make room for; 0: from the rate */
	uint64_t snapshots;       /* that are kept, at most; 0: the default */
	uint64_t snapshots_bytes; /* of those that are kept, at most; 0: the default */
	struct headroom_option {
		uint64_t bytes, percent; /* a snapshot when a memory limit leaves less; both 0: none */
	} limit_headroom;
	int signal;                               /* take a snapshot on this signal; 0: none */
	char unwinder[16];                        /* "": the best that works */
	char output[1024];                        /* recording directory with %c %p %h; "": the default */
	char service[SEEP_SERVICE_NAME_MOST + 1]; /* the service that the recording is of; "": none */
	char store[SEEP_STORE_BYTES];             /* where services are kept; "": <seep/service.h> says where */
	struct seep_stores stores;                /* of a service, if there is one and no output */
	char runner[64];                          /* the `seep run` above this process: keeper/files/life.h */
	char session[1024];                       /* file in which `seep run` learns of recordings; "": none */
	struct session_file_option {
		uint64_t device, inode, owner, locked; /* as long as somebody reads it */
		bool known;
	} session_file;        /* tells the file from another one of that name */
	char session_host[83]; /* where `seep run` makes recordings for those who may not: <seep/host.h>; "": nowhere */
	char warning[160];     /* the one warning, or "" */
};

/* Reads an environment (a NULL-terminated list of NAME=VALUE). No allocation; any thread. */
void options_read(struct options *options, char *const *environment, bool secure);

/* The value of a variable in an environment, or NULL. */
const char *options_variable(char *const *environment, const char *name);

#endif
