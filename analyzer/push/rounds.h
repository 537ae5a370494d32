/* SPDX-License-Identifier: Apache-2.0 */
/* Sends all recordings to all destinations, round by round. */
#ifndef SEEP_PUSH_ROUNDS_H
#define SEEP_PUSH_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "push/stream.h"

struct push_operand {
	const char *path;
	bool is_directory; /* a directory of recordings, which come and go */
};

struct push_rounds { /* zero-initialise; then set plans and operands, and their numbers */
	struct push_plan *plans;
	size_t plan_count;
	struct pace *paces; /* one for each plan */
	const struct push_operand *operands;
	size_t operand_count;
	struct push_stream **streams;
	size_t count, capacity;
	size_t next;     /* number of the stream whose turn is first */
	bool has_faults; /* some input could not be read */
	bool is_full;    /* there were more recordings than are sent at a time, and a message has said so */
};

/* Takes a path. False: it is neither a recording nor a directory. */
bool push_operand_take(struct push_operand *operand, const char *path, struct error *error);

/* Sends everything once, as fast as the servers take it. With `follow` it keeps to a host's pace (pace.h), and goes on
 * until all recordings have ended or `stop` is true; if a directory is among the operands, only `stop` ends it. What
 * can't be delivered is tried again for `patience_ns`; with `follow`, for that long after the end. */
void push_rounds_run(struct push_rounds *rounds, bool follow, uint64_t patience_ns, const volatile bool *stop);

/* How many recordings still have something to send to that destination. `why`: the last failure; `refusal`: the
 * server's reason for refusing something for good. Each is "" if there was none. */
size_t push_rounds_waiting(const struct push_rounds *rounds, const struct push_plan *plan, struct error *why,
			   struct error *refusal);
struct push_counts push_rounds_counts(const struct push_rounds *rounds, const struct push_plan *plan);
void push_rounds_free(struct push_rounds *rounds);

#endif
