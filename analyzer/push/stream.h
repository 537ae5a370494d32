/* SPDX-License-Identifier: Apache-2.0 */
/* Sends one recording to one destination. */
#ifndef SEEP_PUSH_STREAM_H
#define SEEP_PUSH_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "push/destination.h"
#include "push/labels.h"
#include "push/pace.h"
#include "push/position.h"
#include "push/transport.h"
#include "symbols/symbols.h"

/* What all streams to one destination have in common. */
struct push_plan {
	struct destination destination;
	struct transport *transport;
	struct pace *pace;     /* for everything that is sent there */
	struct labels labels;  /* labels of all processes */
	const char *service;   /* NULL: use the program's name */
	const char *directory; /* the directory of positions */
	struct symbol_search symbols;
	bool follow; /* wait for a recording that has no snapshot */
};

struct push_counts {
	uint64_t sent, refused; /* numbers of snapshots */
	/* snapshots that were too old by themselves: what was allocated until then went with a later one */
	uint64_t merged;
	uint64_t pieces, bytes; /* requests that were taken, and their bytes */
	uint64_t lost_bases;    /* how often the allocations were unknown because the last snapshot is gone */
	uint64_t labels_left_out;
	uint64_t too_old; /* filled when streams are added up */
};

struct push_stream {
	const struct push_plan *plan;
	char *path;
	struct position position;
	bool is_open;         /* we have the position */
	uint64_t newest;      /* the newest snapshot that was seen */
	bool is_last;         /* no snapshot follows it */
	bool is_done;         /* everything was sent, and the position given up */
	uint64_t interval_ns; /* between snapshots; 0: not looked at yet */
	uint64_t looked_ns,
	    left_ns;       /* when the process was looked at, and when it was first seen to be gone; 0: it runs */
	int64_t listed_ns; /* the directory's last change when its snapshots were listed and nothing was new; 0: none */
	bool is_given_up;  /* its input can't be read */
	uint64_t unreadable; /* the newest snapshot that was said to be unreadable; 0: none */
	unsigned failures;
	enum outcome last;
	struct error fault;    /* the last failure; "" after a success */
	struct error refusal;  /* the server's reason for refusing something for good; "": nothing was refused */
	uint64_t not_until_ns; /* CLOCK_MONOTONIC */
	uint64_t
	    /* snapshots behind the position that are too old for the server, with nothing younger after them */
	    too_old;
	struct push_counts counts;
};

void stream_init(struct push_stream *stream, const struct push_plan *plan, const char *path);
void stream_free(struct push_stream *stream);

/* Sends what can be sent and has a slot, unless it is too early to try again. False: an input can't be read, or a
 * position can't be kept; the stream has what a server says. Stops when *stop becomes true. */
bool stream_go_on(struct push_stream *stream, const volatile bool *stop, struct error *error);

/* Whether everything that was seen has been sent. */
bool stream_has_all(const struct push_stream *stream);

/* How many snapshots a second the recording has, or had while its process ran; 0: unknown. */
double stream_hz(const struct push_stream *stream);

#endif
