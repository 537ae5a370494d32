/* SPDX-License-Identifier: Apache-2.0 */
/* The lines above the table: the program, what it has in use, and what leaks. */
#ifndef SEEP_TOP_HEAD_H
#define SEEP_TOP_HEAD_H

#include "render/terminal/text_page.h"
#include "top/model.h"

void head_write(struct text_page *page, const struct model *model);

#endif
