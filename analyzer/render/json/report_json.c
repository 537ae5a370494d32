/* SPDX-License-Identifier: Apache-2.0 */
/* The report as JSON. */
#include "render/json/documents.h"

#include <stdio.h>

#include "base/json.h"
#include "account/parts.h"
#include "render/json/profile_json.h"
#include "statistics/measure.h"

static void json_allocated_interval(struct json *json, const struct inventory *inventory,
				    const struct inventory_row *row)
{
	const bool known = inventory->has_intervals && profile_has(inventory->profile, CALL_ALLOC_SPACE);

	const struct interval allocated = known ? inventory_allocated(inventory, row) : (struct interval){0};

	json_known(json, "alloc_low", allocated.low, known);
	json_known(json, "alloc_high", allocated.high, known);
}

static void json_totals(struct json *json, const struct inventory *inventory)
{
	const struct inventory_row *total = &inventory->total;
	const struct interval in_use = inventory_in_use(inventory, total);

	json_begin_object(json_key(json, "totals"));
	json_values(json, inventory->profile, &total->in_use, &total->allocated,
		    inventory->has_intervals ? &in_use : NULL);
	json_allocated_interval(json, inventory, total);
	json_known(json, "inuse_samples", (double)total->in_use.samples, true);
	json_known(json, "alloc_samples", (double)total->allocated.samples, true);
	json_known(json, "sites", inventory->count, true);
	json_end_object(json);
}

/* "resident_bytes", "resident_low", "resident_high", "swapped_bytes", ... */
static void json_parts_of_row(struct json *json, const struct inventory *inventory, enum parts_kind kind,
			      const struct row_parts *row)
{
	const struct interval first =
	    sum_interval(&row->of[0].bytes, unseen_bytes((double)inventory->profile->rate), ALPHA);
	char key[64];

	for (int part = 0; part < PARTS && part_names[kind][part].key; part++) {
		snprintf(key, sizeof key, "%s_bytes", part_names[kind][part].key);
		json_rounded(json_key(json, key), sum_estimate(&row->of[part].bytes));
	}
	snprintf(key, sizeof key, "%s_low", part_names[kind][0].key);
	json_rounded(json_key(json, key), first.low);
	snprintf(key, sizeof key, "%s_high", part_names[kind][0].key);
	json_rounded(json_key(json, key), first.high);
}

static void json_row(struct json *json, const struct inventory *inventory, const struct inventory_row *row,
		     const struct parts *parts, struct stack_texts *texts)
{
	const struct json_site site = {
	    .group = &inventory->groups.groups[row->group],
	    .values_of = inventory->profile,
	    .in_use = &row->in_use,
	    .allocated = &row->allocated,
	    .in_use_bytes = inventory_in_use(inventory, row),
	    .has_interval = inventory->has_intervals,
	    .texts = texts,
	};

	json_begin_object(json);
	json_site_fields(json, &site, inventory->groups.by);
	json_allocated_interval(json, inventory, row);
	if (parts && parts->rows)
		json_parts_of_row(json, inventory, parts->kind, &parts->rows[row - inventory->rows]);
	json_end_object(json);
}

void report_json_render(struct buffer *out, const struct inventory *inventory, const struct parts *parts)
{
	struct json json = {.out = out};
	const struct profile *profile = inventory->profile;
	struct stack_texts *texts = stack_texts_create();

	json_begin_object(&json);
	json_text(json_key(&json, "schema"), "seep.report/1");
	json_profile(&json, profile);
	json_unsigned(json_key(&json, "damaged_snapshots"), profile->damaged);
	json_key(&json, "confidence");
	if (inventory->has_intervals)
		json_real(&json, 1 - ALPHA);
	else
		json_null(&json);
	json_text(json_key(&json, "by"), group_by_name(inventory->groups.by));
	json_text(json_key(&json, "sort"), inventory_order_name(inventory->order));
	json_totals(&json, inventory);
	json_losses(&json, profile);
	if (profile->content_looks > 1) {
		json_unsigned(json_key(&json, "looks"), profile->content_looks);
		json_unsigned(json_key(&json, "looks_ns"), profile->content_ns);
	}
	json_notes(&json, profile);
	json_begin_array(json_key(&json, "sites"));
	for (uint32_t i = 0; i < inventory->row_count; i++) {
		buffer_append_byte(out, '\n');
		json_row(&json, inventory, &inventory->rows[i], parts, texts);
	}
	json_end_array(&json);
	json_end_object(&json);
	stack_texts_free(texts);
	buffer_append_byte(out, '\n');
}
