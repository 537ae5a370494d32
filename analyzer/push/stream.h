/* SPDX-License-Identifier: Apache-2.0 */
/* One recording on its way to one destination. */
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

/* What every stream has in common. */
struct push_plan {
	struct destination destination;
	struct transport *transport;
	struct pace *pace;     /* of all that is sent there */
	struct labels labels;  /* of all processes */
	const char *service;   /* NULL: the name of the program */
	const char *directory; /* of positions */
	struct symbol_search symbols;
	bool follow; /* a recording without a snapshot is waited for */
};

struct push_counts {
	uint64_t sent, refused; /* snapshots */
	uint64_t merged; /* that were too old by themselves: what was allocated until then went with a later one */
	uint64_t pieces, bytes; /* requests that were taken, and what was in them */
	uint64_t lost_bases;    /* times that what was allocated is not known, since the last snapshot is gone */
	uint64_t labels_left_out;
	uint64_t too_old; /* filled where streams are added up */
};

struct push_stream {
	const struct push_plan *plan;
	char *path;
	struct position position;
	bool is_open;         /* the position is ours */
	uint64_t newest;      /* snapshot that was seen */
	bool is_last;         /* and none comes behind it */
	bool is_done;         /* and all was sent: the position is no longer ours */
	uint64_t interval_ns; /* between snapshots; 0: it was not looked at */
	uint64_t looked_ns,
	    left_ns;         /* when it was looked at, and its process was first seen to be gone; 0: it is there */
	bool is_given_up;    /* its input can't be read */
	uint64_t unreadable; /* the newest snapshot of which it was said that it can't be read; 0: none is */
	unsigned failures;
	enum outcome last;
	struct error fault;    /* of the last failure; "" since the last success */
	struct error refusal;  /* what was said when something was refused for good; "": nothing was */
	uint64_t not_until_ns; /* CLOCK_MONOTONIC */
	uint64_t
	    too_old; /* snapshots behind the position that the server takes no more, and nothing younger followed */
	struct push_counts counts;
};

void stream_init(struct push_stream *stream, const struct push_plan *plan, const char *path);
void stream_free(struct push_stream *stream);

/* Sends what there is to be sent and has a slot, unless it is not yet time to try again. False: an input that can't be read, or a position
 * that can't be kept; what a server says is in the stream. Stops where *stop becomes true. */
bool stream_go_on(struct push_stream *stream, const volatile bool *stop, struct error *error);

/* Whether nothing of what was seen is still to be sent. */
bool stream_has_all(const struct push_stream *stream);

/* How many snapshots a second it has, or had when its process was there; 0: that is not known. */
double stream_hz(const struct push_stream *stream);

#endif
