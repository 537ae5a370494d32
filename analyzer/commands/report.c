/* SPDX-License-Identifier: Apache-2.0 */
/* `seep report SNAPSHOT`: where the memory of one snapshot is. */
#include <unistd.h>

#include "commands/argument.h"
#include "commands/command.h"
#include "commands/snapshot_pair.h"
#include "compare/inventory.h"
#include "profile/profile.h"
#include "render/text/modules_text.h"
#include "render/json/report_json.h"
#include "render/text/report_text.h"
#include "render/text/tree_text.h"
#include "tree/call_tree.h"

#define TOP 10
#define TREE_SHARE 0.01 /* branches below are summed up */

enum { OPTION_BY = 256, OPTION_SORT, OPTION_TREE, OPTION_MODULES, OPTION_TOP, OPTION_JSON, OPTION_SYMBOLS };

/* What the command line asks for. */
struct request {
	enum group_by by;
	enum inventory_order order;
	uint64_t top;
	bool tree, modules, json;
	struct symbol_options symbols;
};

#define FIELD(name) offsetof(struct request, name)

static const struct command_option options[] = {
    {OPTION_BY, "by", "GROUP", "place (--json: stack), stack, function, line, module", &option_word, FIELD(by),
     group_by_names},
    {OPTION_SORT, "sort", "ORDER", "inuse (default), objects, allocated or allocations", &option_word, FIELD(order),
     inventory_order_names},
    {OPTION_TOP, "top", "N", "rows to print (default 10; with --json all)", &option_count, FIELD(top), NULL},
    {OPTION_TREE, "tree", NULL, "the call tree instead of the table", NULL, FIELD(tree), NULL},
    {OPTION_MODULES, "modules", NULL, "each module: build id, names found, and why not", NULL, FIELD(modules), NULL},
    {OPTION_JSON, "json", NULL, "JSON, schema seep.report/1", NULL, FIELD(json), NULL},
    {OPTION_SYMBOLS, "symbols", "DIR", "look for debug files there first", &option_text, FIELD(symbols.directory),
     NULL},
    {0},
};

static int request_parse(struct request *request, int argc, char **argv)
{
	command_take_options(&command_report, argc, argv, request);
	const bool by_given = command_was_given(&command_report, OPTION_BY);
	if (!by_given && !request->json)
		request->by = GROUP_BY_PLACE;
	if (request->tree && (by_given || request->top || request->json || request->modules))
		return command_usage(&command_report, "--tree goes with --sort and --symbols only");
	if (request->modules && (by_given || request->top))
		return command_usage(&command_report, "--modules goes with --json and --symbols only");
	return COMMAND_FINE;
}

/* An order that the profile has no values for: another instead of the default, else a fault. */
static int order_choose(const struct snapshot_pair *pair, struct request *request)
{
	enum call_value value = inventory_order_value(request->order);
	const int status = snapshot_pair_choose_value(pair, command_was_given(&command_report, OPTION_SORT), &value);

	request->order = inventory_order_of(value);
	return status;
}

static void render_tree(struct text_page *page, const struct profile *profile, enum inventory_order order)
{
	struct call_tree *tree = call_tree_build(profile, NULL);

	tree_cut_say(tree);
	call_tree_arrange(tree, inventory_order_value(order));
	tree_text_render(page->out, tree, &(struct tree_text_options){page->columns, TREE_SHARE});
	call_tree_free(tree);
}

static void render(struct text_page *page, const struct profile *profile, const struct request *request)
{
	struct inventory inventory;

	if (request->tree) {
		render_tree(page, profile, request->order);
		return;
	}
	if (request->modules) {
		if (request->json)
			modules_json_render(page->out, profile);
		else
			modules_text_render(page, profile);
		return;
	}
	inventory_build(&inventory, profile, request->by, request->order);
	const uint32_t top = request->top && request->top < UINT32_MAX ? (uint32_t)request->top : UINT32_MAX;
	if (request->json)
		report_json_render(page->out, &inventory, top);
	else
		report_text_render(page, &inventory, request->top ? top : TOP);
	inventory_free(&inventory);
}

static int run(int argc, char **argv)
{
	struct request request = {0};
	struct output out;
	struct snapshot_pair pair;

	int status = request_parse(&request, argc, argv);
	if (status == COMMAND_FINE)
		status = command_check_symbols(&command_report, request.symbols.directory);
	if (status == COMMAND_FINE)
		status = snapshot_pair_open(&pair, &command_report, command_only_operand(&command_report, argc, argv),
					    NULL, &request.symbols);
	if (status != COMMAND_FINE)
		return status;
	status = order_choose(&pair, &request);
	if (status == COMMAND_FINE)
		status = document_open(&out, NULL, pair.now, NULL);
	if (status == COMMAND_FINE) {
		struct text_page page = text_page_for(&out.buffer, STDOUT_FILENO);
		render(&page, pair.now, &request);
		status = document_close(&out);
	}
	snapshot_pair_free(&pair);
	return status;
}

const struct command command_report = {
    .name = "report",
    .operands = "SNAPSHOT",
    .summary = "show where the memory is, by the place that asked for it",
    .notes = "SNAPSHOT may be a recording, or a PID: then its last one. Intervals are 95 %;\n"
	     "docs/SAMPLING.md says what every number means.",
    .options = options,
    .reads = true,
    .run = run,
};
