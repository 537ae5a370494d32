/* SPDX-License-Identifier: Apache-2.0 */
/* What `report`, `diff`, `flame` and `export` have in common: one snapshot, or two that are compared, become one
 * document. */
#ifndef SEEP_DOCUMENT_DOCUMENT_H
#define SEEP_DOCUMENT_DOCUMENT_H

#include "base/buffer.h"
#include "options/command.h"
#include "options/service_options.h"
#include "profile/profile.h"
#include "tree/call_tree.h"

struct snapshot_pair {
	struct profile *now, *base; /* base: NULL, there is none */
};

/* Which of the four values the document is about. Not every profile has all of them. */
enum value_choice {
	VALUE_PREFERRED, /* the request's, or another if a profile lacks it */
	VALUE_NAMED,     /* the request's; a profile without it is a fault */
	VALUE_ALL,       /* the document has them all */
};

/* The first member of a command's request. */
struct document_request {
	struct targets snapshots;  /* several are added up */
	struct targets bases;      /* of a service, what it is compared with; instead of `base` */
	const char *base, *output; /* NULL: not given */
	struct symbol_search symbols;
	bool last;            /* the last snapshot, though the program shut down before it */
	bool residency;       /* it takes a look at what was in memory: a ledger */
	bool contents;        /* what is in its blocks, of a program that runs */
	uint64_t cold_ns;     /* and which of them stay as they are so long; 0: is not asked */
	bool mappings;        /* what was mapped, instead of the heap */
	const char *wrappers; /* as --wrapper takes them; NULL: not given */
	enum call_value value;
	enum value_choice choice;
};

typedef void document_writer(struct buffer *out, const struct snapshot_pair *pair,
			     const struct document_request *request);

/* All targets, each as below, added up. */
struct profile *document_open_all(const struct document_request *request, struct targets targets, struct error *error);

/* Opens a snapshot; of a recording, its last useful one, its last one, or the last that has a ledger. */
struct profile *document_open(const struct document_request *request, const char *path, struct error *error);

/* What the operands or the service are: one moment, or with both of the service's times two that are compared. Exits where they make
 * no sense together. */
void document_take_targets(const struct command *command, int argc, char **argv, const struct service_request *service,
			   struct document_request *request);

/* Opens the snapshots that the request names and goes on as document_make() does. */
int document_run(const struct command *command, struct document_request *request, document_writer *write);

/* Chooses the value, gives all addresses their names, and writes the document to the request's output. Frees the pair.
 * Returns the exit status, and prints a message about any failure. */
int document_make(struct snapshot_pair *pair, struct document_request *request, document_writer *write);

/* The call tree of the pair, arranged by the request's value: its widest nodes. Says how many stacks had no room in it, if
 * any. */
struct call_tree *document_tree(const struct snapshot_pair *pair, enum call_value value, uint32_t most);

/* Says on standard error which names are missing, and why, for documents that have no place for it. */
void document_say_names(const struct profile *profile);

#endif
