/* SPDX-License-Identifier: Apache-2.0 */
/* The result of `seep check`, for people and for the tools that build and review programs. */
#ifndef SEEP_RENDER_CHECK_OUTPUTS_H
#define SEEP_RENDER_CHECK_OUTPUTS_H

#include "base/buffer.h"
#include "check/check.h"
#include "check/suggest.h"
#include "render/terminal/text_page.h"

enum check_format {
	FORMAT_TEXT,
	FORMAT_JSON,
	FORMAT_JUNIT,
	FORMAT_SARIF,
	FORMAT_GITHUB,
	FORMAT_GITLAB,
	FORMAT_MARKDOWN
};

/* "text" and so on; ends with NULL. */
extern const char *const check_format_names[];

/* What the user said about the runs. */
struct check_context {
	const char *since; /* the last good revision; NULL: not given */
	const char *flame; /* the file with the flame graph; NULL: there is none */
};

void check_text_render(struct text_page *page, const struct check *check, const struct check_context *context);
/* Schema seep.check/1. */
void check_json_render(struct buffer *out, const struct check *check, const struct check_context *context);
void check_junit_render(struct buffer *out, const struct check *check);
void check_sarif_render(struct buffer *out, const struct check *check);
void check_github_render(struct buffer *out, const struct check *check);
void check_gitlab_render(struct buffer *out, const struct check *check);
void check_markdown_render(struct buffer *out, const struct check *check, const struct check_context *context);

/* The flame graph of the first run beside the first of the base, by the value of the worst budget: SVG. */
void check_flame_render(struct buffer *out, const struct check *check);

/* A file of budgets, suggested by `run_count` runs. */
void suggest_json_render(struct buffer *out, const struct suggestions *suggestions, size_t runs);

#endif
