/* SPDX-License-Identifier: Apache-2.0 */
/* The flame graph as a page: the same SVG inside HTML. Browsers read what is inside <svg> by the rules of XML where it
 * matters here (escapes, CDATA), so the drawing needs no other form. */
#include "render/flame/flame.h"
#include "render/flame/xml.h"

void flame_html_render(struct buffer *out, const struct call_tree *tree, const struct flame_caption *caption)
{
	buffer_append_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
				"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
				"<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	xml_append_text(out, caption->title.data);
	buffer_append_text(
	    out, "</title>\n<style>body { margin: 0; background: #fffdfa } svg { display: block }"
		 "@media (prefers-color-scheme: dark) { body { background: #1c1a18 } }</style>\n</head>\n<body>\n");
	flame_svg_render(out, tree, caption);
	buffer_append_text(out, "</body>\n</html>\n");
}
