/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JSON (RFC 8259) into a buffer; see json.h. Numbers are written in the C locale's form, which seep never
 * leaves. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

/* Writes the comma before a value or key, if another one precedes it at its level. */
static void json_separate(struct json *json)
{
	if (json->comma)
		buffer_append_byte(json->out, ',');
	json->comma = true;
}

static void json_begin(struct json *json, char bracket)
{
	json_separate(json);
	buffer_append_byte(json->out, bracket);
	json->comma = false;
}

static void json_end(struct json *json, char bracket)
{
	buffer_append_byte(json->out, bracket);
	json->comma = true;
}

void json_begin_object(struct json *json)
{
	json_begin(json, '{');
}

void json_end_object(struct json *json)
{
	json_end(json, '}');
}

void json_begin_array(struct json *json)
{
	json_begin(json, '[');
}

void json_end_array(struct json *json)
{
	json_end(json, ']');
}

/* A character that needs an escape, or that replaces a byte which is not UTF-8. */
static void json_append_escape(struct buffer *out, size_t width, uint32_t code_point)
{
	if (!width)
		buffer_append_text(out, "\xef\xbf\xbd");
	else if (code_point == '"')
		buffer_append_text(out, "\\\"");
	else if (code_point == '\\')
		buffer_append_text(out, "\\\\");
	else if (code_point == '\n')
		buffer_append_text(out, "\\n");
	else if (code_point == '\t')
		buffer_append_text(out, "\\t");
	else
		buffer_printf(out, "\\u%04x", (unsigned)code_point);
}

/* How much printable ASCII the text begins with that needs no escape: nearly every text is nothing else. */
static size_t plain_length(const char *text, size_t length)
{
	size_t plain = 0;

	while (plain < length && text[plain] >= ' ' && text[plain] <= '~' && text[plain] != '"' && text[plain] != '\\')
		plain++;
	return plain;
}

static void json_append_quoted(struct buffer *out, const char *text)
{
	size_t left = strlen(text);

	buffer_append_byte(out, '"');
	while (left > 0) {
		const size_t plain = plain_length(text, left);
		uint32_t code_point = 0;
		buffer_append(out, text, plain);
		text += plain;
		left -= plain;
		if (left == 0)
			break;
		size_t width = utf8_decode(text, left, &code_point);
		if (width && code_point != '"' && code_point != '\\' && utf8_is_printable(code_point))
			buffer_append(out, text, width);
		else
			json_append_escape(out, width, code_point);
		text += width ? width : 1;
		left -= width ? width : 1;
	}
	buffer_append_byte(out, '"');
}

struct json *json_key(struct json *json, const char *key)
{
	json_separate(json);
	json_append_quoted(json->out, key);
	buffer_append_byte(json->out, ':');
	json->comma = false;
	return json;
}

void json_text(struct json *json, const char *text)
{
	if (!text) {
		json_null(json);
		return;
	}
	json_separate(json);
	json_append_quoted(json->out, text);
}

void json_text_begin(struct json *json)
{
	json_separate(json);
	buffer_append_byte(json->out, '"');
}

void json_text_end(struct json *json)
{
	buffer_append_byte(json->out, '"');
}

void json_text_or_null(struct json *json, const char *text)
{
	json_text(json, text && *text ? text : NULL);
}

static void json_append_value(struct json *json, const char *text)
{
	json_separate(json);
	buffer_append_text(json->out, text);
}

void json_unsigned(struct json *json, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	json_append_value(json, text);
}

void json_rounded(struct json *json, double value)
{
	char text[400]; /* DBL_MAX has 309 digits */

	if (!isfinite(value)) {
		json_null(json);
		return;
	}
	double whole = round(value);
	snprintf(text, sizeof text, "%.0f", whole == 0 ? 0.0 : whole);
	json_append_value(json, text);
}

void json_real(struct json *json, double value)
{
	char text[40];

	if (!isfinite(value)) {
		json_null(json);
		return;
	}
	/* The shortest form that reads back as the same number. */
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, value == 0 ? 0.0 : value);
		if (strtod(text, NULL) == value)
			break;
	}
	json_append_value(json, text);
}

void json_number(struct json *json, double value)
{
	char text[32];

	snprintf(text, sizeof text, "%.6g", value);
	json_real(json, isfinite(value) ? strtod(text, NULL) : value);
}

void json_bool(struct json *json, bool value)
{
	json_append_value(json, value ? "true" : "false");
}

void json_null(struct json *json)
{
	json_append_value(json, "null");
}
