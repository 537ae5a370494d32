/* SPDX-License-Identifier: Apache-2.0 */
/* `seep memory` for the terminal: first what deserves attention, then a row for each class of memory, the heap taken
 * apart, and the sum beside the kernel's figure. */

#include "render/terminal/table.h"
#include "render/text/documents.h"
#include "render/text/head_lines.h"
#include "render/words/account_words.h"
#include "render/words/heap_words.h"
#include "render/words/notes.h"
#include "render/words/quantity.h"

enum { COLUMN_RESIDENT, COLUMN_SHARE, COLUMN_MAPPED, COLUMN_SWAPPED };
/* As a share of RSS. */
static const double share_worth_a_line = 0.001;

enum { NAMES_MOST = 3, NUMBERS_COLUMNS = 30, SWAPPED_COLUMNS = 10 };

struct lines {
	const struct account *account;
	unsigned columns; /* of a text */
	struct table table;
	struct buffer texts[SEEP_LEDGER_CLASSES + HEAP_PARTS_MOST];
	size_t count;
};

static struct buffer *line_add(struct lines *lines, double resident, enum text_style style)
{
	table_add_row(&lines->table);
	table_set(&lines->table, COLUMN_RESIDENT, style, quantity_bytes(resident).text);
	return &lines->texts[lines->count++];
}

static void set_swapped(struct lines *lines, double swapped)
{
	if (lines->account->swapped > 0)
		table_set(&lines->table, COLUMN_SWAPPED, STYLE_PLAIN, swapped > 0 ? quantity_bytes(swapped).text : "");
}

/* Writes as many names as fit into the line. */
static void class_name(struct buffer *text, const struct lines *lines, enum seep_ledger_class class)
{
	for (uint32_t names = NAMES_MOST + 1; names-- > 0;) {
		text->length = 0;
		account_class_words(text, lines->account, class, names);
		if (text_columns(text->data) <= lines->columns)
			return;
	}
}

static struct buffer *class_line_add(struct lines *lines, double resident, double mapped)
{
	struct buffer *text = line_add(lines, resident, STYLE_STRONG);

	table_set(&lines->table, COLUMN_SHARE, STYLE_PLAIN, quantity_share(resident, lines->account->rss).text);
	table_set(&lines->table, COLUMN_MAPPED, STYLE_FAINT, quantity_bytes(mapped).text);
	return text;
}

static bool class_is_there(const struct account *account, enum seep_ledger_class class)
{
	const struct account_class *sum = &account->classes[class];

	return sum->mappings && (sum->resident > 0 || sum->swapped > 0 || class != SEEP_LEDGER_RESERVED);
}

static bool class_is_small(const struct account *account, enum seep_ledger_class class)
{
	const struct account_class *sum = &account->classes[class];

	return class != SEEP_LEDGER_HEAP && sum->swapped == 0 && sum->resident < account->rss * share_worth_a_line;
}

static void class_add(struct lines *lines, enum seep_ledger_class class)
{
	const struct account_class *sum = &lines->account->classes[class];
	struct buffer *text = class_line_add(lines, sum->resident, sum->mapped);

	set_swapped(lines, sum->swapped);
	class_name(text, lines, class);
}

/* Writes the small classes on one line, by name. */
static void small_add(struct lines *lines)
{
	double resident = 0, mapped = 0;
	struct buffer names = {0};

	for (size_t i = 0; i < ACCOUNT_ORDER_COUNT; i++) {
		const enum seep_ledger_class class = account_order[i];
		if (!class_is_there(lines->account, class) || !class_is_small(lines->account, class))
			continue;
		resident += lines->account->classes[class].resident;
		mapped += lines->account->classes[class].mapped;
		buffer_printf(&names, "%s%s", names.length ? ", " : "", account_class_name(class));
	}
	if (names.length)
		buffer_append(class_line_add(lines, resident, mapped), names.data, names.length);
	buffer_free(&names);
}

