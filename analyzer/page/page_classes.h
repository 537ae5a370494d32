/* SPDX-License-Identifier: Apache-2.0 */
/* The classes of memory in a page's data: a column for each. */
#ifndef SEEP_PAGE_PAGE_CLASSES_H
#define SEEP_PAGE_PAGE_CLASSES_H

#include "base/json.h"
#include "page/page.h"

void page_classes_render(struct json *json, const struct page *page);

#endif
