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
	struct profile *now, *base; /* `base` is NULL unless two are compared */
};

/* Which of the four values the document shows. Not every profile has all of them. */
enum value_choice {
	VALUE_PREFERRED, /* the one asked for, or another if a profile lacks it */
	VALUE_NAMED,     /* the one asked for; a profile without it is a fault */
	VALUE_ALL,       /* all: the document has room for each */
};

/* The first member of a command's request. */
struct document_request {
	struct targets snapshots;  /* several are added up */
	struct targets bases;      /* for a service: the snapshots to compare with, instead of `base` */
	bool same_processes;       /* `bases` are of the same recordings as `snapshots`, in the same order */
	const char *base, *output; /* NULL: not given */
	struct symbol_search symbols;
	bool last;            /* show the very last snapshot, even if the program shut down before it */
	bool residency;       /* the snapshot must say what was in memory: it needs a ledger */
	bool contents;        /* read the contents of a running program's blocks */
	uint64_t cold_ns;     /* also find blocks that do not change for this long; 0: don't */
	bool mappings;        /* show the mappings instead of the heap */
	const char *wrappers; /* as --wrapper takes them; NULL: not given */
	enum call_value value;
	enum value_choice choice;
};

typedef void document_writer(struct buffer *out, const struct snapshot_pair *pair,
			     const struct document_request *request);

/* Opens all snapshots and all `bases`, each as below, added up. False: the pair may hold one of the sums. */
bool document_open_pair(const struct document_request *request, struct snapshot_pair *pair, struct error *error);

/* Adds up profiles, each at its own moment, and frees them; a single one stays itself. If `bases` is not NULL, the same
 * is done to an earlier moment of each, with the same shifts. False, with all freed: they can't be added up. */
bool document_add_up(struct profile **nows, struct profile **bases, size_t count, struct snapshot_pair *pair,
		     struct error *error);

/* Opens a snapshot. A recording stands for its last useful one, its very last one, or the last that has a ledger, as
 * the request needs. */
struct profile *document_open(const struct document_request *request, const char *path, struct error *error);

/* Takes the operands, or the service: one moment, or two that are compared if the service has both times. Exits if they
 * contradict each other. */
void document_take_targets(const struct command *command, int argc, char **argv, const struct service_request *service,
			   struct document_request *request);

/* Opens the snapshots that the request names and goes on as document_make() does. */
int document_run(const struct command *command, struct document_request *request, document_writer *write);

/* Chooses the value, gives all addresses their names, and writes the document to the request's output. Frees the pair.
 * Returns the exit status, and prints a message about any failure. */
int document_make(struct snapshot_pair *pair, struct document_request *request, document_writer *write);

/* The widest nodes of the pair's call tree, arranged by the request's value. Says how many stacks had no room in it, if
 * any. */
struct call_tree *document_tree(const struct snapshot_pair *pair, enum call_value value, uint32_t most);

/* Says on standard error which names are missing and why, for formats that have no place for such a note. */
void document_say_names(const struct profile *profile);

#endif
