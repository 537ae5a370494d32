/* SPDX-License-Identifier: Apache-2.0 */
/* A check as JUnit's XML: a test case for each row. An undecided budget becomes a skipped test. */
#include "render/check/check_words.h"
#include "render/check/outputs.h"
#include "render/flame/xml.h"

static void attribute_append(struct buffer *out, const char *name, const char *value)
{
	buffer_printf(out, " %s=\"", name);
	xml_append_text(out, value);
	buffer_append_byte(out, '"');
}

/* Rows of the same budget differ in their places. */
static void case_append(struct buffer *out, const struct check *check, const struct check_row *row)
{
	static const char *const elements[] = {NULL, "skipped", "failure"};
	struct buffer name = {0}, words = {0}, command = {0};

	buffer_append_text(&name, row->budget->name);
	const bool is_of_place = row->budget->scope == SCOPE_EACH || row->leak || row->budget->measure == CHECK_LOST;
	if (is_of_place && check_words_place(&words, row))
		buffer_printf(&name, ": %s", words.data);
	words.length = 0;
	check_words_row(&words, row);
	buffer_append_text(out, "  <testcase");
	attribute_append(out, "classname", "seep.check");
	attribute_append(out, "name", name.data);
	const char *element = elements[row->result];
	if (!element) {
		buffer_append_text(out, "/>\n");
	} else {
		buffer_printf(out, ">\n    <%s", element);
		attribute_append(out, "message", words.data);
		if (row->result == CHECK_FAIL && check_words_command(&command, check, row)) {
			buffer_append_text(out, " type=\"budget\">");
			xml_append_text(out, command.data);
			buffer_printf(out, "</%s>\n", element);
		} else {
			buffer_append_text(out, "/>\n");
		}
		buffer_append_text(out, "  </testcase>\n");
	}
	buffer_free(&name);
	buffer_free(&words);
	buffer_free(&command);
}

void check_junit_render(struct buffer *out, const struct check *check)
{
	size_t counts[CHECK_FAIL + 1] = {0};

	for (size_t i = 0; i < check->count; i++)
		counts[check->rows[i].result]++;
	buffer_printf(
	    out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n <testsuite name=\"seep check\" tests=\"%zu\" "
	    "failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n",
	    check->count, counts[CHECK_FAIL], counts[CHECK_UNDECIDED]);
	for (size_t i = 0; i < check->count; i++)
		case_append(out, check, &check->rows[i]);
	buffer_append_text(out, " </testsuite>\n</testsuites>\n");
}
