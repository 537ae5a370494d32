/* SPDX-License-Identifier: Apache-2.0 */
/* The lines above a table: which program and when, what the operating system and the allocator say beside what the
 * samples say, what was lost, and what a reader must know before believing a number. */
#ifndef SEEP_TEXT_HEAD_TEXT_H
#define SEEP_TEXT_HEAD_TEXT_H

#include "compare/comparison.h"
#include "compare/inventory.h"
#include "leaks/leaks.h"
#include "render/text/text_page.h"

void head_write_report(struct text_page *page, const struct inventory *inventory);
void head_write_diff(struct text_page *page, const struct comparison *comparison);
void head_write_leaks(struct text_page *page, const struct leaks *leaks);

#endif
