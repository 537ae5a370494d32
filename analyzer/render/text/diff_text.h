/* SPDX-License-Identifier: Apache-2.0 */
/* `seep diff` as text: head, what grows, what shrinks, what may be chance, churn. */
#ifndef SEEP_TEXT_DIFF_TEXT_H
#define SEEP_TEXT_DIFF_TEXT_H

#include "compare/comparison.h"
#include "render/text/text_page.h"

/* Rows of each section, at most; 0: a number that suits the section. */
void diff_text_render(struct text_page *page, const struct comparison *comparison, uint32_t top);

#endif
