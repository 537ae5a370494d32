/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request at a time, by libcurl: certificates are checked, redirects are not followed, nothing waits for ever. */
#ifndef SEEP_PUSH_TRANSPORT_H
#define SEEP_PUSH_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "push/destination.h"

/* What becomes of what was sent. */
enum outcome {
	OUTCOME_TAKEN,
	OUTCOME_LATER,   /* the server is not there, or is busy: the same may be sent again */
	OUTCOME_CLOSED,  /* it does not let us in, or has no such address: nobody knows whether it would take it */
	OUTCOME_REFUSED, /* it will never take this */
};

struct answer {
	enum outcome outcome;
	uint64_t retry_ns;  /* how long it asks to be left alone; 0: it does not say */
	struct error fault; /* what it said, or what went wrong; unless it was taken */
	struct buffer body; /* of the answer, its beginning; to be freed */
};

struct transport {
	void *handle;                        /* libcurl's */
	struct buffer authorization, tenant; /* header lines; empty: none */
	const char *certificates;            /* a file of those that are trusted; NULL: the system's */
	const volatile bool *stop;           /* NULL: nothing stops it */
};

/* `credentials`: a file with USER:PASSWORD, or with a token alone; "-" is standard input. `tenant`: for X-Scope-OrgID. NULL: none.
 * False: libcurl or the file can't be had. The text is never in a message. */
bool transport_open(struct transport *transport, const char *credentials, const char *tenant, const char *certificates,
		    struct error *error);
void transport_close(struct transport *transport);

/* POST `body` to the destination's address with `path` behind it. Takes at most half a minute; less where `stop` becomes
 * true. */
void transport_post(struct transport *transport, const struct destination *destination, const char *path,
		    const char *type, const struct buffer *body, struct answer *answer);

#endif
