/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a joined process, by which the programs that it executes are recorded, too. The library has made the list; all of
 * the process's threads stand still. */
#ifndef SEEP_TRACING_ENVIRONMENT_H
#define SEEP_TRACING_ENVIRONMENT_H

#include <seep/join.h>

#include "tracing/remote.h"

/* The library's block, and where it is. */
struct joined_block {
	const struct remote *remote;
	uint64_t address;
	struct seep_join *block;
};

/* The list takes the old one's place, once the process is joined: what it executes before is nobody's. */
void environment_put_in(const struct joined_block *joined);

/* What the process has set meanwhile stays, and so does what it has removed. Empties the block's texts, to which copies of the list point
 * that the program has made; the caller writes the block. */
void environment_take_out(const struct joined_block *joined);

#endif
