/* SPDX-License-Identifier: Apache-2.0 */
/* `seep leaks` as text: head, then the sites by verdict, each with its evidence. */
#ifndef SEEP_TEXT_LEAKS_TEXT_H
#define SEEP_TEXT_LEAKS_TEXT_H

#include "leaks/leaks.h"
#include "leaks/series.h"
#include "render/text/text_page.h"

/* At most `top` rows of each verdict; 0: ten leaks and as many that grow, fewer of the others. */
void leaks_text_render(struct text_page *page, const struct leaks *leaks, const struct series *series, uint32_t top);

#endif
