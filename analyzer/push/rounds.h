/* SPDX-License-Identifier: Apache-2.0 */
/* All recordings on their way to all destinations, round by round. */
#ifndef SEEP_PUSH_ROUNDS_H
#define SEEP_PUSH_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "push/stream.h"

struct push_operand {
	const char *path;
	bool is_directory; /* of recordings, which come and go */
};

struct push_rounds { /* zero-initialise; then plans and operands, and how many */
	struct push_plan *plans;
	size_t plan_count;
	struct pace *paces; /* of the plans */
	const struct push_operand *operands;
	size_t operand_count;
	struct push_stream **streams;
	size_t count, capacity;
	size_t next;     /* stream, whose turn it is first */
	bool has_faults; /* some input could not be read */
	bool is_full;    /* there were more recordings than are sent at a time, which was said */
};

/* What the path names. False: neither a recording nor a directory. */
bool push_operand_take(struct push_operand *operand, const char *path, struct error *error);

/* Sends everything once, as fast as it is taken. `follow`: at a host's pace (pace.h), and goes on until all recordings have ended, or `stop` is true; where a directory is among the
 * operands, until `stop` alone. What can't be delivered is tried again for `patience_ns`; where it follows, for that long
 * behind the end. */
void push_rounds_run(struct push_rounds *rounds, bool follow, uint64_t patience_ns, const volatile bool *stop);

/* Of how many recordings something is still to be sent to that destination. `why`: the last failure; `refusal`: what was said
 * when something was refused for good. Each is "" where there was none. */
size_t push_rounds_waiting(const struct push_rounds *rounds, const struct push_plan *plan, struct error *why,
			   struct error *refusal);
struct push_counts push_rounds_counts(const struct push_rounds *rounds, const struct push_plan *plan);
void push_rounds_free(struct push_rounds *rounds);

#endif
