/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a page's data that are not columns of samples. */
#ifndef SEEP_PAGE_PAGE_PARTS_H
#define SEEP_PAGE_PAGE_PARTS_H

#include "base/json.h"
#include "page/page.h"

/* The classes of memory: what each had at every moment. */
void page_classes_render(struct json *json, const struct page *page);

/* The verdicts as `seep leaks` has them, and what was found in words. */
void page_answer_render(struct json *json, const struct page *page);

#endif
