/* SPDX-License-Identifier: Apache-2.0 */
/* `seep leaks --json`: schema seep.leaks/2, as docs/CLI.md has it. */
#ifndef SEEP_JSON_LEAKS_JSON_H
#define SEEP_JSON_LEAKS_JSON_H

#include "base/buffer.h"
#include "leaks/leaks.h"

/* At most `top` sites. */
void leaks_json_render(struct buffer *out, const struct leaks *leaks, uint32_t top);

#endif
