/* SPDX-License-Identifier: Apache-2.0 */
/* Pages that replace the table: the stacks of one place, or the keys; and the last line. */
#ifndef SEEP_TOP_PAGES_H
#define SEEP_TOP_PAGES_H

#include "render/terminal/text_page.h"
#include "top/model.h"

/* Writes the stacks of the open place, or the help. */
void pages_write(struct text_page *page, struct model *model, unsigned lines);
/* Writes the last line, without a newline: the last message, the filter while it is typed, or the keys. */
void pages_write_keys(struct text_page *page, const struct model *model);

#endif
