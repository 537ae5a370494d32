/* SPDX-License-Identifier: Apache-2.0 */
/* `seep report SNAPSHOT`: where the memory of one snapshot is. */
#include <unistd.h>

#include "options/argument.h"
#include "options/command.h"
#include "options/service_options.h"
#include "document/document.h"
#include "render/text/alike.h"
#include "compare/inventory.h"
#include "account/parts.h"
#include "profile/profile.h"
#include "render/json/documents.h"
#include "render/text/documents.h"
#include "render/text/tree_text.h"
#include "tree/call_tree.h"

#define TOP 10
#define TREE_SHARE 0.01 /* smaller branches are summed up */

enum {
	OPTION_BY = 256,
	OPTION_SORT,
	OPTION_TREE,
	OPTION_MODULES,
	OPTION_TOP,
	OPTION_JSON,
	OPTION_RESIDENCY,
	OPTION_CONTENTS,
	OPTION_COLD
};

/* The request that the command line makes. */
struct request {
	struct document_request document;
	enum group_by by;
	enum inventory_order order;
	uint32_t top;
	bool tree, modules, json;
	struct service_request service;
};

#define FIELD(name) offsetof(struct request, name)
#define SERVICE_FIELD(name) offsetof(struct request, service.name)

static const struct command_option options[] = {
    {OPTION_BY, "by", "GROUP", "place, stack (--json), function, line, module, label", &option_word, FIELD(by),
     group_by_names},
    {OPTION_SORT, "sort", "ORDER", "inuse (default), objects, allocated or allocations", &option_word, FIELD(order),
     inventory_order_names},
    {OPTION_TOP, "top", "N", "rows to print (default 10; with --json all)", &option_count, FIELD(top), NULL},
    {OPTION_TREE, "tree", NULL, "the call tree instead of the table", NULL, FIELD(tree), NULL},
    {OPTION_MODULES, "modules", NULL, "list modules: build ids, names found, or why not", NULL, FIELD(modules), NULL},
    {OPTION_RESIDENCY, "residency", NULL, "what is in memory, swapped, never touched", NULL, FIELD(document.residency),
     NULL},
    {OPTION_CONTENTS, "contents", NULL, "read a PID's blocks: zeros in all, and at their end", NULL,
     FIELD(document.contents), NULL},
    {OPTION_COLD, "cold", "TIME", "with --contents: blocks that do not change for TIME", &option_time,
     FIELD(document.cold_ns), NULL},
    {OPTION_JSON, "json", NULL, "JSON, schema seep.report/1", NULL, FIELD(json), NULL},
    SERVICE_OPTIONS(SERVICE_FIELD),
    WRAPPER_OPTION(FIELD(document.wrappers)),
    MAPPINGS_OPTION(FIELD(document.mappings)),
    LAST_OPTION(FIELD(document.last)),
    SYMBOLS_OPTION(FIELD(document.symbols.directory)),
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
	if (request->document.residency && (request->tree || request->modules || request->order != ORDER_INUSE))
		return command_usage(&command_report, "--residency goes without --tree, --modules and --sort");
	if (request->document.contents &&
	    (request->tree || request->modules || request->order != ORDER_INUSE || request->document.residency ||
	     request->document.mappings || optind + 1 != argc))
		return command_usage(&command_report,
				     "--contents takes one PID, and goes without --residency, --mappings, "
				     "--tree, --modules and --sort");
	if (request->document.cold_ns && !request->document.contents)
		return command_usage(&command_report, "--cold goes with --contents");
	request->document.value = inventory_order_value(request->order);
	if (command_was_given(&command_report, OPTION_SORT))
		request->document.choice = VALUE_NAMED;
	request->document.snapshots = command_moment_targets(&command_report, argc, argv, &request->service);
	return COMMAND_FINE;
}

static void document_write(struct buffer *out, const struct snapshot_pair *pair,
			   const struct document_request *document)
{
	const struct request *request = (const struct request *)document;
	struct text_page page = text_page_for(out, STDOUT_FILENO);
	struct inventory inventory;

	if (request->tree) {
		struct call_tree *tree = document_tree(pair, document->value, UINT32_MAX);
		tree_text_render(out, tree, &(struct tree_text_options){page.columns, TREE_SHARE});
		call_tree_free(tree);
		return;
	}
	if (request->modules && request->json) {
		modules_json_render(out, pair->now);
		return;
	}
	if (request->modules) {
		modules_text_render(&page, pair->now);
		return;
	}
	const uint32_t top = request->top ? request->top : request->json ? UINT32_MAX : TOP;
	const bool has_parts = document->residency || document->contents;
	struct parts parts = {0};
	inventory_build(&inventory, pair->now, request->by, inventory_order_of(document->value),
			has_parts ? UINT32_MAX : top);
	if (has_parts) {
		parts_make(&parts,
			   document->cold_ns    ? PARTS_COLD
			   : document->contents ? PARTS_CONTENTS
						: PARTS_RESIDENCY,
			   &inventory);
		parts_sort(&parts, &inventory, top);
	}
	if (!request->json)
		rows_tell_apart(&inventory.groups);
	if (request->json)
		report_json_render(out, &inventory, &parts);
	else if (parts.rows)
		parts_text_render(&page, &inventory, &parts);
	else
		report_text_render(&page, &inventory);
	parts_free(&parts);
	inventory_free(&inventory);
}

static int run(int argc, char **argv)
{
	struct request request = {0};

	const int status = request_parse(&request, argc, argv);
	return status == COMMAND_FINE ? document_run(&command_report, &request.document, document_write) : status;
}

const struct command command_report = {
    .name = "report",
    .operands = "SNAPSHOT...|--service NAME",
    .summary = "show where the memory is, by the place that asked for it",
    .notes = "Several SNAPSHOTs are added up. A recording or a PID stands for its last one.\n"
	     "Files of jemalloc, gperftools, pprof and heaptrack (FILE#peak, FILE#90s: at that\n"
	     "moment) are read, too. Intervals are 95 %: docs/SAMPLING.md says what it is.",
    .options = options,
    .reads = true,
    .run = run,
};
