/* SPDX-License-Identifier: Apache-2.0 */
/* The recordings of a directory as a table. */
#include <stdio.h>
#include <time.h>

#include "base/message.h"
#include "files/path.h"
#include "render/text/documents.h"
#include "render/terminal/table.h"
#include "render/words/estimate.h"
#include "render/words/quantity.h"

static void set_start(struct table *table, unsigned column, uint64_t unix_ns)
{
	const time_t seconds = (time_t)(unix_ns / 1000000000u);
	struct tm local;
	char text[TABLE_CELL] = "-";

	if (unix_ns && localtime_r(&seconds, &local))
		strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
	table_set(table, column, STYLE_PLAIN, text);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

void listing_service_line(struct buffer *out, const struct listing *listing)
{
	buffer_printf(out, "%s: %zu process%s, %zu running, %zu restart%s, %zu build%s, %s\n", listing->service,
		      listing->count, listing->count == 1 ? "" : "es", listing->running, listing->restarts,
		      plural(listing->restarts), listing->builds, plural(listing->builds),
		      quantity_bytes((double)listing->bytes).text);
}

/* Shows the recordings of one service: with the build, and without what their names say. */
static void service_render(struct text_page *page, const struct listing *listing)
{
	static const struct table_column columns[] = {{"started", false},  {"lasted", false}, {"in use", false},
						      {"on disk", false},  {"build", true},   {"state", true},
						      {"recording", false}};
	struct table table;

	listing_service_line(page->out, listing);
	table_init(&table, columns, 6);
	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_entry *entry = &listing->entries[i];
		table_add_row(&table);
		if (entry->state != LISTING_BROKEN) {
			set_start(&table, 0, entry->start_unix_ns);
			table_set(&table, 1, STYLE_PLAIN, quantity_duration(entry->seconds * 1e9).text);
			table_set(&table, 2, STYLE_PLAIN, quantity_bytes(entry->in_use_bytes).text);
		}
		char build[9];
		snprintf(build, sizeof build, "%.8s", *entry->build ? entry->build : "-");
		table_set(&table, 3, STYLE_PLAIN, quantity_bytes((double)entry->bytes).text);
		table_set(&table, 4, STYLE_PLAIN, build);
		table_set(&table, 5, entry->state == LISTING_RUNNING ? STYLE_STRONG : STYLE_PLAIN,
			  listing_state_name(entry->state));
	}
	table_write_titles(&table, page);
	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_entry *entry = &listing->entries[i];
		table_write_cells(&table, page, i);
		if (entry->state == LISTING_BROKEN)
			buffer_append_text(page->out, entry->fault.text);
		else
			text_append_word(page->out, path_base_name(entry->path));
		buffer_append_byte(page->out, '\n');
	}
	table_free(&table);
}

void listing_text_render(struct text_page *page, const struct listing *listing)
{
	if (listing->service) {
		service_render(page, listing);
		return;
	}
	static const struct table_column columns[] = {{"started", false}, {"lasted", false}, {"taken", false},
						      {"in use", false},  {"state", true},   {"recording", false}};
	struct table table;
	char number[24];

	table_init(&table, columns, 5);
	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_entry *entry = &listing->entries[i];
		table_add_row(&table);
		if (entry->state != LISTING_BROKEN) {
			snprintf(number, sizeof number, "%zu", entry->snapshots);
			set_start(&table, 0, entry->start_unix_ns);
			table_set(&table, 1, STYLE_PLAIN, quantity_duration(entry->seconds * 1e9).text);
			table_set(&table, 2, STYLE_PLAIN, number);
			table_set(&table, 3, STYLE_PLAIN, quantity_bytes(entry->in_use_bytes).text);
		}
		table_set(&table, 4, entry->state == LISTING_RUNNING ? STYLE_STRONG : STYLE_PLAIN,
			  listing_state_name(entry->state));
	}
	table_write_titles(&table, page);
	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_entry *entry = &listing->entries[i];
		table_write_cells(&table, page, i);
		if (entry->state == LISTING_BROKEN) {
			buffer_printf(page->out, "%s\n", entry->fault.text);
			continue;
		}
		text_append_word(page->out, entry->path);
		buffer_printf(page->out, "  %s (%llu)\n", entry->command, (unsigned long long)entry->pid);
	}
	table_free(&table);
}
