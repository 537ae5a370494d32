/* SPDX-License-Identifier: Apache-2.0 */
/* `seep diff --json`: schema seep.diff/1, as docs/CLI.md has it. */
#ifndef SEEP_JSON_DIFF_JSON_H
#define SEEP_JSON_DIFF_JSON_H

#include "base/buffer.h"
#include "compare/comparison.h"

/* At most `top` sites and `top` churn hotspots. */
void diff_json_render(struct buffer *out, const struct comparison *comparison, uint32_t top);

#endif
