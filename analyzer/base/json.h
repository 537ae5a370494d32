/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JSON into a buffer: this file takes care of commas and escapes, the caller of the nesting. */
#ifndef SEEP_BASE_JSON_H
#define SEEP_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct json {
	struct buffer *out;
	bool comma; /* a value precedes at this level */
};

void json_begin_object(struct json *json);
void json_end_object(struct json *json);
void json_begin_array(struct json *json);
void json_end_array(struct json *json);
struct json *json_key(struct json *json,
		      const char *key);              /* returns `json`, for the value: json_bool(json_key(...), true) */
void json_text(struct json *json, const char *text); /* NULL writes null; broken UTF-8 becomes U+FFFD */
void json_text_or_null(struct json *json, const char *text); /* writes null for an empty text, too */
/* the caller appends to the buffer, until the text's end, only bytes that need no escape */
void json_text_begin(struct json *json);
void json_text_end(struct json *json);
void json_unsigned(struct json *json, uint64_t value);
void json_rounded(struct json *json, double value); /* rounds to a whole number; not finite: null */
void json_real(struct json *json, double value);    /* %.17g shortened; not finite: null */
void json_number(struct json *json, double value);  /* six digits: more is noise, which differs between machines */
void json_bool(struct json *json, bool value);
void json_null(struct json *json);

#endif