static void heap_add(struct lines *lines)
{
	struct heap_part parts[HEAP_PARTS_MOST];
	const size_t count = heap_parts(parts, lines->account);

	for (size_t i = 0; i < count; i++) {
		struct buffer *text = line_add(lines, parts[i].resident, STYLE_PLAIN);
		buffer_append_text(text, parts[i].words.data);
		if (parts[i].swapped > 0)
			set_swapped(lines, parts[i].swapped);
		buffer_free(&parts[i].words);
	}
}

static void head_write(struct text_page *page, const struct account *account)
{
	const struct profile *profile = account->profile;
	struct head_line line = {0};
	struct buffer charge = {0}, joined = {0};

	head_add_moment(&line, profile);
	head_write_program(page, profile, "", &line);
	head_write_parts_rss(page, profile, HEAD_PROCESSES_NAMED);
	buffer_printf(page->out, "RSS %s", quantity_bytes(account->rss).text);
	if (account->huge > 0)
		buffer_printf(page->out, ", %s of it in huge pages", quantity_bytes(account->huge).text);
	if (account->swapped > 0)
		buffer_printf(page->out, "   swapped out %s", quantity_bytes(account->swapped).text);
	if (profile->memory_known >> SEEP_MEMORY_LIMIT & 1)
		buffer_printf(page->out, "   limit %s",
			      quantity_bytes((double)profile->memory[SEEP_MEMORY_LIMIT]).text);
	buffer_append_byte(page->out, '\n');
	account_charge_append(&charge, account);
	if (charge.length)
		text_write_words(page, STYLE_PLAIN, charge.data, 0);
	joined_note_append(&joined, profile);
	if (joined.length)
		head_write_note(page, joined.data);
	buffer_free(&charge);
	buffer_free(&joined);
	buffer_append_byte(page->out, '\n');
}

static void lines_write(struct text_page *page, const struct lines *lines)
{
	const unsigned start = table_text_start(&lines->table);

	table_write_titles(&lines->table, page);
	for (size_t i = 0; i < lines->count; i++) {
		const char *words = lines->texts[i].data;
		table_write_cells(&lines->table, page, i);
		for (; *words == ' '; words++) /* a part of the class above */
			buffer_append_byte(page->out, ' ');
		text_write_words_behind(page, STYLE_PLAIN, words, start + (unsigned)(words - lines->texts[i].data));
	}
}

static void sentences_write(struct text_page *page, const struct account *account,
			    void (*append)(struct buffer *, const struct account *), bool is_apart)
{
	struct buffer sentences = {0};

	append(&sentences, account);
	if (sentences.length)
		text_write_words(page, STYLE_PLAIN, sentences.data + (sentences.data[0] == ' '), 0);
	if (sentences.length && is_apart)
		buffer_append_byte(page->out, '\n');
	buffer_free(&sentences);
}

void account_text_render(struct text_page *page, const struct account *account)
{
	static const struct table_column columns[] = {
	    {"in memory", false}, {"of RSS", false}, {"mapped", false}, {"what", false}};
	static const struct table_column with_swapped[] = {
	    {"in memory", false}, {"of RSS", false}, {"mapped", false}, {"swapped", false}, {"what", false}};
	const bool has_swapped = account->swapped > 0;
	struct lines lines = {.account = account,
			      .columns = page->columns - NUMBERS_COLUMNS - (has_swapped ? SWAPPED_COLUMNS : 0)};

	head_write(page, account);
	table_init(&lines.table, has_swapped ? with_swapped : columns, has_swapped ? 4 : 3);
	for (size_t i = 0; i < ACCOUNT_ORDER_COUNT; i++) {
		const enum seep_ledger_class class = account_order[i];
		if (!class_is_there(account, class) || class_is_small(account, class))
			continue;
		class_add(&lines, class);
		if (class == SEEP_LEDGER_HEAP)
			heap_add(&lines);
	}
	small_add(&lines);
	sentences_write(page, account, account_sentences, true);
	lines_write(page, &lines);
	sentences_write(page, account, account_sum_sentences, false);
	for (size_t i = 0; i < lines.count; i++)
		buffer_free(&lines.texts[i]);
	table_free(&lines.table);
}
