/* SPDX-License-Identifier: Apache-2.0 */
/* The recordings of a directory as JSON, schema seep.list/1. */
#include <math.h>

#include "base/json.h"
#include "render/json/documents.h"

void listing_json_render(struct buffer *out, const struct listing *listing)
{
	struct json json = {.out = out};

	json_begin_object(&json);
	json_text(json_key(&json, "schema"), "seep.list/1");
	if (listing->service) {
		json_begin_object(json_key(&json, "service"));
		json_text(json_key(&json, "name"), listing->service);
		json_rounded(json_key(&json, "processes"), (double)listing->count);
		json_rounded(json_key(&json, "running"), (double)listing->running);
		json_rounded(json_key(&json, "restarts"), (double)listing->restarts);
		json_rounded(json_key(&json, "builds"), (double)listing->builds);
		json_rounded(json_key(&json, "bytes"), (double)listing->bytes);
		json_end_object(&json);
	}
	json_begin_array(json_key(&json, "recordings"));
	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_entry *entry = &listing->entries[i];
		const bool is_known = entry->state != LISTING_BROKEN;
		json_begin_object(&json);
		json_text(json_key(&json, "path"), entry->path);
		json_text(json_key(&json, "state"), listing_state_name(entry->state));
		json_text_or_null(json_key(&json, "command"), is_known ? entry->command : NULL);
		json_rounded(json_key(&json, "pid"), is_known ? (double)entry->pid : NAN);
		json_rounded(json_key(&json, "start_unix_ns"), is_known ? (double)entry->start_unix_ns : NAN);
		json_number(json_key(&json, "seconds"), is_known ? entry->seconds : NAN);
		json_rounded(json_key(&json, "snapshots"), is_known ? (double)entry->snapshots : NAN);
		json_rounded(json_key(&json, "inuse_bytes"), is_known ? entry->in_use_bytes : NAN);
		json_rounded(json_key(&json, "bytes"), (double)entry->bytes);
		json_text_or_null(json_key(&json, "build_id"), *entry->build ? entry->build : NULL);
		json_text_or_null(json_key(&json, "fault"), is_known ? NULL : entry->fault.text);
		json_end_object(&json);
	}
	json_end_array(&json);
	json_end_object(&json);
	buffer_append_byte(out, '\n');
}
