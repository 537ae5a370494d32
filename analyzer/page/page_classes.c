/* SPDX-License-Identifier: Apache-2.0 */
#include "page/page_parts.h"

#include <math.h>

#include "render/words/account_words.h"

/* What of a class was in memory at each moment; null where nobody looked. A class that had nothing is left out, and so is what
 * RSS does not count. */
static void class_render(struct json *json, const struct page *page, enum seep_ledger_class class)
{
	bool has_any = false;

	for (size_t i = 0; i < page->moment_count; i++)
		has_any |= page->moments[i].classes.resident[class] > 0;
	if (!has_any || class == SEEP_LEDGER_HUGE)
		return;
	json_begin_object(json);
	json_text(json_key(json, "name"), account_class_name(class));
	json_begin_array(json_key(json, "bytes"));
	for (size_t i = 0; i < page->moment_count; i++)
		json_rounded(json, page->moments[i].classes.is_known ? page->moments[i].classes.resident[class] : NAN);
	json_end_array(json);
	json_end_object(json);
}

void page_classes_render(struct json *json, const struct page *page)
{
	json_begin_array(json_key(json, "classes"));
	for (size_t i = 0; i < ACCOUNT_ORDER_COUNT; i++)
		class_render(json, page, account_order[i]);
	json_end_array(json);
}
