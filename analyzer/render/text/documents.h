/* SPDX-License-Identifier: Apache-2.0 */
/* The commands' pages for the terminal. Each begins with a head that names the moment and the process. */
#ifndef SEEP_TEXT_DOCUMENTS_H
#define SEEP_TEXT_DOCUMENTS_H

#include "account/account.h"
#include "compare/comparison.h"
#include "compare/inventory.h"
#include "leaks/leaks.h"
#include "series/series.h"
#include "render/terminal/text_page.h"
#include "target/listing.h"

/* A table of the groups that have a row, and the total; a line sums up the others. */
void report_text_render(struct text_page *page, const struct inventory *inventory);
struct parts;
void parts_text_render(struct text_page *page, const struct inventory *inventory, const struct parts *parts);

/* What grows, what shrinks, what may be chance, and churn; at most `top` rows of each. 0: a number that suits each. */
void diff_text_render(struct text_page *page, const struct comparison *comparison, uint32_t top);

/* The sites by verdict, each with its evidence; at most `top` rows of each verdict. 0: ten leaks and ten growing sites,
 * fewer of the others. */
void leaks_text_render(struct text_page *page, const struct leaks *leaks, const struct series *series, uint32_t top);

/* "LEAKING  4 places, 37.9 GiB [34, 43] an hour", or why nothing leaks; with an empty line before it. */
void leaks_finding_write(struct text_page *page, const struct leaks *leaks, const struct series *series);

/* For each module, its build id, which names were found for it and where, or why not. Modules in stacks come first,
 * those with most addresses at the top. As JSON, schema seep.modules/1. The profile must have been symbolized. */
void modules_text_render(struct text_page *page, const struct profile *profile);
void modules_json_render(struct buffer *out, const struct profile *profile);

/* A row for each class of memory, then sentences about them. */
void account_text_render(struct text_page *page, const struct account *account);

/* A row for each recording. */
void listing_text_render(struct text_page *page, const struct listing *listing);
/* "web: 3 processes, 1 running, 2 restarts, 1 build, 4 MiB" */
void listing_service_line(struct buffer *out, const struct listing *listing);

#endif
