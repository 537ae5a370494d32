/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the server. All of them say what a browser must know: which scripts may run, that nobody else may read or frame them,
 * that they are to be asked for again. */
#ifndef SEEP_ANSWERS_ANSWERS_H
#define SEEP_ANSWERS_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "serve/answers/cached.h"

struct MHD_Connection;
struct MHD_Response;

struct answer {
	unsigned status; /* 0: it has to wait for `about` */
	const void *about;
	struct MHD_Response *response;
	uint64_t bytes;
	bool is_shared; /* the response stays its owner's */
};

struct answer answer_line(unsigned status, const char *line);
struct answer answer_redirect(unsigned status, const char *location);
/* The document, or that the client has it already. */
struct answer answer_cached(struct MHD_Connection *connection, const struct cached *cached);
/* The same of a document that is made for this client; takes over the bytes. */
struct answer answer_fresh(struct MHD_Connection *connection, struct buffer *bytes, enum answer_type type);

/* Appends a text so that it is one part of an address. */
void answer_append_escaped(struct buffer *out, const char *text);

#endif
