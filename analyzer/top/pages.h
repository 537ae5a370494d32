/* SPDX-License-Identifier: Apache-2.0 */
/* The pages that take the place of the table: the stacks of one place, the keys; and the last line. */
#ifndef SEEP_TOP_PAGES_H
#define SEEP_TOP_PAGES_H

#include "render/terminal/text_page.h"
#include "top/model.h"

/* The stacks of the place that is open, or the help. */
void pages_write(struct text_page *page, struct model *model, unsigned lines);
/* The last line, without a newline: what was said last, the filter while it is typed, or the keys. */
void pages_write_keys(struct text_page *page, const struct model *model);

#endif
