/* SPDX-License-Identifier: Apache-2.0 */
/* Names content by its first bytes; see the header. */
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "reader/foreign_describe.h"

static const struct foreign_magic {
	const char *bytes;
	size_t length;
	const char *name;
} magics[] = {
    {"\177ELF", 4, "an ELF file (a program or library)"},
    {"SEEPHEAP", 8, "a recording's heap file; give the recording's directory instead"},
    {"\x1f\x8b", 2, "gzip-compressed data"},
    {"\x28\xb5\x2f\xfd", 4, "zstd-compressed data"},
    {"\xfd"
     "7zXZ",
     5, "xz-compressed data"},
    {"PK\x03\x04", 4, "a zip archive"},
    {"heap_v2/", 8, "a jemalloc heap dump"},
    {"heap profile:", 13, "a gperftools heap profile"},
    {"PERFILE2", 8, "a perf.data file"},
    {"<svg", 4, "an SVG picture"},
    {"<?xml", 5, "XML text"},
    {"<!DOCTYPE html", 14, "an HTML page"},
    {"{\"", 2, "JSON text"},
};

static bool all_zero(const unsigned char *head, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (head[i])
			return false;
	return true;
}

/* Whether it is UTF-8 without control characters; a character cut off at the end is ignored. */
static bool is_text(const unsigned char *head, size_t bytes)
{
	for (size_t at = 0; at < bytes;) {
		uint32_t code_point;
		size_t width = utf8_decode((const char *)head + at, bytes - at, &code_point);
		if (width == 0)
			return bytes - at < 4 && at > 0;
		if (code_point < 0x20 && !strchr("\t\n\r\f", (int)code_point))
			return false;
		if (code_point == 0)
			return false;
		at += width;
	}
	return bytes > 0;
}

const char *foreign_describe(const unsigned char *head, size_t bytes)
{
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
		if (bytes >= magics[i].length && memcmp(head, magics[i].bytes, magics[i].length) == 0)
			return magics[i].name;
	if (all_zero(head, bytes))
		return "zeros";
	return is_text(head, bytes) ? "text" : "data of an unknown kind";
}
