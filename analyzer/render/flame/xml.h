/* SPDX-License-Identifier: Apache-2.0 */
/* Untrusted text inside XML and HTML. The output is harmless in element content and in quoted attributes: markup
 * characters are escaped. Characters that XML forbids, broken UTF-8, and controls that turn the direction of writing
 * become U+FFFD, so that nothing reads differently from what it is. */
#ifndef SEEP_FLAME_XML_H
#define SEEP_FLAME_XML_H

#include <stddef.h>

#include "base/buffer.h"

void xml_append(struct buffer *out, const char *text, size_t bytes);
void xml_append_text(struct buffer *out, const char *text);

/* Script or style as a CDATA section, which means the same in XML and in SVG inside HTML; "]]>" is split in two. */
void xml_append_cdata(struct buffer *out, const char *text, size_t bytes);

/* A frame's label: at most `columns` columns wide, cut with an ellipsis. Characters outside ASCII are taken for two
 * columns wide, which keeps ideographs inside their frame. */
void xml_append_label(struct buffer *out, const char *text, size_t columns);

#endif
