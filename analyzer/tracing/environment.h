/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a joined process, through which the programs that it executes are recorded, too. The library has
 * made the list; all of the process's threads stand still. */
#ifndef SEEP_TRACING_ENVIRONMENT_H
#define SEEP_TRACING_ENVIRONMENT_H

#include <seep/join.h>

#include "tracing/remote.h"

/* The library's block, and its address. */
struct joined_block {
	const struct remote *remote;
	uint64_t address;
	struct seep_join *block;
};

/* Puts the new list in the old one's place, once the process is joined: programs that it executes earlier are not
 * recorded. */
void environment_put_in(const struct joined_block *joined);

/* Keeps what the process has set or removed meanwhile. Empties the block's texts, because copies of the list that the
 * program has made point there; the caller writes the block. */
void environment_take_out(const struct joined_block *joined);

#endif
