/* SPDX-License-Identifier: Apache-2.0 */
/* The file around the data. Script, style and policy come from analyzer/report/, bundled by the Makefile. */
#include "encoding/base64.h"
#include "page/page.h"
#include "page/page_sources.h"
#include "render/flame/xml.h"

static void source_append(struct buffer *out, struct page_text text)
{
	buffer_append(out, text.data, text.bytes);
}

static void head_append(struct buffer *out, const char *title)
{
	buffer_append_text(out,
			   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>seep: ");
	xml_append_text(out, title);
	buffer_append_text(out, "</title>\n<style>");
	source_append(out, page_style());
	buffer_append_text(out,
			   "</style>\n</head>\n<body>\n<main id=\"seep\"><p>This page needs JavaScript: it draws ");
}

static void script_append(struct buffer *out)
{
	buffer_append_text(out, "<script>");
	source_append(out, page_script());
	buffer_append_text(out, "</script>\n</body>\n</html>\n");
}

static const char begin[] = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";

void page_render(struct buffer *out, const struct page *page)
{
	struct buffer packed = {0};

	buffer_append_text(out, begin);
	buffer_append_text(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"");
	source_append(out, page_policy());
	buffer_append_text(out, "\">\n");
	head_append(out, *page->whole->command ? page->whole->command : page->source);
	buffer_append_text(out, "what it carries, and asks no server for anything.</p></main>\n"
				"<script type=\"application/octet-stream\" id=\"seep-data\">");
	page_data_pack(&packed, page);
	base64_append(out, packed.data, packed.length);
	buffer_append_text(out, "</script>\n");
	script_append(out);
	buffer_free(&packed);
}

void page_render_live(struct buffer *out)
{
	buffer_append_text(out, begin);
	head_append(out, "a recording"); /* the script puts a better title when it has the data */
	buffer_append_text(out, "what it gets from seep serve.</p></main>\n");
	script_append(out);
}

void page_append_live_policy(struct buffer *out)
{
	source_append(out, page_policy());
	buffer_append_text(out, PAGE_POLICY_LIVE);
}
