/* SPDX-License-Identifier: Apache-2.0 */
/* `seep report` as text: head, table of groups, total. */
#ifndef SEEP_TEXT_REPORT_TEXT_H
#define SEEP_TEXT_REPORT_TEXT_H

#include "compare/inventory.h"
#include "render/text/text_page.h"

/* At most `top` rows; what is left out is summed up in one line. */
void report_text_render(struct text_page *page, const struct inventory *inventory, uint32_t top);

#endif
