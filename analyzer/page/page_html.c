/* SPDX-License-Identifier: Apache-2.0 */
/* The file around the data. Script, style and policy come from analyzer/report/, which the Makefile has bundled. */
#include "files/base64.h"
#include "files/gzip.h"
#include "page/page.h"
#include "page/page_sources.h"
#include "render/flame/xml.h"

static void source_append(struct buffer *out, struct page_text text)
{
	buffer_append(out, text.data, text.bytes);
}

void page_render(struct buffer *out, const struct page *page)
{
	struct buffer data = {0}, packed = {0};

	buffer_append_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
				"<meta http-equiv=\"Content-Security-Policy\" content=\"");
	source_append(out, page_policy());
	buffer_append_text(
	    out, "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>seep: ");
	xml_append_text(out, *page->whole->command ? page->whole->command : page->source);
	buffer_append_text(out, "</title>\n<style>");
	source_append(out, page_style());
	buffer_append_text(out,
			   "</style>\n</head>\n<body>\n<main id=\"seep\"><p>This page needs JavaScript: it draws what "
			   "it carries, and asks no server for anything.</p></main>\n"
			   "<script type=\"application/octet-stream\" id=\"seep-data\">");
	page_data_render(&data, page);
	gzip_pack(&packed, data.data, data.length);
	base64_append(out, packed.data, packed.length);
	buffer_append_text(out, "</script>\n<script>");
	source_append(out, page_script());
	buffer_append_text(out, "</script>\n</body>\n</html>\n");
	buffer_free(&data);
	buffer_free(&packed);
}
