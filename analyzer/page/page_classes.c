/* SPDX-License-Identifier: Apache-2.0 */
#include "page/page_parts.h"

#include <math.h>

#include "render/words/account_words.h"

/* How much of a band was in memory at a moment. */
typedef double band_bytes(const struct class_sums *sums, enum seep_ledger_class class);

static double resident_of(const struct class_sums *sums, enum seep_ledger_class class)
{
	return sums->resident[class];
}

static double kept_of(const struct class_sums *sums, enum seep_ledger_class class)
{
	return fmin(sums->kept[KEPT_CACHED] + sums->kept[KEPT_FREE_PAGES] + sums->kept[KEPT_PINNED],
		    sums->resident[class]);
}

static double not_kept_of(const struct class_sums *sums, enum seep_ledger_class class)
{
	return sums->resident[class] - kept_of(sums, class);
}

/* The values at each moment; null if nobody looked. A band that never had anything is left out. */
static void band_render(struct json *json, const struct page *page, const char *name, enum seep_ledger_class class,
			band_bytes *bytes_of)
{
	bool has_any = false;

	for (size_t i = 0; i < page->moment_count; i++)
		has_any |= bytes_of(&page->moments[i].classes, class) > 0;
	if (!has_any)
		return;
	json_begin_object(json);
	json_text(json_key(json, "name"), name);
	json_begin_array(json_key(json, "bytes"));
	for (size_t i = 0; i < page->moment_count; i++) {
		const struct class_sums *sums = &page->moments[i].classes;
		json_rounded(json, sums->is_known ? bytes_of(sums, class) : NAN);
	}
	json_end_array(json);
	json_end_object(json);
}

/* Only if it is known for every moment at which somebody looked: otherwise the bands would have steps that mean
 * nothing. */
static bool heap_is_apart(const struct page *page)
{
	bool is_apart = true;

	for (size_t i = 0; i < page->moment_count; i++)
		is_apart &= page->moments[i].classes.has_kept || !page->moments[i].classes.is_known;
	return is_apart;
}

/* RSS as bands, one for each class that it counts. The heap has two bands if its allocator's structures are known. */
void page_classes_render(struct json *json, const struct page *page)
{
	json_begin_array(json_key(json, "classes"));
	for (size_t i = 0; i < ACCOUNT_ORDER_COUNT; i++) {
		const enum seep_ledger_class class = account_order[i];
		if (class == SEEP_LEDGER_HEAP && heap_is_apart(page)) {
			band_render(json, page, "heap in use", class, not_kept_of);
			band_render(json, page, "heap that is free", class, kept_of);
		} else if (class != SEEP_LEDGER_HUGE) {
			band_render(json, page, account_class_name(class), class, resident_of);
		}
	}
	json_end_array(json);
}
