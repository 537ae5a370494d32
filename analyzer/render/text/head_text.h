/* SPDX-License-Identifier: Apache-2.0 */
/* The lines above a table, alike in all commands: the program and the moment; what is in use by the samples, the system
 * and the allocator; losses; and notes that a reader must know before believing a number. */
#ifndef SEEP_TEXT_HEAD_TEXT_H
#define SEEP_TEXT_HEAD_TEXT_H

#include "compare/comparison.h"
#include "compare/inventory.h"
#include "leaks/leaks.h"
#include "series/series.h"
#include "render/terminal/text_page.h"

void head_write_report(struct text_page *page, const struct inventory *inventory);
void head_write_diff(struct text_page *page, const struct comparison *comparison);
void head_write_leaks(struct text_page *page, const struct leaks *leaks, const struct series *series);

/* "svc --port 1 (pid 9659)  24.0 s, 12 snapshots, judged at 24.0 s (shutdown left out)" and a newline. */
void head_write_series(struct text_page *page, const struct leaks *leaks, const struct series *series);

/* If RSS grew and the memory in use can't be the reason, a sentence says which class of memory grew. */
void head_write_elsewhere(struct text_page *page, const struct leaks *leaks);

#endif
