/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JSON (RFC 8259) into a buffer; see json.h. Numbers are written in the C locale's form, which seep never
 * leaves. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

enum { UTF8_BYTES = 4 }; /* of a character, at most */
#define WHOLE_MAX 1e15   /* up to here, whole numbers have no more digits than a double tells apart */

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

/* Printable ASCII that needs no escape: nearly every text is nothing else. */
static const bool is_plain[256] = {[' '] = true, ['!'] = true, ['#' ... '['] = true, [']' ... '~'] = true};

static size_t plain_length(const char *text)
{
	size_t plain = 0;

	while (is_plain[(unsigned char)text[plain]])
		plain++;
	return plain;
}

static void json_append_escaped(struct buffer *out, const char *text)
{
	while (*text) {
		const size_t plain = plain_length(text);
		uint32_t code_point = 0;
		buffer_append(out, text, plain);
		text += plain;
		if (!*text)
			break;
		size_t width = utf8_decode(text, strnlen(text, UTF8_BYTES), &code_point);
		if (width && code_point != '"' && code_point != '\\' && utf8_is_printable(code_point))
			buffer_append(out, text, width);
		else
			json_append_escape(out, width, code_point);
		text += width ? width : 1;
	}
}

static void json_append_quoted(struct buffer *out, const char *text)
{
	const size_t plain = plain_length(text);

	buffer_reserve(out, plain + 2);
	out->data[out->length++] = '"';
	memcpy(out->data + out->length, text, plain);
	out->length += plain;
	if (text[plain])
		json_append_escaped(out, text + plain);
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
	json_separate(json);
	buffer_append_unsigned(json->out, value);
}

void json_rounded(struct json *json, double value)
{
	char text[400]; /* DBL_MAX has 309 digits */

	if (!isfinite(value)) {
		json_null(json);
		return;
	}
	double whole = round(value);
	if (fabs(whole) < WHOLE_MAX) {
		json_separate(json);
		if (whole < 0)
			buffer_append_byte(json->out, '-');
		buffer_append_unsigned(json->out, (uint64_t)fabs(whole));
		return;
	}
	snprintf(text, sizeof text, "%.0f", whole);
	json_append_value(json, text);
}

/* ---- numbers in the form of %g, which takes no part in it: its exact arithmetic is rarely needed, and slow ---- */

/* Writes digits, none of which is a zero at their end; the first one counts 10 to the power of the exponent. */
static void digits_append(struct buffer *out, const char *digits, int count, int exponent)
{
	const bool is_scientific = exponent < -4 || exponent >= count;
	const int whole = is_scientific ? 1 : exponent < 0 ? 0 : exponent + 1;

	buffer_append(out, digits, (size_t)whole);
	if (whole == 0)
		buffer_append(out, "0.000", (size_t)(1 - exponent));
	else if (count > whole)
		buffer_append_byte(out, '.');
	buffer_append(out, digits + whole, (size_t)(count - whole));
	if (is_scientific)
		buffer_printf(out, "e%+03d", exponent);
}

/* Writes a number that consists of these digits. */
static void decimal_append(struct buffer *out, uint64_t decimal, int exponent)
{
	char digits[20];
	size_t at = sizeof digits;

	while (decimal % 10 == 0)
		decimal /= 10;
	for (; decimal; decimal /= 10)
		digits[--at] = (char)('0' + decimal % 10);
	digits_append(out, digits + at, (int)(sizeof digits - at), exponent);
}

/* Writes a whole number: 1500 as 1.5e+03. */
static void whole_append(struct buffer *out, double value)
{
	int exponent = 0;

	if (value == 0) {
		buffer_append_byte(out, '0');
		return;
	}
	if (value < 0)
		buffer_append_byte(out, '-');
	for (uint64_t left = (uint64_t)fabs(value); left >= 10; left /= 10)
		exponent++;
	decimal_append(out, (uint64_t)fabs(value), exponent);
}

/* Six digits of a positive number; false: it is so large or small, or so near to the middle between two decimals, that
 * only exact arithmetic tells which. */
static bool six_digits(double value, uint64_t *decimal, int *exponent)
{
	static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10,
					1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21};
	int power = 0;

	if (!(value >= 1e-15 && value < 1e21))
		return false;
	while (value >= powers[power + 1])
		power++;
	while (power <= 0 && value * powers[-power] < 1)
		power--;
	const double scaled = power > 5 ? value / powers[power - 5] : value * powers[5 - power];
	const double part = scaled - floor(scaled);
	*decimal = (uint64_t)scaled + (part > 0.5);
	*exponent = power;
	return fabs(part - 0.5) > 1e-6 && *decimal >= 100000 && *decimal < 1000000;
}

void json_real(struct json *json, double value)
{
	const double size = fabs(value);
	char text[40];

	if (!isfinite(value)) {
		json_null(json);
		return;
	}
	if (size < WHOLE_MAX && size == floor(size)) {
		json_separate(json);
		whole_append(json->out, value);
		return;
	}
	/* The shortest form that reads back as the same number: 15 digits leave out zeros that are not needed. */
	for (int digits = size >= DBL_MIN && size < WHOLE_MAX ? 15 : 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	json_append_value(json, text);
}

void json_number(struct json *json, double value)
{
	char text[32];
	uint64_t decimal;
	int exponent;

	if (six_digits(fabs(value), &decimal, &exponent)) {
		json_separate(json);
		if (value < 0)
			buffer_append_byte(json->out, '-');
		decimal_append(json->out, decimal, exponent);
		return;
	}
	if (value == 0 || !isfinite(value)) {
		json_real(json, value);
		return;
	}
	snprintf(text, sizeof text, "%.6g", value);
	json_real(json, strtod(text, NULL));
}

void json_bool(struct json *json, bool value)
{
	json_append_value(json, value ? "true" : "false");
}

void json_null(struct json *json)
{
	json_append_value(json, "null");
}
