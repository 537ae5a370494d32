/* SPDX-License-Identifier: Apache-2.0 */
/* A document that many clients get: one copy in memory, however many they are, freed when the last of them has received
 * it. */
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
	char tag[40]; /* its ETag, in quotes */
};

/* Takes over the buffer's bytes, and drops the old ones. If both are equal, everything stays as it is. */
void cached_replace(struct cached *cached, struct buffer *bytes, enum answer_type type);
void cached_drop(struct cached *cached);

#endif
