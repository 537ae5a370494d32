/* SPDX-License-Identifier: Apache-2.0 */
/* The recordings in a directory, and how each of their processes ended. */
#ifndef SEEP_TARGET_LISTING_H
#define SEEP_TARGET_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "profile/profile.h"

enum listing_state {
	LISTING_RUNNING, /* its process runs */
	LISTING_ENDED,   /* its last snapshot is from its end */
	/* its process is gone, but its last snapshot is older: the process was killed, or ran on another machine */
	LISTING_LEFT,
	LISTING_BROKEN, /* its last snapshot can't be read; `fault` says why */
};

/* "running", "ended", "left", "broken". */
const char *listing_state_name(enum listing_state state);

/* How the process ended, by its recording's last snapshot. */
enum listing_state listing_state_of(const struct profile *last);

/* About a broken recording, only path and fault are known. */
struct listing_entry {
	char *path;
	enum listing_state state;
	struct error fault;
	char *command;
	uint64_t pid, start_unix_ns;
	double seconds; /* from the start of recording to its last snapshot */
	double in_use_bytes;
	size_t snapshots;
	uint64_t bytes; /* bytes that it takes on the disk */
	char build[41]; /* the program's build id in hexadecimal; "": none */
};

struct listing {
	struct listing_entry *entries; /* by start of recording; broken ones are last */
	size_t count, capacity;
	const char *service; /* the service of all recordings, and sums over them; NULL: no service */
	size_t running, restarts, builds;
	uint64_t bytes;
};

/* Looks at the directory's entries, and at bundles and recordings among them; if the directory is a recording itself,
 * it is the only entry. False: the directory can't be read. */
bool listing_read(struct listing *listing, const char *directory, struct error *error);
/* Lists all recordings of a service, in every store. False: there is no such service. */
bool listing_read_service(struct listing *listing, const char *name, struct error *error);
void listing_free(struct listing *listing);

#endif
