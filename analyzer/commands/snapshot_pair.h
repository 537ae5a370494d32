/* SPDX-License-Identifier: Apache-2.0 */
/* What a command draws or exports: one snapshot, or two that are to be compared; and the file that comes of it. */
#ifndef SEEP_COMMANDS_SNAPSHOT_PAIR_H
#define SEEP_COMMANDS_SNAPSHOT_PAIR_H

#include "files/output.h"
#include "commands/command.h"
#include "profile/profile.h"
#include "tree/call_tree.h"

struct snapshot_pair {
	struct profile *now, *base; /* base: NULL, there is none */
};

/* Opens them, checks that `base` (may be NULL) is not the later one, and gives them their names. What is not
 * COMMAND_FINE has been said, and needs no snapshot_pair_free(). */
int snapshot_pair_open(struct snapshot_pair *pair, const struct command *command, const char *snapshot,
		       const char *base, const struct symbol_options *symbols);
void snapshot_pair_free(struct snapshot_pair *pair);

/* Sees to it that both have the value: what was asked for by name must be there, instead of a default goes what is. */
int snapshot_pair_choose_value(const struct snapshot_pair *pair, bool by_name, enum call_value *value);

/* Says how many stacks had no room in the tree, if any. */
void tree_cut_say(const struct call_tree *tree);

/* Opens what the document goes to (NULL or "-": standard output), as large as its inputs allow. What is not COMMAND_FINE
 * has been said. */
int document_open(struct output *output, const char *path, const struct profile *now, const struct profile *base);
/* Ends it, and says where it is unless it went to standard output. */
int document_close(struct output *output);

#endif
