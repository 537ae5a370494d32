/* SPDX-License-Identifier: Apache-2.0 */
/* `seep report --json`: schema seep.report/1, as docs/CLI.md has it. One line for each site, for people with grep. */
#ifndef SEEP_JSON_REPORT_JSON_H
#define SEEP_JSON_REPORT_JSON_H

#include "base/buffer.h"
#include "compare/inventory.h"

/* At most `top` sites. */
void report_json_render(struct buffer *out, const struct inventory *inventory, uint32_t top);

#endif
