/* SPDX-License-Identifier: Apache-2.0 */
/* `seep annotate SNAPSHOT [FUNCTION|FILE[:LINE]]`: source lines with the memory that each has asked for. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/message.h"
#include "document/document.h"
#include "compare/comparison.h"
#include "compare/inventory.h"
#include "options/argument.h"
#include "options/command.h"
#include "options/service_options.h"
#include "profile/profile.h"
#include "render/source/annotate.h"
#include "source/line_table.h"
#include "source/source_view.h"

#define TOP 10
#define CONTEXT 3

enum { OPTION_BASE = 256, OPTION_SORT, OPTION_TOP, OPTION_JSON, OPTION_SUM };

struct request {
	struct document_request document;
	struct service_request service;
	struct argument_list source_path;
	enum inventory_order order;
	const char **patterns;
	size_t pattern_count;
	uint32_t top, context;
	bool sum, json;
	bool *nothing_found; /* out */
};

#define FIELD(name) offsetof(struct request, name)
#define SERVICE_FIELD(name) offsetof(struct request, service.name)

static const struct command_option options[] = {
    {OPTION_BASE, "base", "BEFORE", "growth since it; of two SNAPSHOTs: since the first", &option_text,
     FIELD(document.base), NULL},
    {OPTION_SORT, "sort", "ORDER", "inuse (default), objects, allocated or allocations", &option_word, FIELD(order),
     inventory_order_names},
    {OPTION_TOP, "top", "N", "functions to print (default 10; with --json all)", &option_count, FIELD(top), NULL},
    {'C', "context", "N", "lines around each with a value (default 3)", &option_count, FIELD(context), NULL},
    SOURCE_PATH_OPTION(FIELD(source_path)),
    SERVICE_OPTIONS(SERVICE_FIELD),
    {OPTION_SUM, "sum", NULL, "add SNAPSHOTs up, the processes of a service", NULL, FIELD(sum), NULL},
    {OPTION_JSON, "json", NULL, "JSON, schema seep.annotate/1", NULL, FIELD(json), NULL},
    WRAPPER_OPTION(FIELD(document.wrappers)),
    LAST_OPTION(FIELD(document.last)),
    SYMBOLS_OPTION(FIELD(document.symbols.directory)),
    {0},
};

/* An operand that can be opened is an input, unless it looks like a source file's name; all others say what to show. */
static bool operand_is_target(const char *operand)
{
	const char *colon = strrchr(operand, ':');
	const size_t length = colon && colon[1] && !colon[1 + strspn(colon + 1, "0123456789")]
				  ? (size_t)(colon - operand)
				  : strlen(operand);
	char *file = memory_copy_text(operand);

	file[length] = '\0';
	const bool is_source = path_is_source(file);
	free(file);
	if (is_source)
		return path_is_recording(operand);
	return *operand &&
	       (!operand[strspn(operand, "0123456789")] || access(operand, F_OK) == 0 || path_has_moments(operand));
}

static int operands_take(struct request *request, int argc, char **argv)
{
	struct targets *snapshots = &request->document.snapshots;

	request->patterns = memory_allocate((size_t)argc, sizeof *request->patterns);
	if (request->service.name) {
		while (optind < argc)
			request->patterns[request->pattern_count++] = argv[optind++];
	}
	if (request->service.name || request->service.before_ns || request->service.after_ns) {
		document_take_targets(&command_annotate, argc, argv, &request->service, &request->document);
		return COMMAND_FINE;
	}
	snapshots->paths = memory_allocate((size_t)argc, sizeof *snapshots->paths);
	for (int i = optind; i < argc; i++)
		if (operand_is_target(argv[i]))
			snapshots->paths[snapshots->count++] = command_target(argv[i]);
		else
			request->patterns[request->pattern_count++] = argv[i];
	if (optind == argc)
		return command_usage(&command_annotate, "SNAPSHOT is missing");
	if (snapshots->count == 0)
		return command_usage(&command_annotate, "'%s' is not a file, a recording or a process", argv[optind]);
	if (request->document.base || request->sum || snapshots->count == 1)
		return COMMAND_FINE;
	if (snapshots->count > 2)
		return command_usage(&command_annotate,
				     "two snapshots are compared, '%s' is one too many; --sum adds snapshots up",
				     snapshots->paths[2]);
	request->document.base = snapshots->paths[0];
	snapshots->paths[0] = snapshots->paths[1];
	snapshots->count = 1;
	return COMMAND_FINE;
}

static int request_parse(struct request *request, int argc, char **argv)
{
	command_take_options(&command_annotate, argc, argv, request);
	request->document.value = inventory_order_value(request->order);
	if (command_was_given(&command_annotate, OPTION_SORT))
		request->document.choice = VALUE_NAMED;
	return operands_take(request, argc, argv);
}

static void view_render(struct buffer *out, const struct line_table *table, const struct request *request)
{
	const struct source_search search = {.rules = request->source_path.items,
					     .rule_count = request->source_path.count,
					     .recording = request->document.snapshots.paths[0]};
	const struct source_query query = {
	    .patterns = request->patterns,
	    .pattern_count = request->pattern_count,
	    .context = request->context,
	    .top = request->top    ? request->top
		   : request->json ? UINT32_MAX
				   : TOP,
	};
	struct text_page page = text_page_for(out, STDOUT_FILENO);
	struct sources *sources = sources_create(&search);
	struct source_view view;

	source_view_build(&view, table, sources, &query);
	*request->nothing_found = view.count == 0 && request->pattern_count;
	if (request->json)
		annotate_json_render(out, &view);
	else if (!*request->nothing_found)
		annotate_text_render(&page, &view);
	source_view_free(&view);
	sources_free(sources);
}

static void document_write(struct buffer *out, const struct snapshot_pair *pair,
			   const struct document_request *document)
{
	const struct request *request = (const struct request *)document;
	const enum inventory_order order = inventory_order_of(document->value);
	struct comparison comparison;
	struct inventory inventory;
	struct line_table table;

	if (pair->base) {
		comparison_build(&comparison, pair->base, pair->now, GROUP_BY_STACK);
		line_table_of_comparison(&table, &comparison, order);
	} else {
		inventory_build(&inventory, pair->now, GROUP_BY_STACK, order, UINT32_MAX);
		line_table_of_inventory(&table, &inventory, order);
	}
	view_render(out, &table, request);
	line_table_free(&table);
	if (pair->base)
		comparison_free(&comparison);
	else
		inventory_free(&inventory);
}

static int run(int argc, char **argv)
{
	static bool nothing_found;
	static struct request request = {.context = CONTEXT, .nothing_found = &nothing_found};

	int status = request_parse(&request, argc, argv);
	if (status == COMMAND_FINE)
		status = document_run(&command_annotate, &request.document, document_write);
	if (status == COMMAND_FINE && nothing_found) {
		message("no sampled stack passes through '%s'", request.patterns[0]);
		status = COMMAND_BAD_INPUT;
	}
	return status;
}

const struct command command_annotate = {
    .name = "annotate",
    .operands = "SNAPSHOT [SNAPSHOT]|--service NAME [WHAT...]",
    .summary = "show source lines with the memory that they asked for",
    .notes = "WHAT: FUNCTION or FILE[:LINE]; without it, those whose lines hold most.\n"
	     "SNAPSHOT may be a recording or a PID, for its last snapshot; two are compared:\n"
	     "lines show growth. flat: memory that the line itself asked for, as in seep\n"
	     "report --by=line; cum: with all that it calls. Sources are looked for where\n"
	     "debug information says; --source-path (may be repeated) says where they are.",
    .options = options,
    .reads = true,
    .run = run,
};
