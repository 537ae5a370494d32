/* SPDX-License-Identifier: Apache-2.0 */
/* What `seep check` found, in the words of people and of the tools that build and review programs. */
#ifndef SEEP_RENDER_CHECK_OUTPUTS_H
#define SEEP_RENDER_CHECK_OUTPUTS_H

#include "base/buffer.h"
#include "check/check.h"
#include "render/terminal/text_page.h"

enum check_format { FORMAT_TEXT, FORMAT_JSON, FORMATS };

/* "text" and so on; ends with NULL. */
extern const char *const check_format_names[];

/* What the user said beside the runs. */
struct check_context {
	const char *since; /* the revision since which it may have changed; NULL: nobody said */
};

void check_text_render(struct text_page *page, const struct check *check, const struct check_context *context);
/* Schema seep.check/1. */
void check_json_render(struct buffer *out, const struct check *check, const struct check_context *context);

#endif
