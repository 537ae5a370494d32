/* SPDX-License-Identifier: Apache-2.0 */
/* What a command draws or exports: one snapshot, or two that are to be compared; and the file that comes of it. */
#ifndef SEEP_COMMANDS_PAIR_H
#define SEEP_COMMANDS_PAIR_H

#include "base/buffer.h"
#include "commands/command.h"
#include "profile/profile.h"

struct pair {
	struct profile *now, *base; /* base: NULL, there is none */
};

/* Opens them, checks that `base` (may be NULL) is not the later one, and gives them their names. What is not
 * COMMAND_FINE has been said, and needs no pair_free(). */
int pair_open(struct pair *pair, const struct command *command, const char *snapshot, const char *base,
	      const struct symbol_options *symbols);
void pair_free(struct pair *pair);

/* Sees to it that both have the value: what was asked for by name must be there, instead of a default goes what is. */
int pair_choose_value(const struct pair *pair, bool by_name, enum call_value *value);

/* Writes the document to `path` (NULL or "-": standard output), says so unless it went there, and frees the buffer. */
int output_write(struct buffer *out, const char *path);

#endif
