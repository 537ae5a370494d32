/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the server. All of them tell a browser what it must know: which scripts may run, that nobody else may read
 * or frame them, and that it must ask for them again. */
#ifndef SEEP_ANSWERS_ANSWERS_H
#define SEEP_ANSWERS_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "serve/answers/cached.h"

struct MHD_Connection;
struct MHD_Response;

struct answer {
	unsigned status; /* 0: the client has to wait for `about` */
	const void *about;
	struct MHD_Response *response;
	uint64_t bytes;
	bool is_shared; /* the response belongs to somebody else */
};

struct answer answer_line(unsigned status, const char *line);
struct answer answer_redirect(unsigned status, const char *location);
/* Answers with the document, or that the client has it already. */
struct answer answer_cached(struct MHD_Connection *connection, const struct cached *cached);
/* The same for a document that was made for this client; takes over the bytes. */
struct answer answer_fresh(struct MHD_Connection *connection, struct buffer *bytes, enum answer_type type);

/* Appends a text in the form of one part of an address. */
void answer_append_escaped(struct buffer *out, const char *text);

#endif
