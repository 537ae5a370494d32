/* SPDX-License-Identifier: Apache-2.0 */
/* Uses the words of `seep leaks`, so that a page says the same of a recording as the terminal. */
#include "page/page_parts.h"

#include "page/selection.h"
#include "render/json/documents.h"
#include "render/words/finding.h"
#include "render/words/leak_evidence.h"
#include "render/words/leak_sentence.h"

#define MAPPED_MOST 10 /* rows about mappings, beside the heap's */

static void text_render(struct json *json, const char *name, const struct buffer *text)
{
	json_text(json_key(json, name), text->length ? text->data : "");
}

static void finding_render(struct json *json, const struct page *page)
{
	static const char *const names[] = {"none", "nothing", "leaks"};
	struct buffer words = {0}, limit = {0};

	finding_append(&words, page->places, page->series);
	finding_append_limit(&limit, page->places);
	json_begin_object(json_key(json, "finding"));
	json_text(json_key(json, "name"), names[finding_of(page->places)]);
	text_render(json, "words", &words);
	text_render(json, "limit", &limit);
	json_bool(json_key(json, "mappings_grew"), series_mappings_grew(page->series));
	json_end_object(json);
	buffer_free(&words);
	buffer_free(&limit);
}

/* For a leak, adds what else it may be. The shares that seep leaks -v prints are in its row. */
static void sentence_append(struct buffer *out, const struct leaks *places, const struct leak_row *row)
{
	struct buffer more = {0};

	if (row->verdict == LEAK_LEAK) {
		leak_sentence_append(out, places, row);
		buffer_append_text(out, leak_is_sure(row) ? "" : "; ");
		leak_caution_append(out, places, row);
	} else {
		leak_evidence_append(out, places, row);
	}
	if (leak_references_append(&more, row))
		buffer_printf(out, "; %s", more.data);
	buffer_free(&more);
}

static void sentences_render(struct json *json, const struct leaks *places, uint32_t most)
{
	json_begin_array(json_key(json, "sentences"));
	for (uint32_t i = 0; i < places->count && i < most; i++) {
		struct buffer text = {0};
		sentence_append(&text, places, &places->rows[i]);
		json_text(json, text.data);
		buffer_free(&text);
	}
	json_end_array(json);
}

/* The document of leaks, as the next value. */
static void leaks_embed(struct json *json, const struct leaks *places, uint32_t most)
{
	struct buffer text = {0};

	leaks_json_render(&text, places, places, most);
	buffer_append(json->out, text.data, text.length);
	json->comma = true;
	buffer_free(&text);
}

/* What was mapped past malloc, where that leaks. */
static void mapped_render(struct json *json, const struct leaks *mapped)
{
	struct buffer words = {0};

	json_key(json, "mapped");
	if (!mapped || finding_of(mapped) != FINDING_LEAKS) {
		json_null(json);
		return;
	}
	finding_append(&words, mapped, NULL);
	json_begin_object(json);
	text_render(json, "words", &words);
	json_key(json, "leaks");
	leaks_embed(json, mapped, MAPPED_MOST);
	sentences_render(json, mapped, MAPPED_MOST);
	json_end_object(json);
	buffer_free(&words);
}

void page_answer_render(struct json *json, const struct page *page)
{
	json_text(json_key(json, "unjudged"), page->unjudged);
	json_unsigned(json_key(json, "judged_at"), page->judged_at);
	json_bool(json_key(json, "shutdown_left_out"), page->shutdown_left_out);
	json_unsigned(json_key(json, "snapshots_left_out"), page->left_out);
	json_unsigned(json_key(json, "snapshots_removed"), page->removed);
	json_unsigned(json_key(json, "snapshots_damaged"), page->damaged);
	json_key(json, "leaks");
	if (!page->places) {
		json_null(json);
		return;
	}
	leaks_embed(json, page->places, PAGE_ROWS_MOST);
	finding_render(json, page);
	sentences_render(json, page->places, PAGE_ROWS_MOST);
	mapped_render(json, page->mapped);
}
