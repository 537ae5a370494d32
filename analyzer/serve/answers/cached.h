/* SPDX-License-Identifier: Apache-2.0 */
/* A document that many clients get: one copy in memory, whatever their number, given back when the last of them has it. */
#ifndef SEEP_ANSWERS_CACHED_H
#define SEEP_ANSWERS_CACHED_H

#include <stddef.h>

#include "base/buffer.h"

struct MHD_Response;

enum answer_type {
	ANSWER_TEXT,
	ANSWER_JSON,
	ANSWER_GZIP,
	ANSWER_PAGE,
	ANSWER_LIST,
	ANSWER_INDEX,
	ANSWER_PROFILE,
	ANSWER_METRICS,
	ANSWER_OPENMETRICS
};

struct cached {
	struct MHD_Response *response; /* NULL: empty */
	size_t bytes;
	enum answer_type type;
	char tag[40]; /* its ETag, with the quotes */
};

/* Takes over the buffer's bytes, and drops what was there. Where they are the same as those, all stays as it is. */
void cached_replace(struct cached *cached, struct buffer *bytes, enum answer_type type);
void cached_drop(struct cached *cached);

#endif
