/* SPDX-License-Identifier: Apache-2.0 */
/* A process's memory by class, as JSON, schema seep.memory/1. */
#include <math.h>

#include "base/json.h"
#include "render/json/documents.h"
#include "render/json/profile_json.h"
#include "render/words/account_words.h"

static void bytes_write(struct json *json, const struct profile_ledger_row *row)
{
	json_unsigned(json_key(json, "mappings"), row->mappings);
	json_unsigned(json_key(json, "mapped_bytes"), row->virtual_bytes);
	json_unsigned(json_key(json, "anonymous_bytes"), row->anonymous_bytes);
	json_unsigned(json_key(json, "file_bytes"), row->file_bytes);
	json_unsigned(json_key(json, "swapped_bytes"), row->swapped_bytes);
	json_unsigned(json_key(json, "huge_bytes"), row->huge_bytes);
	json_unsigned(json_key(json, "unread_bytes"), row->unread_bytes);
}

static void class_write(struct json *json, const struct account *account, enum seep_ledger_class class)
{
	const struct account_class *sum = &account->classes[class];

	json_begin_object(json);
	json_text(json_key(json, "class"), account_class_key(class));
	json_rounded(json_key(json, "resident_bytes"), sum->resident);
	json_rounded(json_key(json, "swapped_bytes"), sum->swapped);
	json_rounded(json_key(json, "mapped_bytes"), sum->mapped);
	json_rounded(json_key(json, "huge_bytes"), sum->huge);
	json_rounded(json_key(json, "unread_bytes"), sum->unread);
	json_begin_array(json_key(json, "rows"));
	for (uint32_t i = 0; i < sum->row_count; i++) {
		const struct profile_ledger_row *row = &account->profile->ledger[sum->rows[i]];
		json_begin_object(json);
		json_text(json_key(json, "name"), row->name);
		bytes_write(json, row);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}

static void interval_write(struct json *json, const char *key, struct interval interval, bool is_known)
{
	if (!is_known) {
		json_null(json_key(json, key));
		return;
	}
	json_begin_array(json_key(json, key));
	json_rounded(json, interval.low);
	json_rounded(json, interval.high);
	json_end_array(json);
}

static const char *state_name(uint32_t state)
{
	static const char *const names[] = {[0] = "unasked",
					    [SEEP_ACCOUNT_KNOWN] = "known",
					    [SEEP_ACCOUNT_REFUSED] = "refused",
					    [SEEP_ACCOUNT_STRANGE] = "strange",
					    [SEEP_ACCOUNT_CHANGING] = "changing"};
	return state < sizeof names / sizeof *names ? names[state] : "unasked";
}

/* null: unknown. */
static void kept_write(struct json *json, const struct account_heap *heap)
{
	const struct account_kept *kept = &heap->kept;
	const double known = kept->state == SEEP_ACCOUNT_KNOWN ? 0 : NAN;

	json_text(json_key(json, "allocator_state"), state_name(kept->state));
	json_rounded(json_key(json, "allocated_bytes"), kept->allocated + known);
	json_rounded(json_key(json, "allocated_spread_bytes"), kept->spread + known);
	json_rounded(json_key(json, "caches_bytes"), kept->cached + known);
	json_rounded(json_key(json, "free_bytes"), kept->free_pages + kept->pinned + known);
	json_rounded(json_key(json, "free_pages_bytes"), kept->free_pages + known);
	json_rounded(json_key(json, "free_top_bytes"), kept->top + known);
	json_rounded(json_key(json, "free_pinned_bytes"), kept->pinned + known);
	json_rounded(json_key(json, "metadata_bytes"), kept->metadata + known);
	json_rounded(json_key(json, "unexplained_bytes"), kept->unexplained + known);
	json_number(json_key(json, "stopped_ms"), heap->was_asked ? heap->figures.stop_ms : NAN);
}

static void heap_write(struct json *json, const struct account_heap *heap)
{
	const double known = heap->is_known ? 0 : NAN;

	if (!heap->is_known && heap->kept.state != SEEP_ACCOUNT_KNOWN) {
		json_null(json_key(json, "heap"));
		return;
	}
	json_begin_object(json_key(json, "heap"));
	json_rounded(json_key(json, "inuse_bytes"), heap->in_use + known);
	interval_write(json, "inuse_interval", heap->in_use_interval, heap->is_known);
	json_rounded(json_key(json, "inuse_swapped_bytes"), heap->swapped + known);
	json_rounded(json_key(json, "inuse_untouched_bytes"), heap->untouched + known);
	json_rounded(json_key(json, "blocks_unread"), heap->blocks_unread + known);
	json_rounded(json_key(json, "rounding_bytes"), heap->has_rounding ? heap->rounding + known : NAN);
	json_rounded(json_key(json, "rest_bytes"), heap->rest + known);
	interval_write(json, "rest_interval", heap->rest_interval, heap->is_known);
	kept_write(json, heap);
	json_end_object(json);
}

static void charge_write(struct json *json, const struct account *account)
{
	static const char *const names[] = {"charge_bytes", "swapped_bytes", "anonymous_bytes",
					    "file_bytes",   "shared_bytes",  "kernel_bytes"};

	json_key(json, "cgroup");
	if (isnan(account_charge(account, SEEP_MEMORY_GROUP))) {
		json_null(json);
		return;
	}
	json_begin_object(json);
	for (int i = 0; i < 6; i++)
		json_rounded(json_key(json, names[i]),
			     account_charge(account, (enum seep_memory_key)(SEEP_MEMORY_GROUP + i)));
	json_end_object(json);
}

void account_json_render(struct buffer *out, const struct account *account)
{
	struct json json = {.out = out};

	json_begin_object(&json);
	json_text(json_key(&json, "schema"), "seep.memory/1");
	json_profile(&json, account->profile);
	json_rounded(json_key(&json, "rss_bytes"), account->rss);
	json_rounded(json_key(&json, "rss_change_bytes"), account->rss_change);
	json_rounded(json_key(&json, "resident_bytes"), account->resident);
	json_rounded(json_key(&json, "swapped_bytes"), account->swapped);
	json_rounded(json_key(&json, "unexplained_bytes"), account->unexplained);
	json_rounded(json_key(&json, "huge_bytes"), account->huge);
	json_rounded(json_key(&json, "given_back_bytes"), account->given_back);
	charge_write(&json, account);
	heap_write(&json, &account->heap);
	json_begin_array(json_key(&json, "classes"));
	for (size_t i = 0; i < ACCOUNT_ORDER_COUNT; i++)
		if (account->classes[account_order[i]].mappings)
			class_write(&json, account, account_order[i]);
	json_end_array(&json);
	json_end_object(&json);
	buffer_append_byte(out, '\n');
}
