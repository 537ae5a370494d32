/* SPDX-License-Identifier: Apache-2.0 */
#include "render/json/growth_json.h"

#include "render/json/profile_json.h"
#include "render/words/account_words.h"

static void class_write(struct json *json, const struct memory_growth *growth, enum seep_ledger_class class)
{
	json_begin_object(json);
	json_text(json_key(json, "class"), account_class_key(class));
	json_rounded(json_key(json, "before_bytes"), growth->before.resident[class]);
	json_rounded(json_key(json, "after_bytes"), growth->after.resident[class]);
	json_end_object(json);
}

/* null: the heap was not taken apart at both moments. */
static void kept_write(struct json *json, const struct memory_growth *growth)
{
	json_key(json, "heap");
	if (!growth->before.has_kept || !growth->after.has_kept) {
		json_null(json);
		return;
	}
	json_begin_array(json);
	for (int part = 0; part < KEPT_PARTS; part++) {
		json_begin_object(json);
		json_text(json_key(json, "part"), account_kept_key((enum kept_part)part));
		json_rounded(json_key(json, "before_bytes"), growth->before.kept[part]);
		json_rounded(json_key(json, "after_bytes"), growth->after.kept[part]);
		json_end_object(json);
	}
	json_end_array(json);
}

void json_memory_growth(struct json *json, const struct memory_growth *growth)
{
	struct buffer text = {0};

	json_key(json, "memory_growth");
	if (!growth->is_known) {
		json_null(json);
		return;
	}
	json_begin_object(json);
	json_unsigned(json_key(json, "from_ns"), growth->from_ns);
	json_unsigned(json_key(json, "to_ns"), growth->to_ns);
	json_rounded(json_key(json, "rss_before_bytes"), growth->before.rss);
	json_rounded(json_key(json, "rss_after_bytes"), growth->after.rss);
	json_known(json, "inuse_growth_bytes", growth->in_use, growth->has_in_use);
	json_known(json, "inuse_growth_low", growth->in_use_interval.low, growth->has_in_use);
	json_known(json, "inuse_growth_high", growth->in_use_interval.high, growth->has_in_use);
	json_begin_array(json_key(json, "classes"));
	for (size_t i = 0; i < ACCOUNT_ORDER_COUNT; i++)
		if (growth->before.resident[account_order[i]] != 0 || growth->after.resident[account_order[i]] != 0)
			class_write(json, growth, account_order[i]);
	json_end_array(json);
	kept_write(json, growth);
	memory_elsewhere_append(&text, growth);
	json_text_or_null(json_key(json, "elsewhere"), text.data);
	buffer_free(&text);
	json_end_object(json);
}
