/* SPDX-License-Identifier: Apache-2.0 */
/* `seep list [DIRECTORY]`: the recordings that are there, and how their processes ended. */
#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/message.h"
#include "commands/argument.h"
#include "commands/command.h"
#include "files/output.h"
#include "render/text/table.h"
#include "render/words/estimate.h"
#include "render/words/quantity.h"
#include "target/listing.h"

enum { OPTION_JSON = 256 };

struct request {
	const char *directory;
	bool json;
};

static const struct command_option options[] = {
    {OPTION_JSON, "json", NULL, "JSON, schema seep.list/1", NULL, offsetof(struct request, json), NULL},
    {0},
};

static const char *state_name(enum listing_state state)
{
	static const char *const names[] = {"running", "ended", "left", "broken"};

	return names[state];
}

static void append_json(struct buffer *out, const struct listing *listing)
{
	struct json json = {.out = out};

	json_begin_object(&json);
	json_text(json_key(&json, "schema"), "seep.list/1");
	json_begin_array(json_key(&json, "recordings"));
	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_entry *entry = &listing->entries[i];
		const bool is_known = entry->state != LISTING_BROKEN;
		json_begin_object(&json);
		json_text(json_key(&json, "path"), entry->path);
		json_text(json_key(&json, "state"), state_name(entry->state));
		json_text_or_null(json_key(&json, "command"), is_known ? entry->command : NULL);
		json_rounded(json_key(&json, "pid"), is_known ? (double)entry->pid : NAN);
		json_rounded(json_key(&json, "start_unix_ns"), is_known ? (double)entry->start_unix_ns : NAN);
		json_number(json_key(&json, "seconds"), is_known ? entry->seconds : NAN);
		json_rounded(json_key(&json, "snapshots"), is_known ? (double)entry->snapshots : NAN);
		json_rounded(json_key(&json, "inuse_bytes"), is_known ? entry->in_use_bytes : NAN);
		json_text_or_null(json_key(&json, "fault"), is_known ? NULL : entry->fault.text);
		json_end_object(&json);
	}
	json_end_array(&json);
	json_end_object(&json);
	buffer_append_byte(out, '\n');
}

static void set_start(struct table *table, unsigned column, uint64_t unix_ns)
{
	const time_t seconds = (time_t)(unix_ns / 1000000000u);
	struct tm local;
	char text[TABLE_CELL] = "-";

	if (unix_ns && localtime_r(&seconds, &local))
		strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
	table_set(table, column, STYLE_PLAIN, text);
}

static void append_text(struct buffer *out, const struct listing *listing)
{
	static const struct table_column columns[] = {{"started", false}, {"lasted", false}, {"taken", false},
						      {"in use", false},  {"state", true},   {"recording", false}};
	struct text_page page = text_page_for(out, STDOUT_FILENO);
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
			  state_name(entry->state));
	}
	table_write_titles(&table, &page);
	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_entry *entry = &listing->entries[i];
		table_write_cells(&table, &page, i);
		if (entry->state == LISTING_BROKEN)
			buffer_printf(out, "%s\n", entry->fault.text);
		else
			buffer_printf(out, "%s  %s (%llu)\n", entry->path, entry->command,
				      (unsigned long long)entry->pid);
	}
	table_free(&table);
}

static int run(int argc, char **argv)
{
	struct request request = {0};
	struct listing listing;
	struct buffer out = {0};
	struct error error;

	command_take_options(&command_list, argc, argv, &request);
	if (optind + 1 < argc)
		return command_usage(&command_list, "one operand is expected, '%s' is one too many", argv[optind + 1]);
	if (!listing_read(&listing, optind < argc ? argv[optind] : ".", &error))
		return command_fail(&error);
	if (request.json)
		append_json(&out, &listing);
	else if (listing.count)
		append_text(&out, &listing);
	else
		message("there is no recording in %s", optind < argc ? argv[optind] : "this directory");
	listing_free(&listing);
	const bool is_written = output_page_buffer(&out, &error);
	buffer_free(&out);
	return is_written ? COMMAND_FINE : command_fail(&error);
}

const struct command command_list = {
    .name = "list",
    .operands = "[DIRECTORY]",
    .summary = "list recordings, and how each process ended",
    .notes = "running: its process is there. ended: its last snapshot is from its end.\n"
	     "left: its process is gone without one (it was killed with its keeper, or is\n"
	     "of another machine). broken: with the fault.",
    .options = options,
    .reads = true,
    .run = run,
};
