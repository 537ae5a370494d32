/* SPDX-License-Identifier: Apache-2.0 */
/* `seep annotate`: source lines with values, for the terminal and as JSON. */
#ifndef SEEP_RENDER_SOURCE_ANNOTATE_H
#define SEEP_RENDER_SOURCE_ANNOTATE_H

#include "render/terminal/text_page.h"
#include "source/source_view.h"

void annotate_text_render(struct text_page *page, const struct source_view *view);

/* Schema seep.annotate/1. */
void annotate_json_render(struct buffer *out, const struct source_view *view);

#endif
