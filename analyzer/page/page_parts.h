/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a page's data other than columns of samples. */
#ifndef SEEP_PAGE_PAGE_PARTS_H
#define SEEP_PAGE_PAGE_PARTS_H

#include "base/json.h"
#include "page/page.h"

/* The classes of memory at every moment. */
void page_classes_render(struct json *json, const struct page *page);

/* The verdicts of `seep leaks`, and the finding in words. */
void page_answer_render(struct json *json, const struct page *page);

#endif
