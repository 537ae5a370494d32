/* SPDX-License-Identifier: Apache-2.0 */
#include "page/page_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "page/page_sources.h"
#include "render/flame/xml.h"

static void source_append(struct buffer *out, struct page_text text)
{
	buffer_append(out, text.data, text.bytes);
}

/* A cell with one or two texts; the second is small. */
static void cell_append(struct buffer *out, const char *class, const char *text, const char *small)
{
	buffer_printf(out, "<td class=\"%s\">", class);
	xml_append_text(out, text);
	if (small) {
		buffer_append_text(out, " <small>");
		xml_append_text(out, small);
		buffer_append_text(out, "</small>");
	}
	buffer_append_text(out, "</td>");
}

/* The finding's first word is the class: "leaks" of "leaks", "nothing" of "nothing leaks". */
static void finding_append(struct buffer *out, const struct page_list_row *row)
{
	buffer_printf(out, "<td class=\"finding\"><span class=\"badge %.*s\">", (int)strcspn(row->finding, " "),
		      row->finding);
	xml_append_text(out, row->finding);
	buffer_append_text(out, "</span> ");
	xml_append_text(out, row->sentence);
	buffer_append_text(out, "</td>");
}

static void row_append(struct buffer *out, const struct page_list_row *row)
{
	char text[80];

	buffer_printf(out, "<tr><td class=\"name\"><a href=\"r/%s/\">", row->link);
	xml_append_text(out, row->name);
	buffer_append_text(out, "</a></td>");
	if (row->command) {
		buffer_printf(out, "<td class=\"process\">");
		xml_append_text(out, row->command);
		buffer_printf(out, " <small>pid&nbsp;%" PRIu64 "</small></td>", row->pid);
	} else {
		buffer_append_text(out, "<td class=\"process\"></td>");
	}
	buffer_printf(out, "<td class=\"state %s\">%s</td>", row->state, row->state);
	if (row->command) {
		snprintf(text, sizeof text, "%.40s, %" PRIu64 " snapshot%s", row->recorded, row->snapshots,
			 row->snapshots == 1 ? "" : "s");
		cell_append(out, "recorded", text, NULL);
		cell_append(out, "inuse", row->in_use, row->interval);
		finding_append(out, row);
	} else {
		buffer_append_text(out, "<td class=\"finding\" colspan=\"3\">");
		xml_append_text(out, row->fault ? row->fault : "is being read");
		buffer_append_text(out, "</td>");
	}
	buffer_append_text(out, "</tr>\n");
}

static void rows_append(struct buffer *out, const struct page_list_row *rows, size_t count, size_t left_out)
{
	if (count == 0) {
		buffer_append_text(out, "<p>There is no recording yet. One that appears is shown here.</p>\n");
		return;
	}
	buffer_append_text(out, "<table>\n<thead><tr><th>recording</th><th>process</th><th>state</th><th>recorded</th>"
				"<th>in use</th><th>what leaks</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < count; i++)
		row_append(out, &rows[i]);
	buffer_append_text(out, "</tbody>\n</table>\n");
	if (left_out)
		buffer_printf(out, "<p>%zu more are left out: they are too many to be served at a time.</p>\n",
			      left_out);
}

void page_list_render(struct buffer *out, const struct page_list_row *rows, size_t count, size_t left_out)
{
	buffer_append_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
				"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
				"<title>seep: recordings</title>\n<style>");
	source_append(out, page_list_style());
	buffer_append_text(out, "</style>\n</head>\n<body>\n<main>\n<h1>Recordings</h1>\n");
	rows_append(out, rows, count, left_out);
	buffer_append_text(out,
			   "</main>\n<footer>seep " SEEP_VERSION
			   "; intervals are 95 %. <span id=\"connection\" role=\"status\"></span></footer>\n<script>");
	source_append(out, page_list_script());
	buffer_append_text(out, "</script>\n</body>\n</html>\n");
}

void page_list_append_policy(struct buffer *out)
{
	source_append(out, page_list_policy());
	buffer_append_text(out, PAGE_POLICY_LIVE);
}
