/* SPDX-License-Identifier: Apache-2.0 */
/* Golden files; see golden.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/output.h"
#include "render/terminal/text_page.h"
#include "support/golden.h"

#define DIRECTORY "tests/unit/analyzer/golden/"

static void golden_read(const char *path, struct buffer *text)
{
	char chunk[4096];
	size_t length;
	FILE *file = fopen(path, "r");

	if (!file)
		fail_msg("%s can't be read (tests run in the root of the tree; refresh_golden.sh makes new ones)",
			 path);
	while ((length = fread(chunk, 1, sizeof chunk, file)) > 0)
		buffer_append(text, chunk, length);
	fclose(file);
}

void assert_golden(const char *name, const struct buffer *text)
{
	struct buffer expected = {0};
	struct error error;
	char path[256];

	snprintf(path, sizeof path, DIRECTORY "%s", name);
	if (getenv("SEEP_REFRESH_GOLDEN")) {
		if (!output_write_buffer(text, path, &error))
			fail_msg("%s", error.text);
		return;
	}
	golden_read(path, &expected);
	size_t same = 0, line = 1;
	while (same < text->length && same < expected.length && text->data[same] == expected.data[same])
		line += text->data[same++] == '\n';
	const bool is_same = same == text->length && same == expected.length;
	buffer_free(&expected);
	if (!is_same)
		fail_msg("%s differs from line %zu on; what came out:\n%s", path, line, text->data);
}

void assert_columns(const struct buffer *text, unsigned columns)
{
	char *copy = strdup(text->data);
	char *rest = copy;

	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		if (text_columns(line) > columns)
			fail_msg("%u columns: %s", text_columns(line), line);
	}
	free(copy);
}
