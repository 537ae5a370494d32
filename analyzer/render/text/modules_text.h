/* SPDX-License-Identifier: Apache-2.0 */
/* `seep report --modules`: for each module its build id, what names were found for it, where, and why not. */
#ifndef SEEP_TEXT_MODULES_TEXT_H
#define SEEP_TEXT_MODULES_TEXT_H

#include "profile/profile.h"
#include "render/text/text_page.h"

/* The profile must have been symbolized. Modules in stacks come first, those with most addresses at the top. */
void modules_text_render(struct text_page *page, const struct profile *profile);

/* The same as JSON, schema seep.modules/1. */
void modules_json_render(struct buffer *out, const struct profile *profile);

#endif
