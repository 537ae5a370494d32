/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents, by the schemas in docs/schema/. Each site has one line, for people with grep. */
#ifndef SEEP_JSON_DOCUMENTS_H
#define SEEP_JSON_DOCUMENTS_H

#include "base/buffer.h"
#include "account/account.h"
#include "compare/comparison.h"
#include "compare/inventory.h"
#include "leaks/leaks.h"
#include "target/listing.h"

/* A report has the groups with a row; the other documents have at most `top` sites, and a difference as many churn
 * hotspots. */
/* `parts`: NULL or without rows, if they are left out. */
struct parts;
void report_json_render(struct buffer *out, const struct inventory *inventory, const struct parts *parts);
void diff_json_render(struct buffer *out, const struct comparison *comparison, uint32_t top);
/* `places`: the same series, judged by place; it may be `leaks` itself. */
void leaks_json_render(struct buffer *out, const struct leaks *leaks, const struct leaks *places, uint32_t top);
void account_json_render(struct buffer *out, const struct account *account);
void listing_json_render(struct buffer *out, const struct listing *listing);

#endif
