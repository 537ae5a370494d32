/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a process asks its `seep run` for a recording that it may not make
 * itself, because it has become another user, or has another root. It connects
 * to a socket (SOCK_SEQPACKET) with the abstract name SEEP_HOST_SOCKET and
 * NAME, and sends one message; a recording's is answered by another, with the
 * heap file's descriptor. SEEP_SESSION_HOST hands on NAME.ASK.ANSWER: each side
 * begins its message with its key, so that neither talks to a stranger.
 */
#ifndef SEEP_HOST_H
#define SEEP_HOST_H

#include <stdint.h>

#include <seep/heap.h>

#define SEEP_HOST_SOCKET "seep-run-"
#define SEEP_HOST_NAME_BYTES 16
#define SEEP_HOST_KEY_BYTES 32
#define SEEP_HOST_BYTES (SEEP_HOST_NAME_BYTES + 2 * (1 + SEEP_HOST_KEY_BYTES)) /* of NAME.ASK.ANSWER */

enum seep_host_kind {
	SEEP_HOST_RECORDING =
	    1,              /* header is filled in but for areas' room, held, directory; the answer has these, too */
	SEEP_HOST_NOTE = 2, /* a line for the user; it gets no answer */
};

struct seep_host_message {
	char key[SEEP_HOST_KEY_BYTES];
	uint32_t kind;
	int32_t error;        /* of the answer: an errno value; 0: the descriptor comes with it */
	uint64_t memory_most; /* the largest heap file that may lie in memory */
	union {
		struct seep_heap_header header;
		char note[400];
	};
};

/* Makes directory and heap file for the process `peer`, by its number here, which has sent this header: it is checked like
 * every other input. memory_most: see the message. A descriptor of the heap file, or -errno, and nothing is left behind. */
int seep_host_recording(struct seep_heap_header *header, const char *pattern, uint64_t peer, uint64_t memory_most);

/* The address space that a program must have left (RLIMIT_AS), or it is not recorded at all. */
uint64_t seep_address_space_least(void);

/* Undoes that, because the descriptor did not arrive. */
void seep_host_take_back(const struct seep_heap_header *header);

#endif
