/* SPDX-License-Identifier: Apache-2.0 */
/* The line of the screen that has the program's memory: "in use ▁▂▃▄▅▆▇█ 283 MiB [270, 297]   RSS 323 MiB   limit of 2 GiB reached in
 * about 3 min". */
#ifndef SEEP_SCREEN_MEMORY_LINE_H
#define SEEP_SCREEN_MEMORY_LINE_H

#include "leaks/leaks.h"
#include "render/terminal/text_page.h"
#include "series/series.h"

void memory_line_write(struct text_page *page, const struct leaks *leaks, const struct series *series);

#endif
