/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request at a time, by libcurl: certificates are checked, redirects are not followed, and nothing waits for
 * ever. */
#ifndef SEEP_PUSH_TRANSPORT_H
#define SEEP_PUSH_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "push/destination.h"

/* What became of a request. */
enum outcome {
	OUTCOME_TAKEN,
	OUTCOME_LATER, /* the server is not there, or is busy: the same may be sent again */
	/* the server does not let us in, or has no such address: nobody knows whether it would take it */
	OUTCOME_CLOSED,
	OUTCOME_REFUSED, /* the server will never take this */
};

struct answer {
	enum outcome outcome;
	uint64_t retry_ns;  /* how long the server asks to be left alone; 0: it does not say */
	struct error fault; /* what the server said, or what went wrong; empty if it took the request */
	struct buffer body; /* the beginning of its answer; to be freed */
};

struct transport {
	void *handle;                        /* libcurl's handle */
	struct buffer authorization, tenant; /* header lines; empty: none */
	const char *certificates;            /* a file with the certificates to trust; NULL: the system's */
	const volatile bool *stop;           /* NULL: nothing stops it */
};

/* `credentials`: a file with USER:PASSWORD, or with a token alone; "-" is standard input. `tenant`: for X-Scope-OrgID.
 * NULL: none. False: libcurl can't be loaded, or the file can't be read. Messages never contain the text. */
bool transport_open(struct transport *transport, const char *credentials, const char *tenant, const char *certificates,
		    struct error *error);
void transport_close(struct transport *transport);

/* Sends a POST with `body` to the destination's address followed by `path`. It takes half a minute at most, or less if
 * `stop` becomes true. */
void transport_post(struct transport *transport, const struct destination *destination, const char *path,
		    const char *type, const struct buffer *body, struct answer *answer);

#endif
